"""Windows of frames."""

import numpy as np
import pytest

from detectors.windows import reflected, time_means


@pytest.mark.parametrize("n_frames", [2, 3, 5, 40])
def test_reflection_is_that_of_numpy(n_frames):
    frames = np.arange(-16, n_frames + 16)

    expected = np.pad(np.arange(n_frames), 16, mode="reflect")
    np.testing.assert_array_equal(reflected(frames, n_frames), expected)


def test_one_frame_reflects_to_itself():
    assert not reflected(np.arange(-3, 4), 1).any()


@pytest.mark.parametrize("length", [1, 4, 5, 16])
@pytest.mark.parametrize("n_frames", [1, 3, 16, 50])
def test_time_means_are_plain_means_whatever_the_pieces(n_frames, length):
    values = np.random.default_rng(0).normal(size=(n_frames, 2)).astype(np.float32)
    pieces = np.split(values, [n for n in (1, 2, 9, 30) if n < n_frames])

    windows = [values[max(0, n - length // 2) : n - length // 2 + length] for n in range(n_frames)]
    expected = [window.mean(0) for window in windows]
    np.testing.assert_allclose(np.concatenate(list(time_means(pieces, length))), expected, atol=1e-6)


def test_nothing_has_no_means():
    assert list(time_means([], 4)) == []
