"""What has changed and stays."""

import numpy as np
import pytest

from detectors.cuts import SIDE, Shots
from detectors.pseudoanomaly import lingering

FPS, N_FRAMES = 8.0, 320
ONE_SHOT = Shots(((0, N_FRAMES),), np.zeros(N_FRAMES, bool))


def scene(*, bag=None, walker=False):
    """Noisy ground; a bag that is put down at frame `bag`; somebody who crosses the picture again and again."""
    random = np.random.default_rng(0)
    pictures = random.integers(98, 103, (N_FRAMES, SIDE, SIDE), dtype=np.uint8)
    if bag is not None:
        pictures[bag:, 40:44, 20:24] = 200
    if walker:
        for n in range(N_FRAMES):
            pictures[n, 10:20, (4 * n) % 60 : (4 * n) % 60 + 4] = 200
    return pictures


def measured(pictures, *, shots=ONE_SHOT, pieces=64, seconds=2.0):
    with lingering.Samples(FPS) as samples:
        for first in range(0, len(pictures), pieces):
            samples.take(first, pictures[first : first + pieces])
        return lingering.measure(samples, shots, seconds=seconds)


def test_a_bag_that_stays_is_measured_from_when_it_was_put_down():
    (found,) = measured(scene(bag=160))

    assert found.strongest[:140].max() < 10
    assert found.strongest[190:260].min() > 80
    hottest = np.unravel_index(found.cells[50].argmax(), found.cells[50].shape)
    assert hottest == (20, 10)  # cells overlap by half: two pixels each


def test_who_walks_by_does_not_linger():
    (found,) = measured(scene(walker=True))

    assert found.strongest.max() < 40


def test_light_that_changes_everywhere_does_not_linger():
    pictures = scene()
    pictures[160:] += 60
    (found,) = measured(pictures)

    assert found.strongest.max() < 10


def test_another_scene_has_no_past():
    pictures = np.concatenate([scene()[:160], 255 - scene(walker=True)[160:]])
    found = measured(pictures, shots=Shots(((0, 160), (160, N_FRAMES)), np.zeros(N_FRAMES, bool)))

    assert [len(shot.strongest) for shot in found] == [160, 160]
    assert max(shot.strongest.max() for shot in found) < 45


@pytest.mark.parametrize("pieces", [1, 7, 320])
def test_the_pieces_of_the_stream_do_not_matter(pieces):
    (found,), (whole,) = measured(scene(bag=160), pieces=pieces), measured(scene(bag=160))

    np.testing.assert_array_equal(found.strongest, whole.strongest)


@pytest.mark.parametrize("fps", [0.1, 8.0, 25.0])
def test_no_more_of_a_video_is_needed_than_what_is_in_reach(fps):
    random = np.random.default_rng(1)
    before, after = lingering.reach(fps, seconds=1.0)
    start, stop, n_frames = before + 35, before + 60, before + after + 90
    pictures = random.integers(0, 256, (n_frames, SIDE, SIDE), dtype=np.uint8)

    def changed(first, last):
        with lingering.Samples(fps, start=first) as samples:
            samples.take(first, pictures[first:last])
            shots = Shots(((first, last),), np.zeros(last, bool))
            (found,) = lingering.measure(samples, shots, seconds=1.0)
        return found.strongest[start - first : stop - first]

    np.testing.assert_array_equal(changed(start - before, stop + after), changed(0, n_frames))


@pytest.mark.parametrize("n_frames", [1, 3, 10])
def test_short_shots_have_nothing_that_lingers(n_frames):
    shots = Shots(((0, n_frames),), np.zeros(n_frames, bool))
    (found,) = measured(scene()[:n_frames], shots=shots)

    np.testing.assert_array_equal(found.strongest, np.zeros(n_frames))
    assert len(found.cells) == -(-n_frames // 4)
