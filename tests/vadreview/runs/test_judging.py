"""A run against what is known of its videos: curves, labels, videos, and places."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories
from vadreview.footage.ground_truth import importing
from vadreview.footage.models import KnownVideo
from vadreview.runs import artifacts

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(api, viewer, run):
    """Ask for the judgement of `run`."""

    def ask():
        answer = api(viewer).get(f"/api/runs/{run.pk}/judgement/")
        assert answer.status_code in (200, 204), answer.content
        return answer.json() if answer.status_code == 200 else None

    return ask


@pytest.fixture
def events(video):
    """The three plateaus of `run`, two of them running, one cycling."""
    for start, stop, label in [(100, 140, "Running"), (400, 460, "Running"), (800, 830, "Cycling")]:
        factories.GroundTruthFactory(video=video, start=start, stop=stop, label=label)


def test_nothing_is_said_where_nothing_is_known(judged):
    assert judged() is None


def test_a_run_that_is_not_done_is_not_judged(judged, events, run):
    run.stage = run.Stage.SCORING
    run.save()

    assert judged() is None


def test_each_video_and_each_label_is_judged_by_itself(judged, events):
    found = judged()

    (row,) = found["by_video"]
    assert (row["name"], row["events"], row["events_found"], row["abnormal_frames"]) == (
        "north gate.mp4",
        3,
        3,
        130,
    )
    assert row["auc"] == 1.0
    assert [
        (one["label"], one["events"], one["events_found"], one["frames"]) for one in found["by_label"]
    ] == [
        ("Cycling", 1, 1, 30),
        ("Running", 2, 2, 100),
    ]


def test_an_event_below_the_threshold_is_missed_and_lowers_only_its_label(judged, events, video):
    factories.GroundTruthFactory(video=video, start=600, stop=650, label="Lying")

    found = {one["label"]: one for one in judged()["by_label"]}
    assert (found["Lying"]["events_found"], found["Running"]["auc"]) == (0, 1.0)
    assert 0.3 < found["Lying"]["auc"] < 0.7


def test_the_curves_are_figures_with_the_threshold_marked(judged, events):
    roc, recall = judged()["plots"]

    assert [trace["name"] for trace in roc["figure"]["data"]] == ["By chance", "This run", "Threshold"]
    (hits,) = roc["figure"]["data"][2]["y"]
    assert hits == 1.0
    assert roc["summary"].startswith("Area 1.000.")
    assert recall["rows"][-1] == [0.0, 1.0]


def test_a_video_known_to_be_normal_is_judged_but_has_no_curve(judged, video):
    KnownVideo.objects.create(video=video, spans=[])

    found = judged()
    assert found["plots"] == []
    assert found["by_video"][0]["auc"] is None
    assert found["by_video"][0]["events"] == 0


def test_new_ground_truth_is_a_new_judgement(judged, events, video):
    assert judged()["by_video"][0]["events"] == 3

    factories.GroundTruthFactory(video=video, start=900, stop=950)

    assert judged()["by_video"][0]["events"] == 4


# ---- where ----


@pytest.fixture
def masked(video, events):
    """A thing at the left half of the picture in the frames of the events."""
    mask = np.zeros((1000, 48, 64), bool)
    for start, stop in [(100, 140), (400, 460), (800, 830)]:
        mask[start:stop, :, :32] = True
    known = KnownVideo.objects.create(video=video, spans=[], has_mask=True)
    importing._write_mask(known.mask, mask)
    return mask


def store(run, **arrays):
    row = run.run_videos.get()
    maps = arrays.get("heatmaps")
    if maps is not None:
        row.heatmap = {
            "stride": 10, "offset": 0, "height": 1, "width": 2, "count": len(maps), "low": 0.0, "high": 1.0,
            "region": [0, 0, 1, 1], "kind": "strangeness",
        }  # fmt: skip
        row.save()
    artifacts.write(row, {name.replace("__", "/"): values for name, values in arrays.items()})


def test_without_masks_nothing_is_said_of_places(judged, events):
    assert judged()["where"] is None


def test_heatmaps_at_the_right_place_find_every_region(judged, masked, run):
    maps = np.zeros((100, 1, 2), np.uint8)
    maps[masked[::10].any(axis=(1, 2)), 0, 0] = 200
    store(run, heatmaps=maps)

    where = judged()["where"]
    assert (where["true_regions"], where["true_tracks"], where["videos"]) == (130, 3, 1)
    # a map speaks for the ten frames around it, so four at the end of each event are missed
    assert where["rbdc"] == pytest.approx(1 - 12 / 130, abs=0.01)
    assert where["tbdc"] > 0.95


def test_heatmaps_at_the_wrong_place_find_nothing(judged, masked, run):
    maps = np.zeros((100, 1, 2), np.uint8)
    maps[:, 0, 1] = 200
    store(run, heatmaps=maps)

    assert judged()["where"]["rbdc"] == 0


def test_people_are_judged_by_their_boxes(judged, masked, run):
    frames = np.flatnonzero(masked.any(axis=(1, 2)))
    store(
        run,
        people__frames=frames,
        people__boxes=np.tile(np.float32([0, 0, 32, 48]), (len(frames), 1)),
        people__scores=np.ones(len(frames), np.float32),
    )

    assert judged()["where"]["rbdc"] == 1


def test_a_run_that_points_nowhere_says_so(judged, masked):
    where = judged()["where"]

    assert where["rbdc"] is None
    assert "not where" in where["undefined"]["rbdc"]
