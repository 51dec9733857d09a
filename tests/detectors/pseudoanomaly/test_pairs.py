"""Training pairs of both streams."""

import numpy as np
import pytest

import detectors
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.pairs import AppearancePairs, MotionPairs, differs, network_units

SIDE, FRAMES = 32, 80


def config(**changes):
    return detectors.configure("pseudoanomaly", **{"size": SIDE, "streams": "both", **changes})


@pytest.fixture(scope="module")
def stretch():
    """A bright thing that walks over textured ground."""
    random = np.random.default_rng(0)
    pictures = np.repeat(random.integers(60, 120, (1, 1, SIDE, SIDE), dtype=np.uint8), FRAMES, axis=0)
    fields = np.zeros((FRAMES, 3, SIDE, SIDE), np.float16)
    instances = np.zeros((FRAMES, SIDE, SIDE), np.uint8)
    for n in range(FRAMES):
        columns = slice(n // 4, n // 4 + 6)
        pictures[n, 0, 8:20, columns] = random.integers(180, 250, (12, 6))
        fields[n, [0, 2], 8:20, columns] = 1.0
        instances[n, 8:20, columns] = 1
    return Stretch(np.full(FRAMES, -1, np.int8), np.zeros(FRAMES, bool), fields, pictures, instances)


def made(pairs, *, start=20, seed=0):
    return pairs.pseudo(0, start, random=np.random.default_rng(seed))


@pytest.mark.parametrize("kind", ["skip", "mix", "patch"])
def test_each_kind_of_motion_is_paired_with_the_normal_window(kind, stretch):
    pairs = MotionPairs([stretch], config(motion_pseudo_anomalies=(kind,)), scale=2.0)
    seen, normal = made(pairs)

    np.testing.assert_array_equal(normal, stretch.motion(20) / 2.0)
    np.testing.assert_array_equal(normal, pairs.normal(0, 20))
    assert seen.shape == normal.shape == (3, 16, SIDE, SIDE)
    assert seen.dtype == normal.dtype == np.float32
    assert any(differs(*made(pairs, seed=seed)) for seed in range(10))


@pytest.mark.parametrize("kind", ["fill", "skip", "patch"])
def test_each_kind_of_picture_is_paired_with_the_normal_window(kind, stretch):
    pairs = AppearancePairs([stretch], config(appearance_pseudo_anomalies=(kind,)))
    seen, normal = made(pairs)

    np.testing.assert_array_equal(normal, network_units(stretch.clip(20)))
    assert seen.shape == normal.shape == (1, 16, SIDE, SIDE)
    assert np.abs(seen).max() <= 1
    assert differs(seen, normal)


@pytest.mark.parametrize("fill", ["jigsaw", "footage", "telea", "navier_stokes", "vanished"])
def test_fills_change_the_thing_and_little_else(fill, stretch):
    seen, normal = made(AppearancePairs([stretch], config(fills=(fill,))))

    changed = np.abs(seen - normal)[0] > 0.02
    things = stretch.things(20) > 0
    assert changed[things].mean() > 0.3
    assert not changed[~things].any()


def test_a_coherent_fill_is_the_same_in_each_frame():
    random = np.random.default_rng(0)
    still = np.repeat(random.integers(0, 255, (1, 1, SIDE, SIDE), dtype=np.uint8), FRAMES, axis=0)
    instances = np.zeros((FRAMES, SIDE, SIDE), np.uint8)
    instances[:, 8:20, 8:20] = 1
    stretch = Stretch(
        np.full(FRAMES, -1, np.int8), np.zeros(FRAMES, bool), pictures=still, instances=instances
    )

    def different(coherent):
        pairs = AppearancePairs([stretch], config(fills=("jigsaw",), coherent=coherent))
        return len({frame.tobytes() for frame in made(pairs)[0][0]})

    assert different(True) == 1
    assert different(False) > 10


def test_inpainted_windows_are_paired_with_what_they_were_made_from(stretch):
    inpainted = (0, 40, np.full((16, 1, SIDE, SIDE), 7, np.uint8))
    pairs = AppearancePairs(
        [stretch],
        config(appearance_pseudo_anomalies=("inpainted",), inpainter="ldm"),
        generated=[inpainted],
    )
    seen, normal = made(pairs, start=3)

    np.testing.assert_array_equal(seen, network_units(inpainted[2]))
    np.testing.assert_array_equal(normal, network_units(stretch.clip(40)))


def test_footage_too_short_for_any_stride_has_no_skip(stretch):
    pairs = MotionPairs([stretch], config(), scale=1.0)

    assert pairs.pseudo(0, FRAMES - 16, random=np.random.default_rng(0)) is None


def test_next_to_no_change_is_no_pseudo_anomaly():
    normal = np.zeros((3, 16, 4, 4), np.float32)

    assert not differs(normal, normal)
    assert not differs(normal + 0.01, normal)
    assert differs(np.where(np.arange(4) == 0, 0.5, normal), normal)
