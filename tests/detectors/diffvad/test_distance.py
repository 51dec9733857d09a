"""Distances: equal to vectors of the reference, and what the score is made of."""

import numpy as np
import pytest
import torch

from detectors.diffvad import encoders
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.distance import Calibration, distances, smooth_l1

from .parity import NEEDS_VECTORS, tensors


class Plain:
    """An encoder whose cells are its nodes."""

    def cells(self, values):
        return values.mean(-2)[..., None, :]


def measured(generated, future, **settings):
    return distances(generated, future, Plain(), DiffVADConfig(**settings))


@NEEDS_VECTORS
def test_smooth_l1_is_that_of_the_reference():
    v = tensors("smoothl1/")

    torch.testing.assert_close(smooth_l1(v["r"], torch.zeros(8)), v["y"], rtol=0, atol=1e-6)


@NEEDS_VECTORS
def test_distances_of_patterns_are_those_of_the_reference():
    v = tensors("agg/")

    found = measured(v["patterns"], v["gt"])

    np.testing.assert_allclose(found.patterns, v["D_m"], rtol=1e-5)
    np.testing.assert_allclose(found.patterns.mean(1), v["D_mean"], rtol=1e-5)
    np.testing.assert_allclose(found.patterns.min(1), v["D_min"], rtol=1e-5)
    whole = measured(v["patterns"], v["gt"], over_patterns="mean").maps
    np.testing.assert_allclose(whole.mean((1, 2)), v["D_mean"], rtol=1e-5)


def test_a_cell_is_as_far_as_its_nearest_pattern():
    generated, future = torch.zeros(1, 2, 1, 1, 2), torch.zeros(1, 1, 1, 2)
    generated[0, 0, 0, 0, 0] = generated[0, 1, 0, 0, 1] = 4  # each pattern is right about another cell

    assert measured(generated, future).maps.max() == 0
    assert measured(generated, future, over_patterns="mean").maps.max() == pytest.approx(3.5 / 2)


def test_bias_and_spread_tell_a_future_off_the_patterns_from_scattered_patterns():
    future = torch.full((1, 1, 1, 1), 5.0)
    off = measured(torch.zeros(1, 4, 1, 1, 1), future)
    scattered = measured(torch.tensor([1.0, 9, 3, 7]).view(1, 4, 1, 1, 1), future)

    assert (off.bias[0], off.spread[0]) == (4.5, 0)
    assert (scattered.bias[0], scattered.spread[0]) == (0, pytest.approx(10**0.5))


def test_the_cells_of_a_node_are_laid_out_where_they_were():
    encoder = encoders.MotionEncoder(DiffVADConfig())
    maps = np.random.default_rng(0).random((3, 16, 16)).astype(np.float32)

    nodes = encoder._nodes(maps)

    assert nodes.shape == (3, 4, 64)
    np.testing.assert_array_equal(encoder.cells(torch.from_numpy(nodes)).numpy(), maps)


def maps(seed=0) -> np.ndarray:
    return np.random.default_rng(seed).random((50, 4, 4)).astype(np.float32)


def test_raw_windows_are_as_strange_as_their_strangest_cells():
    found, usual = maps(), np.ones(50, bool)
    calibration = Calibration.of(found, usual, normed=False)

    np.testing.assert_allclose(calibration.windows(found, DiffVADConfig()), found.max((1, 2)))
    every = calibration.windows(found, DiffVADConfig(top_cells=None))
    np.testing.assert_allclose(every, found.mean((1, 2)), rtol=1e-6)


def test_normed_cells_are_measured_against_themselves_and_no_cell_is_a_loudspeaker():
    found = maps()
    found[:, 0] *= 100  # fast things are usual in the first row
    found[:, 3] *= 0.0  # and nothing ever moves in the last
    calibration = Calibration.of(found, np.ones(50, bool), normed=True)

    level = calibration.level(found)

    spread = found.astype(np.float64).std(0)
    np.testing.assert_allclose(level, (found - found.mean(0, dtype=np.float64)) / (spread + spread.mean()))
    assert np.abs(level[:, 3]).max() < 1e-6


def test_what_people_found_abnormal_does_not_calibrate():
    found, usual = maps(), np.arange(50) < 40
    odd = found.copy()
    odd[40:] = 1000

    np.testing.assert_array_equal(
        Calibration.of(found, usual, normed=True).array(), Calibration.of(odd, usual, normed=True).array()
    )


def test_a_calibration_is_kept_as_an_array():
    found = Calibration.of(maps(), np.ones(50, bool), normed=True)

    again = Calibration.from_array(found.array(), 4)

    np.testing.assert_array_equal(again.array(), found.array())
    assert again.normed


def test_heat_has_one_scale_for_all_videos():
    calibration = Calibration.of(maps(), np.ones(50, bool), normed=False)
    quiet, loud = maps(1) * 0.1, maps(1) * 10

    assert calibration.heat(quiet).max() < 30
    assert calibration.heat(loud).max() == 255


def test_distances_are_measured_by_the_size_of_things_at_their_height():
    maps = np.ones((5, 2, 3), np.float32)

    found = Calibration.of(maps, np.ones(5, bool), normed=False, sizes=np.array([0.5, 2.0]))

    np.testing.assert_allclose(found.level(maps)[0], [[2.0] * 3, [0.5] * 3])
