"""RBDC and TBDC against examples that were worked out with a pencil."""

import numpy as np
import pytest

from detectors.region_metrics import (
    FoundRegions,
    TrueRegions,
    area_to_one,
    detection_curves,
    overlaps,
    region_metrics,
)

HERE, THERE = [0, 0, 10, 10], [50, 50, 60, 60]


def found(*regions):
    """(frame, box, score), ..."""
    frames, boxes, scores = zip(*regions, strict=True) if regions else ((), np.empty((0, 4)), ())
    return {"a": FoundRegions(np.array(frames, int), np.array(boxes, float), np.array(scores, float))}


def true(*regions):
    """(frame, box, track), ..."""
    frames, boxes, tracks = zip(*regions, strict=True) if regions else ((), np.empty((0, 4)), ())
    return {"a": TrueRegions(np.array(frames, int), np.array(boxes, float), np.array(tracks, int))}


FOUR = true(*((frame, HERE, 0) for frame in range(4)))
# At 5 one of four regions; at 4 a false alarm (in 10 frames: .1); at 3 the second region; at 2 a false alarm.
SOME = found((0, HERE, 5), (2, THERE, 4), (1, HERE, 3), (7, HERE, 2))


def test_the_curves_of_a_small_track_are_those_of_the_pencil():
    curves = detection_curves(SOME, FOUR, frames=10)

    np.testing.assert_allclose(curves.false_alarms, [0, 0, 0.1, 0.1, 0.2])
    np.testing.assert_allclose(curves.regions, [0, 0.25, 0.25, 0.5, 0.5])
    np.testing.assert_allclose(curves.tracks, [0, 1, 1, 1, 1])


def test_the_areas_of_a_small_track_are_those_of_the_pencil():
    figures = region_metrics(SOME, FOUR, frames=10)

    # .25 up to .1 false alarms, .5 from there on
    assert figures == {
        "rbdc": pytest.approx(0.1 * 0.25 + 0.9 * 0.5),
        "tbdc": 1.0,
        "true_regions": 4,
        "true_tracks": 1,
    }


def test_a_track_is_found_when_a_share_alpha_of_its_regions_is():
    # Half of four regions is two; the second is found at .1 false alarms a frame.
    assert region_metrics(SOME, FOUR, frames=10, alpha=0.5)["tbdc"] == pytest.approx(0.9)
    assert region_metrics(SOME, FOUR, frames=10, alpha=0.75)["tbdc"] == 0


def test_three_of_thirty_regions_are_a_tenth():
    truth = true(*((frame, HERE, 0) for frame in range(30)))

    assert region_metrics(found(*((f, HERE, 1) for f in range(3))), truth, frames=30)["tbdc"] == 1
    assert region_metrics(found(*((f, HERE, 1) for f in range(2))), truth, frames=30)["tbdc"] == 0


def test_tracks_count_the_same_however_long_they_are():
    truth = true(*((frame, HERE, 0) for frame in range(9)), (9, HERE, 1))
    figures = region_metrics(found((9, HERE, 1)), truth, frames=10)

    assert figures["rbdc"] == pytest.approx(0.1)
    assert figures["tbdc"] == pytest.approx(0.5)


def test_an_overlap_of_exactly_beta_counts():
    truth = true((0, HERE, 0))

    assert region_metrics(found((0, [0, 0, 10, 1], 1)), truth, frames=1)["rbdc"] == 1
    # Below it the region is missed, and what was found is a false alarm.
    curves = detection_curves(found((0, [0, 0, 10, 0.9], 1)), truth, frames=1)
    assert curves.regions.max() == 0
    assert curves.false_alarms.max() == 1


def test_one_region_may_find_two_and_two_regions_of_one_thing_are_no_false_alarm():
    truth = true((0, [0, 0, 10, 10], 0), (0, [10, 0, 20, 10], 1))
    curves = detection_curves(found((0, [0, 0, 20, 10], 2), (0, [1, 1, 9, 9], 1)), truth, frames=1)

    assert curves.regions.tolist() == [0, 1]
    assert curves.false_alarms.max() == 0


def test_regions_of_other_frames_and_other_videos_find_nothing():
    truth = true((3, HERE, 0))
    there = {"b": found((3, HERE, 1))["a"]}

    assert region_metrics(found((2, HERE, 1)) | there, truth, frames=20)["rbdc"] == 0


def test_tied_scores_make_a_straight_line():
    figures = region_metrics(found((0, HERE, 1), (1, THERE, 1)), true((0, HERE, 0)), frames=2)

    # From (0, 0) to (.5, 1), then level: a triangle and a rectangle.
    assert figures["rbdc"] == pytest.approx(0.25 + 0.5)


def test_what_is_found_beyond_one_false_alarm_a_frame_does_not_count():
    late = found((0, THERE, 4), (1, THERE, 3), (1, [80, 0, 90, 9], 2), (0, HERE, 1))
    assert region_metrics(late, true((0, HERE, 0)), frames=2)["rbdc"] == 0

    # All tied: from (0, 0) to (1.5, 1), of which the part up to 1 is a triangle 2/3 high.
    tied = found((0, THERE, 1), (1, THERE, 1), (1, [80, 0, 90, 9], 1), (0, HERE, 1))
    assert region_metrics(tied, true((0, HERE, 0)), frames=2)["rbdc"] == pytest.approx(1 / 3)


def test_a_detector_that_finds_nothing_gets_nothing():
    assert region_metrics({}, FOUR, frames=10)["rbdc"] == 0
    assert region_metrics(found(), FOUR, frames=10)["tbdc"] == 0


def test_without_a_true_region_the_figures_are_undefined():
    figures = region_metrics(SOME, {"a": true()["a"]}, frames=10)

    assert figures["rbdc"] is None
    assert figures["tbdc"] is None
    assert "no region" in figures["undefined"]["rbdc"]


def test_a_curve_is_cut_between_its_points_at_one():
    assert area_to_one(np.array([0, 0.5, 2.5]), np.array([0, 1, 0.0])) == pytest.approx(0.25 + 0.5 * 0.875)


def test_overlaps_are_shares_of_the_union():
    boxes = np.array([HERE, [5, 0, 15, 10], [0, 0, 0, 0]], float)

    np.testing.assert_allclose(overlaps(boxes[:1], boxes), [[1, 1 / 3, 0]])


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"beta": 1.1}])
def test_shares_outside_of_0_to_1_are_refused(wrong):
    with pytest.raises(ValueError, match="alpha and beta"):
        detection_curves(SOME, FOUR, frames=10, **wrong)
