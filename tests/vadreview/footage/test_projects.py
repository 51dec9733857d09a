"""Projects and their members over the API."""

from __future__ import annotations

import uuid

import pytest

from tests.vadreview import factories
from vadreview.accounts.models import Role, User
from vadreview.footage import services
from vadreview.footage.models import Membership, Project, Video
from vadreview.jobs import JobStatus

pytestmark = pytest.mark.django_db


def url(project: Project, *parts: object) -> str:
    return "/".join(["/api/projects", str(project.pk), *(str(part) for part in parts), ""])


# ---- projects ----


def test_a_stranger_gets_404_for_a_project(api, stranger, project):
    assert api(stranger).get(url(project)).status_code == 404
    assert api(stranger).patch(url(project), {"name": "Mine"}).status_code == 404
    assert api(stranger).delete(url(project)).status_code == 404


def test_a_stranger_does_not_see_the_project_in_the_list(api, stranger, project):
    names = [row["name"] for row in api(stranger).get("/api/projects/").json()["results"]]

    assert names == ["Elsewhere"]


def test_whoever_makes_a_project_manages_it(api, stranger):
    answer = api(stranger).post("/api/projects/", {"name": "  Loading\u202e bay  "})

    assert answer.status_code == 201
    assert answer.json()["name"] == "Loading bay"
    assert answer.json()["my_role"] == "manager"


def test_a_new_project_starts_with_labels_for_all_nine_keys(api, stranger):
    labels = api(stranger).post("/api/projects/", {"name": "New"}).json()["labels"]

    assert len(labels) == 9
    assert len({label["color"] for label in labels}) == 9


@pytest.mark.parametrize("name", ["", "   ", "\x00", "n" * 151, None])
def test_a_project_without_a_usable_name_is_refused(api, stranger, name):
    answer = api(stranger).post("/api/projects/", {"name": name})

    assert answer.status_code == 400
    assert "name" in answer.json()["message"].lower() or answer.json()["code"] == "parse_error"


@pytest.mark.parametrize(
    "labels",
    [
        [{"name": f"label {n}", "color": "#000000"} for n in range(10)],
        [{"name": "Running", "color": "#000000"}, {"name": "running ", "color": "#ffffff"}],
        [{"name": "Running", "color": "red"}],
        [{"name": "Running", "color": "#12345"}],
        [{"name": "\u202e", "color": "#123456"}],
        [{"color": "#123456"}],
        "Running",
    ],
)
def test_wrong_labels_are_refused(api, manager, project, labels):
    answer = api(manager).patch(url(project), {"labels": labels})

    assert answer.status_code == 400
    assert answer.json()["fields"]


def test_a_manager_changes_name_and_labels(api, manager, project):
    labels = [{"name": "Climbing", "color": "#AABBCC"}]

    answer = api(manager).patch(url(project), {"name": "Roof", "labels": labels})

    assert answer.json()["name"] == "Roof"
    assert answer.json()["labels"] == [{"name": "Climbing", "color": "#aabbcc"}]


def test_a_policy_is_shown_with_its_defaults_and_kept_whole(api, manager, project):
    before = api(manager).get(url(project)).json()["policy"]

    after = (
        api(manager).patch(url(project), {"policy": {"method": "quantile", "value": 0.99}}).json()["policy"]
    )

    assert before["method"] == "mad"
    assert after == {**before, "method": "quantile", "value": 0.99}


@pytest.mark.parametrize(
    "policy", [{"method": "guess"}, {"method": "quantile", "value": 2}, {"pad_s": -1}, 3]
)
def test_a_policy_that_is_none_is_refused(api, manager, project, policy):
    answer = api(manager).patch(url(project), {"policy": policy})

    assert answer.status_code == 400
    assert any(name.startswith("policy") for name in answer.json()["fields"])


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_reviewer_may_look_at_a_project_but_not_change_it(api, reviewer, project, method):
    assert api(reviewer).get(url(project)).json()["my_role"] == "reviewer"
    assert getattr(api(reviewer), method)(url(project), {"name": "Mine"}).status_code == 403


def test_a_project_counts_its_videos_by_state(api, viewer, project):
    factories.VideoFactory.create_batch(2, project=project)
    factories.VideoFactory(project=project, state=Video.State.INGESTING, status=JobStatus.QUEUED)
    factories.VideoFactory(project=project, state=Video.State.REJECTED)
    factories.VideoFactory()

    counts = api(viewer).get(url(project)).json()["counts"]

    assert {name: counts[name] for name in ("videos", "ready", "ingesting", "rejected")} == {
        "videos": 4, "ready": 2, "ingesting": 1, "rejected": 1,
    }  # fmt: skip


def test_a_project_counts_its_runs(api, viewer, project, run):
    factories.RunFactory(project=project, stage="training", status=JobStatus.RUNNING)

    counts = api(viewer).get(url(project)).json()["counts"]

    assert (counts["runs"], counts["running"]) == (2, 1)


def test_storage_counts_videos_and_open_uploads(api, viewer, project):
    factories.VideoFactory(project=project, size_bytes=1000)
    factories.UploadFactory(project=project, length=300)
    factories.UploadFactory(project=project, length=300, status="expired")

    assert api(viewer).get(url(project)).json()["storage_bytes"] == 1300


def test_the_list_of_projects_asks_the_database_a_fixed_number_of_times(
    api, manager, django_assert_max_num_queries
):
    factories.MembershipFactory.create_batch(10, user=manager, role=Role.MANAGER)

    client = api(manager)

    with django_assert_max_num_queries(5):
        assert client.get("/api/projects/").json()["count"] == 11


# ---- deletion ----


def test_deleting_a_project_removes_rows_and_files(
    api, manager, project, video_file, run, django_capture_on_commit_callbacks
):
    factories.VerdictFactory(video=video_file, project=project)
    run.folder.mkdir(parents=True)

    with django_capture_on_commit_callbacks(execute=True):
        assert api(manager).delete(url(project)).status_code == 204

    assert not Project.objects.filter(pk=project.pk).exists()
    assert not video_file.folder.exists()
    assert not run.folder.exists()


def test_a_project_with_datasets_is_kept_until_its_name_is_given(api, manager, project):
    factories.DatasetFactory(project=project)

    refused = api(manager).delete(url(project))
    wrong = api(manager).delete(url(project) + "?confirm=car+park")
    confirmed = api(manager).delete(url(project) + "?confirm=Car+park")

    assert [refused.status_code, wrong.status_code, confirmed.status_code] == [409, 409, 204]
    assert refused.json()["code"] == "has_datasets"


def test_a_refused_deletion_removes_no_file(
    api, manager, project, video_file, django_capture_on_commit_callbacks
):
    factories.DatasetFactory(project=project)

    with django_capture_on_commit_callbacks(execute=True):
        api(manager).delete(url(project))

    assert video_file.source.is_file()


# ---- members ----


def test_a_stranger_gets_404_for_the_members(api, stranger, project, viewer):
    assert api(stranger).get(url(project, "members")).status_code == 404
    assert api(stranger).post(url(project, "members"), {"username": "x", "role": "viewer"}).status_code == 404
    assert api(stranger).delete(url(project, "members", viewer.public_id)).status_code == 404


def test_a_viewer_sees_who_is_in_the_project(api, viewer, manager, project):
    rows = api(viewer).get(url(project, "members")).json()["results"]

    assert [(row["username"], row["role"]) for row in rows] == [("manager", "manager"), ("viewer", "viewer")]


def test_a_known_person_is_added_without_a_sign_in_link(api, manager, stranger, project):
    answer = api(manager).post(url(project, "members"), {"username": "stranger", "role": "reviewer"})

    assert answer.status_code == 201
    assert "sign_in_link" not in answer.json()
    assert Membership.objects.get(project=project, user=stranger).role == Role.REVIEWER


def test_an_unknown_name_becomes_an_account_with_a_one_time_link(api, anonymous, manager, project):
    answer = api(manager).post(url(project, "members"), {"username": "nora", "role": "viewer"})

    link = answer.json()["sign_in_link"]
    client = api(anonymous)
    signed_in = client.post("/api/session/link/", {"secret": link.removeprefix("/signin/")})
    assert signed_in.status_code == 200
    assert signed_in.json()["user"]["username"] == "nora"
    assert client.get(url(project)).json()["my_role"] == "viewer"


def test_somebody_whose_link_got_lost_is_added_again_with_a_new_one(api, anonymous, manager, project):
    members = url(project, "members")
    first = api(manager).post(members, {"username": "nora", "role": "viewer"}).json()
    api(manager).delete(f"{members}{first['user']}/")

    again = api(manager).post(members, {"username": "nora", "role": "viewer"}).json()

    secret = again["sign_in_link"].removeprefix("/signin/")
    assert api(anonymous).post("/api/session/link/", {"secret": secret}).status_code == 200
    # from now on the account is somebody's
    api(manager).delete(f"{members}{first['user']}/")
    assert "sign_in_link" not in api(manager).post(members, {"username": "nora", "role": "viewer"}).json()


@pytest.mark.parametrize("username", ["", "two words", "a/b", "n" * 151])
def test_a_name_that_cannot_be_an_account_is_refused(api, manager, project, username):
    before = User.objects.count()

    answer = api(manager).post(url(project, "members"), {"username": username, "role": "viewer"})

    assert answer.status_code == 400
    assert User.objects.count() == before


def test_adding_a_member_twice_is_a_conflict(api, manager, viewer, project):
    answer = api(manager).post(url(project, "members"), {"username": "viewer", "role": "manager"})

    assert answer.status_code == 409
    assert Membership.objects.get(project=project, user=viewer).role == Role.VIEWER


@pytest.mark.parametrize("role", ["owner", "", None])
def test_a_role_that_does_not_exist_is_refused(api, manager, viewer, project, role):
    assert api(manager).patch(url(project, "members", viewer.public_id), {"role": role}).status_code == 400


def test_a_reviewer_cannot_make_himself_a_manager(api, reviewer, project):
    answer = api(reviewer).patch(url(project, "members", reviewer.public_id), {"role": "manager"})

    assert answer.status_code == 403
    assert Membership.objects.get(project=project, user=reviewer).role == Role.REVIEWER


def test_a_viewer_may_leave(api, viewer, project):
    assert api(viewer).delete(url(project, "members", viewer.public_id)).status_code == 204
    assert api(viewer).get(url(project)).status_code == 404


def test_a_viewer_cannot_remove_another(api, viewer, reviewer, project):
    assert api(viewer).delete(url(project, "members", reviewer.public_id)).status_code == 403


def test_the_last_manager_can_neither_leave_nor_step_down(api, manager, project):
    own = url(project, "members", manager.public_id)

    assert api(manager).delete(own).status_code == 409
    assert api(manager).patch(own, {"role": "viewer"}).status_code == 409
    assert Membership.objects.get(project=project, user=manager).role == Role.MANAGER


def test_one_of_two_managers_may_leave(api, manager, project):
    factories.MembershipFactory(project=project, role=Role.MANAGER)

    assert api(manager).delete(url(project, "members", manager.public_id)).status_code == 204


def test_a_member_of_another_project_is_not_a_member_of_this_one(api, manager, stranger, project):
    assert api(manager).delete(url(project, "members", stranger.public_id)).status_code == 404
    assert api(manager).delete(url(project, "members", uuid.uuid4())).status_code == 404


# ---- names ----


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),  # only ever displayed
        ("a\x00b\r\nc.mp4", "a b c.mp4"),
        ("gate\u202egpj.mp4", "gategpj.mp4"),
        ("cafe\u0301.mp4", "café.mp4"),
        ("می\u200cخواهم.mp4", "می\u200cخواهم.mp4"),
        ("\ud800.mp4", ".mp4"),
        ("x" * 300 + ".mp4", "x" * 250 + "….mp4"),
        ("x" * 300, "x" * 254 + "…"),
    ],
)
def test_names_are_shown_without_what_hides_or_misleads(sent, shown):
    assert services.display_name(sent) == shown
    assert len(services.display_name(sent)) <= 255
