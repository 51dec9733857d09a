"""Pseudo-anomalies of motion."""

import numpy as np
import pytest

from detectors.pseudoanomaly import motion_mixing

SIDE, FRAMES = 32, 16


class Drawn:
    """Draws a given share and place."""

    def __init__(self, share, place):
        self.share, self.place = share, place

    def beta(self, a, b):
        return self.share

    def random(self, count):
        return np.array(self.place)


def field(u=0.0, v=0.0):
    found = np.zeros((3, FRAMES, SIDE, SIDE), np.float32)
    found[0], found[1] = u, v
    found[2] = np.hypot(found[0], found[1])
    return found


def mask(top=4, bottom=12, left=4, right=12):
    found = np.zeros((FRAMES, SIDE, SIDE), bool)
    found[:, top:bottom, left:right] = True
    return found


def walker():
    """A thing that moves to the right on still ground."""
    motion = field()
    motion[[0, 2], :, 4:12, 4:12] = 1.0
    return motion


def test_a_rectangle_is_mixed_with_one_elsewhere():
    mixed = motion_mixing.mixed(walker(), mask(), random=Drawn(0.25, (0.9, 0.9)), region="rectangle")

    np.testing.assert_allclose(mixed[0, :, 4:12, 4:12], 0.25)
    np.testing.assert_allclose(mixed[2, :, 4:12, 4:12], 0.25)
    assert mixed[:, :, 12:].max() == 0


def test_a_share_of_one_changes_nothing():
    motion = walker()
    mixed = motion_mixing.mixed(motion, mask(), random=Drawn(1.0, (0.9, 0.9)), region="rectangle")

    np.testing.assert_array_equal(mixed, motion)


def test_only_the_mask_is_mixed_if_so_asked():
    motion, odd = walker(), mask()
    odd[:, 4:12, 8:] = False
    odd[:, 11, 4:12] = True  # an L
    mixed = motion_mixing.mixed(motion, odd, random=Drawn(0.0, (0.9, 0.9)), region="mask")

    np.testing.assert_allclose(mixed[0, :, 5:10, 5:7], 0)
    np.testing.assert_allclose(mixed[0, :, 5, 11], 1)


def test_opposite_motions_cancel_and_do_not_turn():
    motion = field(u=-1.0)
    motion[0, :, 4:12, 4:12] = 1.0
    mixed = motion_mixing.mixed(motion, mask(), random=Drawn(0.5, (0.9, 0.9)), region="rectangle")

    np.testing.assert_allclose(mixed[:, :, 5:11, 5:11], 0, atol=1e-6)


def test_the_shares_are_drawn_in_each_frame_or_once():
    def shares(coherent):
        motion = field()
        motion[0] = np.arange(SIDE)[:, None] / SIDE
        mixed = motion_mixing.mixed(
            motion, mask(), random=np.random.default_rng(0), coherent=coherent, region="rectangle"
        )
        return len({frame.tobytes() for frame in mixed[0]})

    assert shares(True) == 1
    assert shares(False) > 8


def test_an_empty_mask_changes_nothing():
    motion = walker()

    np.testing.assert_array_equal(
        motion_mixing.mixed(motion, mask(0, 0), random=np.random.default_rng(0)), motion
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_pasted_patch_is_turned_or_hastened_and_the_rest_stays(seed):
    pasted = motion_mixing.pasted(field(), field(u=1.0), random=np.random.default_rng(seed))

    changed = pasted[2] > 0
    assert 0 < changed.mean() <= 0.25 + 1e-6
    assert pasted[2].max() <= 3.0 + 1e-5
    np.testing.assert_allclose(np.hypot(pasted[0], pasted[1]), pasted[2], atol=1e-5)
