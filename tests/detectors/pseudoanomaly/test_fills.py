"""What holes are filled with."""

import numpy as np
import pytest

from detectors.pseudoanomaly import fills

SIDE = 64


def random(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(params=[1, 3])
def picture(request):
    return random(1).integers(0, 256, (request.param, SIDE, SIDE), dtype=np.uint8)


def hole(top=20, bottom=40, left=10, right=30):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("fill", fills.FILLS)
def test_a_fill_changes_the_hole_and_nothing_else(fill, picture):
    mask = hole()
    filled = fills.FILLS[fill](picture, mask, random=random())

    assert filled.dtype == np.uint8
    np.testing.assert_array_equal(filled[:, ~mask], picture[:, ~mask])
    assert (filled[:, mask] != picture[:, mask]).mean() > 0.5


@pytest.mark.parametrize("fill", fills.FILLS)
@pytest.mark.parametrize("mask", [hole(0, 1, 0, 1), hole(60, 64, 55, 64), hole(0, 64, 0, 64)])
def test_holes_at_the_edge_and_of_any_size_are_filled(fill, mask, picture):
    filled = fills.FILLS[fill](picture, mask, random=random())

    np.testing.assert_array_equal(filled[:, ~mask], picture[:, ~mask])


def test_a_jigsaw_keeps_the_colours_of_the_hole():
    picture = random(1).integers(0, 256, (1, SIDE, SIDE), dtype=np.uint8)
    mask = hole(20, 44, 10, 34)  # a multiple of every size of block
    filled = fills.jigsaw(picture, mask, random=random(3))

    np.testing.assert_array_equal(np.sort(filled[:, mask]), np.sort(picture[:, mask]))


def test_footage_comes_from_another_picture():
    picture, source = np.zeros((1, SIDE, SIDE), np.uint8), np.full((1, SIDE, SIDE), 200, np.uint8)
    filled = fills.footage(picture, hole(), random=random(), source=source)

    assert filled[:, hole()].min() > 120


def test_what_vanished_leaves_its_surroundings():
    picture = np.full((1, SIDE, SIDE), 80, np.uint8)
    picture[:, hole()] = 250

    assert np.abs(fills.vanished(picture, hole(), random=random()).astype(int) - 80).max() <= 5


def test_noise_varies_as_the_surroundings_do():
    def spread(deviation):
        noise = np.clip(random(2).normal(128, deviation, (1, SIDE, SIDE)), 0, 255).astype(np.uint8)
        return fills.telea(noise, hole(), random=random())[:, hole()].std()

    assert spread(30) > 2 * spread(5)


def test_a_blend_is_soft_at_the_edge_of_the_hole():
    picture, filled = np.zeros((1, SIDE, SIDE), np.uint8), np.full((1, SIDE, SIDE), 200, np.uint8)
    hard = fills.blend(picture, filled, hole(), feather=0)
    soft = fills.blend(picture, filled, hole(), feather=1.5)

    assert set(np.unique(hard)) == {0, 200}
    assert soft[0, 30, 20] == 200
    assert 40 < soft[0, 20, 20] < 160


def test_a_smooth_patch_wanders_and_fades_out():
    clip, source = np.zeros((16, 1, SIDE, SIDE), np.uint8), np.full((16, 1, SIDE, SIDE), 255, np.uint8)
    pasted = fills.smooth_patch(clip, source, random=random(5))[:, 0]

    centres = [np.argwhere(frame).mean(0) for frame in pasted]
    moves = np.abs(np.diff(centres, axis=0))
    assert 0 < moves.max() <= 10 * SIDE / 256 + 1
    assert max(np.ptp(np.argwhere(frame), 0).max() + 1 for frame in pasted) <= SIDE / 2
    assert 0 < pasted[0][pasted[0] > 0].min() < 255
