"""From rebuilt motion to what is measured and judged."""

import numpy as np
import pytest
import torch

import detectors
from detectors.base import ConfigError
from detectors.pseudoanomaly import benchmark, motion, scoring
from detectors.pseudoanomaly.motion import FASTER, SPEED, UNEXPECTED, measure
from detectors.pseudoanomaly.network import ConvAutoencoder
from detectors.pseudoanomaly.plain import PlainMeasured, Scale
from detectors.pseudoanomaly.rebuilding import CELLS, leading, rebuild
from detectors.pseudoanomaly.scoring import Calibration, Seen

CPU = torch.device("cpu")


class Shifted(torch.nn.Module):
    """Rebuilds everything, `shift` too slow."""

    def __init__(self, shift=0.0):
        super().__init__()
        self.shift = shift

    def encode(self, window):
        return window

    def decode(self, bottleneck, frames):
        return bottleneck[:, :, frames] - self.shift


def numbered(n_frames, size=32):
    """Fields that hold their frame number, over 100."""
    numbers = np.arange(n_frames, dtype=np.float16)[:, None, None, None] / 100
    return np.ascontiguousarray(np.broadcast_to(numbers, (n_frames, 3, size, size)))


def rebuilt(fields, *, network=None, pieces=None, scale=1.0, stride=4):
    cut = [fields] if pieces is None else np.split(fields, pieces)
    return list(
        rebuild(
            network or Shifted(),
            cut,
            len(fields),
            units=lambda windows: windows / scale,
            look=motion.look,
            config=detectors.configure("pseudoanomaly", scoring_stride=stride),
            device=CPU,
        )
    )


def test_at_stride_one_the_ninth_frame_of_each_window_is_scored():
    assert leading(1) == benchmark.FIRST == 8
    (first, *_) = rebuilt(numbered(40), stride=1)

    assert first.starts[0] == -8


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
    np.testing.assert_allclose(measured.strongest[:, FASTER], 0.25, rtol=1e-3)
    np.testing.assert_allclose(measured.strongest[:, SPEED], 0.5, rtol=1e-3)


def test_motion_slower_than_rebuilt_is_unexpected_but_not_faster():
    measured = measure(rebuilt(np.zeros((40, 3, 32, 32), np.float16), network=Shifted(-0.5)))

    assert measured.strongest[:, UNEXPECTED].min() > 0.4
    assert measured.strongest[:, FASTER].max() == 0


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
    return motion.Calibration.of(1.0, [usual], [np.ones(len(usual.error), bool)], perspective=perspective)


def judged(measured, calibration, config, *, gates=None, **parts):
    """Scores of one shot of motion."""
    whole = Calibration(motion=calibration, appearance=None, lingering=None, gates=gates or {})
    return scoring.judge(Seen(starts=[0], motion=[measured], **parts), whole, config)


def test_the_fast_cell_makes_the_score_and_the_heat():
    calibration = calibrated()
    config = detectors.configure("pseudoanomaly")
    measured = measure(
        rebuilt(race(speed=0.25), network=Shifted(0.05)),
        calibration=calibration,
        kinds=scoring.kinds_of(config),
    )
    scores = judged(measured, calibration, config)

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
    again = motion.Calibration.from_array(calibration.array())

    np.testing.assert_array_equal(again.array(), calibration.array())
    assert len(calibration.array()) == motion.LENGTH


def test_a_scale_of_zero_is_refused():
    values = calibrated().array()
    values[0] = 0

    with pytest.raises(ConfigError, match="not above zero"):
        motion.Calibration.from_array(values)


class Slow(torch.nn.Module):
    """Rebuilds only what is slow."""

    def encode(self, window):
        return window

    def decode(self, bottleneck, frames):
        return bottleneck[:, :, frames].clamp(max=0.15)


@pytest.mark.parametrize("score", ["calibrated", "unexpected_motion", "faster", "motion_error", "benchmark"])
def test_each_kind_of_score_ranks_the_race_first(score):
    config = detectors.configure("pseudoanomaly", score=score)
    calibration = calibrated()
    measured = measure(
        rebuilt(race(), network=Slow()), calibration=calibration, kinds=scoring.kinds_of(config)
    )
    frames = judged(measured, calibration, config).frames

    assert frames[35:45].min() > frames[:20].max()


def test_a_network_that_fails_the_gate_does_not_count_and_it_is_said():
    config = detectors.configure("pseudoanomaly")
    calibration = calibrated()
    measured = measure(rebuilt(race(), network=Slow()), calibration=calibration, kinds=(UNEXPECTED, SPEED))
    passed = judged(measured, calibration, config, gates={"motion": 0.9})
    failed = judged(measured, calibration, config, gates={"motion": 0.3})

    fast = calibration.z(measured.strongest, SPEED)
    np.testing.assert_allclose(failed.frames, fast, rtol=1e-5)
    assert (passed.frames > failed.frames)[35:45].all()
    assert passed.notes == ()
    assert "AUC 0.30" in failed.notes[0]


def plain_shot(values):
    strongest = np.asarray(values, np.float32)
    cells = np.zeros((-(-len(strongest) // 4), CELLS, CELLS), np.float16)
    cells[:, 3, 5] = strongest[::4]
    return PlainMeasured(strongest, cells, error=np.linspace(0.1, 0.2, len(strongest), dtype=np.float32))


def plain_scores(n_frames=40, *, config=None, starts=(0,), **parts):
    whole = Calibration(motion=None, appearance=Scale(1, 1, 2), lingering=Scale(1, 1, 2), gates={})
    settings = config or detectors.configure("pseudoanomaly", streams="appearance")
    return scoring.judge(Seen(starts=list(starts), **parts), whole, settings)


def test_pictures_and_lingering_count_only_beyond_what_is_usual():
    usual, odd = np.full(40, 1.9), np.full(40, 1.9)
    odd[20:] = 4.0
    scores = plain_scores(appearance=[plain_shot(usual)], lingering=[plain_shot(odd)])

    np.testing.assert_allclose(scores.frames[:20], 0)
    np.testing.assert_allclose(scores.frames[20:], 4.0 * 2.0)  # weight times deviations beyond
    hottest = np.unravel_index(scores.heatmaps.values[-1].argmax(), (CELLS, CELLS))
    assert hottest == (3, 5)
    assert not scores.heatmaps.values[0].any()


def test_a_cut_is_said_and_each_shot_keeps_its_frames():
    shots = [plain_shot(np.full(10, 1.0)), plain_shot(np.full(30, 1.0))]
    scores = plain_scores(appearance=shots, starts=(0, 10))

    np.testing.assert_array_equal(scores.heatmaps.frames, [0, 4, 8, 10, 14, 18, 22, 26, 30, 34, 38])
    assert scores.notes == ("The scene is cut at frame 10; motion across a cut was not judged.",)


def test_the_discriminator_counts_with_its_weight():
    config = detectors.configure("pseudoanomaly", streams="appearance", eta_semantic=0.5)
    semantic = np.linspace(0, 1, 40, dtype=np.float32)
    scores = plain_scores(config=config, appearance=[plain_shot(np.zeros(40))], semantic=[semantic])

    np.testing.assert_allclose(scores.frames, 0.5 * semantic, rtol=1e-6)
    np.testing.assert_array_equal(scores.tracks["semantic_inconsistency"].values, semantic)


def test_the_benchmark_score_goes_from_the_best_to_the_worst_frame_that_counts():
    config = detectors.configure("pseudoanomaly", streams="appearance", score="benchmark")
    scores = plain_scores(config=config, appearance=[plain_shot(np.zeros(40))]).frames

    assert (scores[8], scores[-8]) == (0, 1)
    assert (scores[:8] == 0).all()  # left out by the protocol: they take the nearest
    assert (scores[-7:] == 1).all()
