"""A member who sees poses alone: no route sends them a pixel of the footage, and they can review all the same."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from detectors.base import Person, VideoScores
from tests.vadreview import factories
from tests.vadreview.api.access_table import TABLE
from tests.vadreview.api.test_access import WALKED, address, world  # noqa: F401 - a fixture
from vadreview.accounts.models import Role
from vadreview.footage.models import Membership
from vadreview.jobs import JobStatus
from vadreview.runs import artifacts, people

PICTURES = ("proxy.mp4", "poster.jpg", "sheets/0.jpg", "frames/0.jpg")


@pytest.fixture
def watcher(project):
    """A reviewer who sees poses alone."""
    user = factories.UserFactory(username="watcher")
    factories.MembershipFactory(project=project, user=user, role=Role.REVIEWER, pose_only=True)
    return user


@pytest.fixture
def pictured(video, clip):
    """The video, with every file that may be fetched."""
    (video.derived / "sheets").mkdir(parents=True, exist_ok=True)
    video.source.write_bytes(clip.read_bytes())
    (video.derived / "proxy.mp4").write_bytes(clip.read_bytes())
    for name in ("poster.jpg", "sheets/0000.jpg"):
        (video.derived / name).write_bytes(b"\xff\xd8\xff")
    np.save(video.derived / "times.npy", np.arange(1000) / 25)
    video.sheets = {"tile_width": 8, "tile_height": 6, "columns": 2, "rows": 2, "stride": 1, "count": 4}
    video.save(update_fields=["sheets"])
    return video


@pytest.fixture
def posed(run):
    """The run's row, with a heatmap and one person."""
    row = run.run_videos.get()
    frames = np.arange(10)
    walker = Person(
        3,
        frames,
        np.tile(np.array([10, 10, 20, 40], np.float32), (10, 1)),
        np.ones((10, 17, 3), np.float32) * 15,
        np.arange(10, dtype=np.float32),
    )
    row.people, arrays = people.laid_out(VideoScores(np.zeros(1000, np.float32), people=(walker,)))
    row.heatmap = {
        "stride": 1, "offset": 0, "height": 2, "width": 2, "count": 4, "low": 0.0, "high": 1.0,
        "region": [0, 0, 1, 1], "kind": "strangeness",
    }  # fmt: skip
    row.save(update_fields=["people", "heatmap"])
    artifacts.write(row, {**arrays, "heatmaps": np.zeros((4, 2, 2), np.uint8)})
    return row


@pytest.mark.parametrize("name", [*PICTURES, "source"])
def test_every_picture_is_refused_in_a_sentence(api, watcher, reviewer, pictured, name):
    where = f"/api/videos/{pictured.pk}/{name}"

    refused, sent = api(watcher).get(where), api(reviewer).get(where)

    assert refused.status_code == 403
    if name != "source":  # which is for managers
        assert sent.status_code == 200
        assert "skeletons" in refused.json()["message"]


def test_a_range_of_the_proxy_is_refused_too(api, watcher, pictured):
    answer = api(watcher).get(f"/api/videos/{pictured.pk}/proxy.mp4", headers={"range": "bytes=0-99"})

    assert answer.status_code == 403


def test_heatmaps_are_refused(api, watcher, reviewer, posed):
    where = f"/api/runs/{posed.run_id}/heatmaps/{posed.video_id}/"

    assert api(watcher).get(where).status_code == 403
    assert api(reviewer).get(where).status_code == 200


def test_exports_are_refused(api, watcher, project):
    dataset = factories.DatasetFactory(project=project, status=JobStatus.DONE)
    dataset.file.parent.mkdir(parents=True, exist_ok=True)
    dataset.file.write_bytes(b"PK")

    assert api(watcher).get(f"/api/exports/{dataset.pk}/download").status_code == 403


def test_the_video_says_that_it_is_hidden_and_offers_no_scrub_pictures(api, watcher, reviewer, pictured):
    where = f"/api/videos/{pictured.pk}/"

    hidden, shown = api(watcher).get(where).json(), api(reviewer).get(where).json()

    assert (hidden["sees_footage"], hidden["sheets"]) == (False, None)
    assert (shown["sees_footage"], shown["sheets"]["count"]) == (True, 4)


def test_poses_times_and_stills_without_footage_are_sent(api, watcher, pictured, posed):
    base = f"/api/runs/{posed.run_id}/people/{posed.video_id}"

    for where in (f"{base}/", f"{base}/lanes/", f"{base}/stills/3.png", f"/api/videos/{pictured.pk}/times/"):
        assert api(watcher).get(where).status_code == 200, where


def test_such_a_member_can_decide(api, watcher, segment):
    body = {"client_key": str(uuid.uuid4()), "segment": str(segment.pk), "decision": "accept"}

    assert api(watcher).post("/api/verdicts/", body, format="json").status_code == 201


def test_a_manager_decides_who_sees_poses_alone(api, manager, viewer, project, pictured):
    where = f"/api/projects/{project.pk}/members/{viewer.public_id}/"

    changed = api(manager).patch(where, {"pose_only": True}, format="json")

    assert (changed.json()["pose_only"], changed.json()["role"]) == (True, "viewer")
    assert api(viewer).get(f"/api/videos/{pictured.pk}/poster.jpg").status_code == 403


def test_a_member_cannot_lift_it_for_themselves(api, watcher, project):
    where = f"/api/projects/{project.pk}/members/{watcher.public_id}/"

    assert api(watcher).patch(where, {"pose_only": False}, format="json").status_code == 403
    assert Membership.objects.get(user=watcher, project=project).pose_only


def test_a_change_of_role_leaves_it_as_it_is(api, manager, watcher, project):
    where = f"/api/projects/{project.pk}/members/{watcher.public_id}/"

    assert api(manager).patch(where, {"role": "viewer"}, format="json").json()["pose_only"] is True


def test_a_manager_sees_the_footage(api, manager, watcher, project):
    where = f"/api/projects/{project.pk}/members/{watcher.public_id}/"

    refused = api(manager).patch(where, {"role": "manager"}, format="json")

    assert refused.status_code == 400
    assert "viewers and reviewers" in refused.json()["fields"]["pose_only"]


def test_somebody_may_be_added_to_see_poses_alone(api, manager, project):
    body = {"username": "newcomer", "role": "reviewer", "pose_only": True}

    added = api(manager).post(f"/api/projects/{project.pk}/members/", body, format="json")

    assert added.json()["pose_only"] is True
    assert Membership.objects.get(user__username="newcomer").pose_only


def test_who_sees_poses_alone_in_one_project_sees_the_footage_of_another(api, watcher):
    other = factories.VideoFactory()
    factories.MembershipFactory(project=other.project, user=watcher)

    assert api(watcher).get(f"/api/videos/{other.pk}/").json()["sees_footage"] is True


def test_no_route_at_all_sends_a_picture_a_film_or_a_bundle(api, watcher, pictured, world):  # noqa: F811
    sent = []
    for method, path in WALKED:
        if method != "GET":
            continue
        answer = api(watcher).get(address(path, world), TABLE[method, path].query(world))
        if not answer.get("Content-Type"):  # nothing at all was sent
            assert not answer.content
            continue
        kind = answer["Content-Type"].partition(";")[0]
        if kind not in {"application/json", "application/vnd.oai.openapi"} and answer.status_code == 200:
            sent.append(path)

    assert sent == ["/api/videos/{pk}/times/"]
