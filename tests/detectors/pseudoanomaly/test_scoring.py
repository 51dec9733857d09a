"""From rebuilt motion to scores."""

import numpy as np
import pytest
import torch

import detectors
from detectors.base import ConfigError
from detectors.pseudoanomaly import scoring
from detectors.pseudoanomaly.network import ConvAutoencoder
from detectors.pseudoanomaly.scoring import CELLS, SPEED, UNEXPECTED, Calibration, measure, rebuild

CPU = torch.device("cpu")


class Shifted(torch.nn.Module):
    """Rebuilds everything, `shift` too slow."""

    def __init__(self, shift=0.0):
        super().__init__()
        self.shift = shift

    def encode(self, window):
        return window

    def decoder(self, bottleneck):
        return bottleneck - self.shift


def numbered(n_frames, size=32):
    """Fields that hold their frame number, over 100."""
    numbers = np.arange(n_frames, dtype=np.float16)[:, None, None, None] / 100
    return np.ascontiguousarray(np.broadcast_to(numbers, (n_frames, 3, size, size)))


def rebuilt(fields, *, network=None, pieces=None, scale=1.0, stride=4):
    cut = [fields] if pieces is None else np.split(fields, pieces)
    return list(rebuild(network or Shifted(), cut, len(fields), scale=scale, stride=stride, device=CPU))


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("n_frames", [1, 3, 15, 16, 17, 90])
def test_every_frame_is_rebuilt_once_and_in_order(n_frames, stride):
    parts = rebuilt(numbered(n_frames), stride=stride)

    speeds = np.concatenate([part.mean for part in parts])
    np.testing.assert_allclose(speeds, np.arange(n_frames) / 100, rtol=2e-3)


def test_the_pieces_of_the_stream_do_not_matter():
    torch.manual_seed(0)
    network = ConvAutoencoder(3, (4, 4, 4, 4), tanh=False).eval()
    fields = np.random.default_rng(0).normal(size=(150, 3, 32, 32)).astype(np.float16)
    whole = measure(rebuilt(fields, network=network))
    cut = measure(rebuilt(fields, network=network, pieces=[1, 2, 70, 71, 149]))

    np.testing.assert_allclose(cut.strongest, whole.strongest, atol=1e-5)
    np.testing.assert_allclose(cut.error, whole.error, atol=1e-5)
    np.testing.assert_array_equal(cut.starts, whole.starts)
    np.testing.assert_allclose(cut.patterns, whole.patterns, atol=1e-5)


def test_what_is_not_rebuilt_is_measured_in_network_units():
    fields = np.full((40, 3, 32, 32), 2.0, np.float16)
    measured = measure(rebuilt(fields, network=Shifted(0.25), scale=4.0))

    np.testing.assert_allclose(measured.error, 0.0625, rtol=1e-3)
    np.testing.assert_allclose(measured.strongest[:, UNEXPECTED], 0.25 * 2**0.5, rtol=1e-3)
    np.testing.assert_allclose(measured.strongest[:, scoring.FASTER], 0.25, rtol=1e-3)
    np.testing.assert_allclose(measured.strongest[:, SPEED], 0.5, rtol=1e-3)


def test_motion_slower_than_rebuilt_is_unexpected_but_not_faster():
    measured = measure(rebuilt(np.zeros((40, 3, 32, 32), np.float16), network=Shifted(-0.5)))

    assert measured.strongest[:, UNEXPECTED].min() > 0.4
    assert measured.strongest[:, scoring.FASTER].max() == 0


def test_a_pattern_is_kept_every_sixteen_frames():
    torch.manual_seed(0)
    network = ConvAutoencoder(3, (4, 4, 4, 6), tanh=False).eval()
    measured = measure(rebuilt(numbered(100), network=network))

    assert measured.patterns.shape == (7, 12)
    np.testing.assert_array_equal(measured.starts, np.arange(0, 100, 16) - 6)


def race(*, n_frames=60, row=20, speed=1.0, usual=0.1):
    """Slow motion everywhere, and one fast cell from frame 30 to 50."""
    fields = np.full((n_frames, 3, 32, 32), usual, np.float16)
    fields[30:50, :, row : row + 2, 8:10] = speed
    return fields


def calibrated(*, perspective=False, fields=None):
    usual = measure(rebuilt(race(speed=0.2) if fields is None else fields, network=Shifted(0.05)))
    return Calibration.of(1.0, [usual], [np.ones(len(usual.error), bool)], perspective=perspective)


def test_the_fast_cell_makes_the_score_and_the_heat():
    calibration = calibrated()
    config = detectors.configure("pseudoanomaly")
    measured = measure(
        rebuilt(race(speed=0.25), network=Shifted(0.05)),
        calibration=calibration,
        kinds=scoring.kinds_of(config),
    )
    scores = scoring.judge(measured, calibration, config)

    assert scores.frames[32:48].min() > scores.frames[:20].max()
    maps = scores.heatmaps
    hottest = np.unravel_index(maps.values[list(maps.frames).index(40)].argmax(), (CELLS, CELLS))
    assert hottest == (20, 8)


def test_heat_is_on_one_scale_for_all_videos():
    calibration = calibrated()
    kinds = (UNEXPECTED, SPEED)

    def heat(speed):
        found = measure(
            rebuilt(race(speed=speed), network=Shifted(0.05)), calibration=calibration, kinds=kinds
        )
        return found.heat[10].max()  # frame 40

    assert heat(0.15) < heat(0.2) < heat(0.25)


def test_a_row_where_things_are_large_does_not_outrank_a_row_where_they_are_small():
    # Usual speeds grow tenfold from the top row to the bottom row.
    rows = np.geomspace(0.1, 1.0, 32).astype(np.float16)
    street = np.broadcast_to(rows[:, None], (60, 3, 32, 32))
    calibration = calibrated(perspective=True, fields=street)

    plain = calibrated(fields=street)

    def ratio(calibration):
        cells = calibration.level(np.broadcast_to(rows[:CELLS, None], (1, 4, CELLS, CELLS)))
        return cells[0, SPEED].max() / cells[0, SPEED].min()

    assert ratio(plain) > 8
    assert ratio(calibration) < 1.3


def test_footage_without_motion_has_no_perspective():
    still = calibrated(perspective=True, fields=np.zeros((40, 3, 32, 32), np.float16))

    np.testing.assert_array_equal(still.perspective, np.ones(CELLS))


def test_a_calibration_comes_back_from_its_numbers():
    calibration = calibrated(perspective=True)
    again = Calibration.from_array(calibration.array())

    np.testing.assert_array_equal(again.array(), calibration.array())
    assert len(calibration.array()) == scoring.LENGTH


def test_a_scale_of_zero_is_refused():
    values = calibrated().array()
    values[0] = 0

    with pytest.raises(ConfigError, match="not above zero"):
        Calibration.from_array(values)


@pytest.mark.parametrize("score", ["fused", "unexpected_motion", "faster", "error"])
def test_each_kind_of_score_ranks_the_race_first(score):
    calibration = calibrated()
    config = detectors.configure("pseudoanomaly", score=score)
    network = torch.nn.Module()
    network.encode = lambda window: window
    network.decoder = lambda bottleneck: bottleneck.clamp(max=0.15)  # rebuilds only what is slow
    measured = measure(
        rebuilt(race(), network=network), calibration=calibration, kinds=scoring.kinds_of(config)
    )
    frames = scoring.judge(measured, calibration, config).frames

    assert frames[35:45].min() > frames[:20].max()
