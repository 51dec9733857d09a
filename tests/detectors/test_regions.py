"""Masks, heatmaps and people as regions."""

import numpy as np

from detectors import regions
from detectors.base import Heatmaps, Person, Track, VideoScores


def mask(*frames):
    """One list of (left, top, right, bottom) a frame, in a picture of 40 x 30."""
    made = np.zeros((len(frames), 30, 40), bool)
    for picture, boxes in zip(made, frames, strict=True):
        for left, top, right, bottom in boxes:
            picture[top:bottom, left:right] = True
    return made


def heatmaps(values, frames=(0,), region=(0.0, 0.0, 1.0, 1.0)):
    return Heatmaps(np.array(values, np.uint8), np.array(frames), 0.0, 1.0, region)


def test_a_thing_that_moves_is_one_track():
    truth = regions.of_masks(mask(*([(x, 5, x + 6, 15)] for x in range(5))))

    assert truth.tracks.tolist() == [0] * 5
    assert truth.frames.tolist() == [0, 1, 2, 3, 4]
    assert truth.boxes[3].tolist() == [3, 5, 9, 15]


def test_two_things_stay_two_tracks_when_they_swap_their_order():
    left, right = [(x, 2, x + 8, 8) for x in (0, 6, 12, 18)], [(x, 20, x + 8, 28) for x in (18, 12, 6, 0)]
    truth = regions.of_masks(mask(*([a, b] for a, b in zip(left, right, strict=True))))

    assert sorted(truth.tracks.tolist()) == [0] * 4 + [1] * 4
    for track in (0, 1):
        assert len(set(truth.boxes[truth.tracks == track][:, 1])) == 1


def test_a_thing_hidden_for_some_frames_is_the_same_and_later_another():
    box = [(0, 5, 6, 15)]

    hidden = mask(box, *([[]] * regions.LONGEST_GAP), box)
    assert regions.of_masks(hidden).tracks.tolist() == [0, 0]
    gone = mask(box, *([[]] * (regions.LONGEST_GAP + 1)), box)
    assert regions.of_masks(gone).tracks.tolist() == [0, 1]


def test_what_merges_goes_on_as_one_and_parts_as_two():
    big, small = (0, 0, 20, 20), (26, 0, 30, 10)
    truth = regions.of_masks(mask([big, small], [(0, 0, 30, 20)], [big, small]))

    assert truth.tracks.tolist() == [0, 1, 0, 0, 1]


def test_specks_are_no_regions():
    picture = np.zeros((1, 200, 200), bool)
    picture[0, 0, :3] = picture[0, 50:52, 50:52] = True  # 3 pixels, and 4 of 40,000

    assert regions.of_masks(picture).boxes.tolist() == [[50, 50, 52, 52]]


def test_an_empty_mask_has_no_regions():
    truth = regions.of_masks(mask([], []))

    assert truth.boxes.shape == (0, 4)
    assert truth.tracks.shape == (0,)


def test_a_peak_is_outlined_at_half_its_height():
    found = regions.of_heatmaps(
        heatmaps([[[0, 0, 0, 0], [0, 100, 200, 99], [0, 0, 0, 0]]]), n_frames=1, width=400, height=300
    )

    assert found.boxes.tolist() == [[100, 100, 300, 200], [300, 100, 400, 200]]
    assert found.scores.tolist() == [200, 99]


def test_a_faint_peak_beside_a_strong_one_is_a_region_of_its_own():
    found = regions.of_heatmaps(heatmaps([[[250, 0, 0, 20, 20]]]), n_frames=1, width=50, height=10)

    assert found.boxes.tolist() == [[0, 0, 10, 10], [30, 0, 50, 10]]
    assert found.scores.tolist() == [250, 20]


def test_a_frame_takes_the_nearest_map():
    found = regions.of_heatmaps(heatmaps([[[10]], [[20]]], frames=(2, 5)), n_frames=8, width=4, height=4)

    assert dict(zip(found.frames.tolist(), found.scores.tolist(), strict=True)) == {
        **dict.fromkeys(range(4), 10),
        **dict.fromkeys(range(4, 8), 20),
    }


def test_a_map_of_a_part_of_the_picture_lies_on_that_part():
    found = regions.of_heatmaps(
        heatmaps([[[0, 9]]], region=(0.25, 0.0, 0.75, 1.0)), n_frames=1, width=80, height=10
    )

    assert found.boxes.tolist() == [[40, 0, 60, 10]]


def test_a_dark_map_and_no_map_at_all_point_nowhere():
    assert len(regions.of_heatmaps(heatmaps([[[0]]]), n_frames=3, width=4, height=4).frames) == 0
    assert len(regions.found_in(VideoScores(np.zeros(3, np.float32)), width=4, height=4).frames) == 0


def test_people_come_before_heatmaps():
    person = Person(
        1, np.array([4, 5]), np.float32([[0, 0, 2, 4], [1, 0, 3, 4]]), np.zeros((2, 17, 3), np.float32),
        np.float32([1, 2]),
    )  # fmt: skip
    scores = VideoScores(
        np.zeros(9, np.float32), {"x": Track(np.zeros(1))}, heatmaps([[[9]]]), people=(person,)
    )

    found = regions.found_in(scores, width=4, height=4)
    assert found.frames.tolist() == [4, 5]
    assert found.scores.tolist() == [1, 2]
