"""Windows over footage: where they lie, what people decided on them, and streams of them."""

import numpy as np
import pytest

from detectors.base import ABNORMAL, LEFT_OUT, NORMAL, UNKNOWN
from detectors.diffvad import footage
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.footage import Footage, Stretch, Units

CONFIG = DiffVADConfig()


def frames(n: int) -> np.ndarray:
    """Latents (n, 4, 64) whose numbers are those of their frames."""
    return np.broadcast_to(np.arange(n, dtype=np.float16)[:, None, None], (n, 4, 64)).copy()


def two_stretches() -> Footage:
    return Footage(
        frames(20),
        np.full(20, UNKNOWN, np.int8),
        np.zeros(20, bool),
        (Stretch(0, 0, 0, 12), Stretch(1, 256, 12, 8)),
    )


def test_windows_cover_every_frame_once_and_turn_back_at_the_ends():
    found = two_stretches().windows(CONFIG, stride=3)

    assert found.first.tolist() == [0, 3, 6, 9, 256, 259, 262]
    assert found.video.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert found.rows[0].tolist() == [3, 2, 1, 0, 1, 2]
    assert found.rows[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert found.rows[-1].tolist() == [15, 16, 17, 18, 19, 18]


def test_whole_windows_stay_inside_their_stretch():
    found = two_stretches().windows(CONFIG, stride=1, whole=True)

    assert found.first.tolist() == [*range(3, 10), *range(259, 262)]
    assert (np.diff(found.rows, axis=1) == 1).all()


def test_a_training_window_belongs_to_the_nearest_row_of_the_bank():
    everything = two_stretches()
    bank, windows = everything.windows(CONFIG, stride=3), everything.windows(CONFIG, stride=1, whole=True)

    rows = everything.nearest_rows(windows, bank)

    assert (np.abs(bank.first[rows] - windows.first) <= 1).all()


def test_a_window_is_abnormal_where_one_frame_of_its_future_is():
    found = two_stretches()
    found.labels[[1, 4]] = [NORMAL, ABNORMAL]
    found.disputed[7] = True

    clamped, disputed = found.verdicts(found.windows(CONFIG, stride=3), CONFIG)

    assert clamped.tolist() == [NORMAL, ABNORMAL, *[UNKNOWN] * 5]
    assert disputed.tolist() == [False, False, True, *[False] * 4]


def test_a_window_is_usual_where_no_frame_of_it_is_abnormal_or_left_out():
    found = two_stretches()
    windows = found.windows(CONFIG, stride=3)
    found.labels[windows.rows[0, 0]], found.labels[windows.rows[3, -1]] = ABNORMAL, LEFT_OUT

    usual = found.usual(windows)

    assert not usual[[0, 3]].any()
    assert usual.any()


@pytest.mark.parametrize("n_frames", [1, 2, 7, 100])
@pytest.mark.parametrize("size", [5, 256])
def test_a_stream_gives_the_windows_of_the_whole_video(n_frames, size):
    pieces = [frames(n_frames)[first : first + size] for first in range(0, n_frames, size)]

    found = list(footage.streamed(pieces, n_frames, CONFIG, group=4))

    firsts = np.concatenate([first for first, _ in found])
    windows = np.concatenate([windows for _, windows in found])
    assert firsts.tolist() == list(range(0, n_frames, 3))
    np.testing.assert_array_equal(windows[:, :, 0, 0], footage.frames_of(firsts, n_frames, CONFIG))


def test_units_put_the_95th_percentile_at_two_whatever_few_fast_things_do():
    random = np.random.default_rng(0)
    latents = random.exponential(size=(500, 4, 64)).astype(np.float16)
    fast = latents.copy()
    fast[:5, :, :20] = 1000

    one, other = Units.of(latents, CONFIG), Units.of(fast, CONFIG)

    np.testing.assert_allclose(other.scale, one.scale, rtol=0.05)
    away = np.abs((latents.astype(np.float32) - one.centre[:, None]) * one.scale[:, None])
    np.testing.assert_allclose(np.percentile(away, 95), 2, rtol=0.05)


def test_noise_of_a_scene_where_nothing_moves_is_not_blown_up():
    still = np.random.default_rng(0).normal(0, 1e-3, (50, 4, 64)).astype(np.float16)

    assert Units.of(still, CONFIG).scale.max() <= 40
