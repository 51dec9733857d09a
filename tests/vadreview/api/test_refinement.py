"""Pseudo-labels over HTTP: bands by round, and how one window came by its label."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories, insight
from vadreview.runs import artifacts, refinement

pytestmark = pytest.mark.django_db

NORMAL, ABNORMAL = 2, 1
FLIPPED, CLAMPED = 4, 8


@pytest.fixture
def refined(run, video):
    """Ten windows of five frames on the first 50 frames; three rounds, with thresholds that fall."""
    return insight.refined(run, video)


@pytest.fixture
def url(refined) -> str:
    return f"/api/runs/{refined.run_id}/refinement/{refined.video_id}/"


def test_bands_have_a_bucket_a_window_and_mark_flips_and_clamps(api, viewer, url):
    found = api(viewer).get(url).json()

    assert found["edges"] == list(range(0, 51, 5))
    first, second, _ = found["rounds"]
    assert len(found["rounds"]) == 3
    assert first[0] == NORMAL + CLAMPED
    assert [n for n, mark in enumerate(second) if mark & FLIPPED] == [
        n for n in range(10) if (first[n] & ABNORMAL) != (second[n] & ABNORMAL)
    ]


def test_a_zoomed_out_band_loses_no_flip(api, viewer, url):
    fine = np.array(api(viewer).get(url).json()["rounds"])
    coarse = np.array(api(viewer).get(url, {"width": 3}).json()["rounds"])

    assert coarse.shape == (3, 3)
    assert coarse[:, 0].tolist() == np.bitwise_or.reduce(fine[:, :4], axis=1).tolist()


def test_a_part_of_the_video_gives_the_windows_it_meets(api, viewer, url):
    found = api(viewer).get(url, {"start": 12, "stop": 21}).json()

    assert found["edges"] == [10, 15, 20, 25]
    assert api(viewer).get(url, {"start": 600, "stop": 700}).json() == {"edges": [], "rounds": [[], [], []]}


def test_windows_that_overlap_part_the_frames_by_their_middles():
    edges = refinement._edges(np.array([-2, 2, 6]), 8, n_frames=12)

    assert edges.tolist() == [0, 4, 8, 12]


def test_a_window_tells_each_round_and_its_neighbours_with_their_own_labels(api, viewer, url, refined):
    found = api(viewer).get(f"{url}window/", {"frame": 46}).json()

    assert (found["start"], found["stop"], found["clamped"], found["disputed"]) == (45, 50, -1, False)
    assert len(found["rounds"]) == 3
    last = found["rounds"][-1]
    assert [one["start"] for one in last["neighbours"]] == [0, 5, 10]
    assert [one["clamped"] for one in last["neighbours"]] == [True, False, False]
    bands = api(viewer).get(url).json()["rounds"][-1]
    assert [one["label"] for one in last["neighbours"]] == [mark & ABNORMAL for mark in bands[:3]]
    assert last["vote"] == pytest.approx(sum(one["label"] for one in last["neighbours"]) / 3, abs=0.34)
    assert last["threshold"] == pytest.approx(0.5)


def test_a_window_tells_what_people_say_about_it_and_its_neighbours_now(api, viewer, reviewer, url, video):
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="reject", start=44, stop=48)
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="accept", start=5, stop=9)

    found = api(reviewer).get(f"{url}window/", {"frame": 46}).json()

    (said,) = found["people"]
    assert (said["decision"], said["mine"], said["drawn"]) == ("reject", True, True)
    assert [one["people"] for one in found["rounds"][0]["neighbours"]] == [0, 3, 0]
    assert api(viewer).get(f"{url}window/", {"frame": 46}).json()["people"][0]["mine"] is False


def test_a_clamped_window_says_so(api, viewer, url):
    assert api(viewer).get(f"{url}window/", {"frame": 0}).json()["clamped"] == 1


def test_a_neighbour_in_a_video_that_this_run_did_not_score_has_no_label(api, viewer, url, refined):
    group = refinement._group(refined)
    other = factories.VideoFactory(project=refined.video.project, name="elsewhere.mp4")
    arrays = {f"refinement/{name}": np.asarray(values[...]) for name, values in group.members()}
    arrays["refinement/bank_videos"] = np.frombuffer(other.pk.bytes, np.uint8).reshape(1, 16)
    artifacts.write(refined, arrays)

    last = api(viewer).get(f"{url}window/", {"frame": 46}).json()["rounds"][-1]

    assert {(one["video_name"], one["label"]) for one in last["neighbours"]} == {("elsewhere.mp4", None)}


def test_a_run_without_pseudo_labels_has_none_to_tell(api, viewer, run, video):
    assert api(viewer).get(f"/api/runs/{run.pk}/refinement/{video.pk}/").status_code == 404
