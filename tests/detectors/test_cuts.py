"""Scene cuts, and small pictures they are found in."""

import numpy as np
import pytest

from detectors.cuts import REACH, Shots, by_shot, find_shots, shots_of, without_jumps
from detectors.field_cache import FieldCache
from detectors.pictures import pictures
from detectors.video import Video
from tests.detectors import footage


@pytest.fixture(scope="module")
def two_scenes(tmp_path_factory):
    """30 frames of one scene, then 30 of another."""
    joined = np.concatenate([footage.scene(30, seed=1), 255 - footage.scene(30, seed=2)])
    return footage.write(tmp_path_factory.mktemp("cut"), "two", joined)


def test_a_cut_is_found_where_it_is(two_scenes):
    shots = find_shots(two_scenes)

    assert shots.spans == ((0, 30), (30, 60))
    assert shots.cuts == (30,)
    np.testing.assert_array_equal(np.flatnonzero(shots.held), [29])


def test_a_cut_in_a_part_of_a_video_is_where_it_is_in_all_of_it(two_scenes):
    shots = find_shots(two_scenes, start=30 - REACH, stop=30 + REACH)

    assert shots.spans == ((30 - REACH, 30), (30, 30 + REACH))
    np.testing.assert_array_equal(np.flatnonzero(shots.held), [29])


def test_one_scene_is_one_shot(tmp_path):
    video = footage.write(tmp_path, "one", footage.scene(60, seed=1, race=range(20, 50)))

    assert find_shots(video).spans == ((0, 60),)


def test_a_single_frame_is_one_shot(tmp_path):
    assert find_shots(footage.write(tmp_path, "short", footage.scene(1, seed=1))).spans == ((0, 1),)


def test_footage_that_always_changes_as_much_has_no_cut():
    assert shots_of(np.full(100, 30.0), np.ones(100)).cuts == ()


def test_a_large_thing_that_fills_part_of_the_picture_is_no_cut():
    change, share = np.full(50, 1.0), np.zeros(50)
    change[20], share[20] = 40.0, 0.5

    assert shots_of(change, share).cuts == ()


def changes(*at, n_frames=50):
    change, share = np.full(n_frames, 0.5), np.zeros(n_frames)
    change[list(at)], share[list(at)] = 40.0, 1.0
    return shots_of(change, share)


def test_the_frames_of_a_flash_are_held_and_no_shot():
    shots = changes(20, 21)

    assert shots.spans == ((0, 21), (21, 50))
    np.testing.assert_array_equal(np.flatnonzero(shots.held), [19, 20])


def test_a_broken_start_goes_with_what_follows():
    shots = changes(2)

    assert shots.spans == ((0, 50),)
    np.testing.assert_array_equal(np.flatnonzero(shots.held), [0, 1])


def test_a_stretch_is_cut_where_shots_meet():
    shots = changes(20, 40)

    assert shots.within(10, 45) == [(10, 20), (20, 40), (40, 45)]
    assert shots.within(20, 40) == [(20, 40)]


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_held_frames_repeat_the_frame_before_however_the_stream_is_cut(size):
    values = np.arange(50.0)
    shots = changes(20, 21)
    pieces = [(first, values[first : first + size]) for first in range(0, 50, size)]

    flat = np.concatenate([piece for _, piece in without_jumps(pieces, shots)])
    expected = values.copy()
    expected[19:21] = 18
    np.testing.assert_array_equal(flat, expected)


def test_held_frames_at_the_start_of_a_shot_take_what_follows():
    shots = Shots(((0, 3), (3, 10)), np.isin(np.arange(10), [2, 3, 4]))

    ((_, piece),) = without_jumps([(0, np.arange(10.0))], shots)
    np.testing.assert_array_equal(piece, [0, 1, 1, 5, 5, 5, 6, 7, 8, 9])


@pytest.mark.parametrize("size", [1, 7, 50])
def test_a_stream_is_split_into_its_shots(size):
    values = np.arange(50)
    pieces = [(first, values[first : first + size]) for first in range(0, 50, size)]

    split = [np.concatenate(list(stream)) for stream in by_shot(pieces, changes(20, 40))]
    assert [(len(part), part[0]) for part in split] == [(20, 0), (20, 20), (10, 40)]


def test_kept_pictures_are_the_same_as_fresh_ones(tmp_path, two_scenes, monkeypatch):
    monkeypatch.setattr("detectors.pictures.CHUNK", 16)
    cache = FieldCache(tmp_path)
    for _ in range(2):
        kept = np.concatenate([piece for _, piece in pictures(two_scenes, side=32, colour=True, cache=cache)])
    fresh = np.concatenate([piece for _, piece in pictures(two_scenes, side=32, colour=True)])

    np.testing.assert_array_equal(kept, fresh)
    assert fresh.shape == (60, 3, 32, 32)


def test_pictures_of_a_stretch_are_those_frames(two_scenes, monkeypatch):
    monkeypatch.setattr("detectors.pictures.CHUNK", 16)
    whole = np.concatenate([piece for _, piece in pictures(two_scenes, side=32)])
    firsts, pieces = zip(*pictures(two_scenes, side=32, start=10, stop=40), strict=True)

    assert firsts == (10, 16, 32)
    np.testing.assert_array_equal(np.concatenate(pieces), whole[10:40])


@pytest.mark.footage
def test_real_footage_of_one_camera_has_no_cut():
    from tests.detectors.pseudoanomaly.test_network import SHARED

    street = SHARED / "data" / "street" / "vtest.avi"
    if not street.exists():
        pytest.skip("the street footage is not beside the repository")

    assert find_shots(Video(street)).cuts == ()
