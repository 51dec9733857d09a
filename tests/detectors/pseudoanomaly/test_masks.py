"""Where pseudo-anomalies are put."""

import numpy as np
import pytest

from detectors.pseudoanomaly import masks


def random(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("preset", masks.IRREGULAR)
@pytest.mark.parametrize("side", [32, 256])
def test_strokes_are_drawn_within_the_area_that_lama_allows(preset, side):
    areas = [masks.irregular(side, preset, random=random(seed)).mean() for seed in range(20)]

    assert 0 < min(areas) <= max(areas) <= 0.5


def test_strokes_can_be_kept_as_small_as_things():
    for seed in range(10):
        drawn = masks.irregular(64, "medium", random=random(seed), least_area=0.01, most_area=0.1)
        assert 0.005 < drawn.mean() < 0.2


def walk(n_frames=20, side=64):
    """Pictures of gray ground with two bright things, one that stands and one that walks; where the walker is."""
    pictures = np.full((n_frames, 1, side, side), 90, np.uint8)
    truth = np.zeros((n_frames, side, side), bool)
    for n in range(n_frames):
        truth[n, 10:20, 2 * n : 2 * n + 8] = True
    pictures[:, 0][truth] = 220
    return pictures, truth


def test_what_stands_out_from_the_median_picture_is_a_thing():
    pictures, truth = walk()
    found = masks.objects(pictures)

    assert ((found > 0) & ~truth).sum() < 0.1 * truth.sum()
    assert (found > 0)[truth].mean() > 0.9


def test_what_moves_is_a_thing_even_where_it_looks_like_the_ground():
    pictures = np.full((10, 1, 64, 64), 90, np.uint8)
    speeds = np.zeros((10, 64, 64))
    speeds[:, 30:40, 30:40] = 2.0

    assert (masks.objects(pictures, speeds) > 0).sum() == 10 * 100


def test_one_thing_is_followed_through_a_clip():
    pictures, truth = walk()
    instances = masks.objects(pictures)
    instances[:, 40:60, 40:60] = 9  # another thing, which stays

    chosen = [masks.tracked(instances, random=random(seed)) for seed in range(20)]
    walkers = [found for found in chosen if not found[:, 40:60, 40:60].any()]
    standing = [found for found in chosen if found[:, 40:60, 40:60].any()]
    assert len(standing) > len(walkers) > 0  # the larger one more often
    assert all(found.any((1, 2)).all() for found in chosen)
    assert all(not (found & ~truth)[:, :38].any() for found in walkers)


def test_a_thing_that_is_lost_leaves_empty_masks():
    instances = np.zeros((5, 8, 8), np.uint8)
    instances[1:4, 2:4, 2:4] = 1

    np.testing.assert_array_equal(
        masks.tracked(instances, random=random()).any((1, 2)), [False, True, True, True, False]
    )


def drawn(instances, *, coherent=False):
    return masks.clip_masks(instances, 64, 16, preset="medium", coherent=coherent, random=random())


def test_footage_without_things_falls_back_to_small_strokes():
    found = drawn(np.zeros((16, 64, 64), np.uint8))

    assert found.any((1, 2)).all()
    assert found.mean() < 0.15


def test_strokes_are_drawn_in_each_frame_or_once():
    assert len({mask.tobytes() for mask in drawn(None)}) == 16
    assert len({mask.tobytes() for mask in drawn(None, coherent=True)}) == 1


def test_boxes_enclose_their_masks():
    found = np.zeros((2, 8, 8), bool)
    found[0, 2:4, 5] = True

    assert masks.boxes(found) == [(2, 4, 5, 6), None]


class Finder:
    fingerprint = "finder 1"

    def instances(self, picture):
        found = np.zeros((2, *picture.shape[:2]), bool)
        found[0, :30, :40] = True
        found[1, 60, 60] = True  # a point that shrinking must not lose
        return found


def test_masks_of_ones_own_are_shrunk_and_numbered():
    found = masks.provided(Finder(), np.zeros((120, 160, 3), np.uint8), 32)

    assert set(np.unique(found)) == {0, 1, 2}
    assert (found == 1).sum() == 8 * 8


def test_masks_of_another_size_are_refused():
    class Wrong(Finder):
        def instances(self, picture):
            return np.zeros((1, 5, 5), bool)

    with pytest.raises(ValueError, match=r"\(K, 120, 160\), got \(1, 5, 5\)"):
        masks.provided(Wrong(), np.zeros((120, 160, 3), np.uint8), 32)
