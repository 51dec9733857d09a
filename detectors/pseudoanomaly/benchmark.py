"""The paper's way to score and compare (Rai et al., inference), as the released code of its kind does it.

Of each video the frames are put between its best and its worst one, so a frame can be compared only with others
of its video, and a video that is abnormal throughout looks like any other. For comparing with published
figures; for everything else there is the calibrated score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.pseudoanomaly.network import WINDOW

_LEAST_ERROR = 1e-10  # a frame that was rebuilt to the last bit has no PSNR

FIRST = WINDOW // 2
"""The first frame with a score: the 9th of the first window."""

LAST = WINDOW - FIRST - 1
"""Frames at the end of a video without one."""


def crop(values: NDArray) -> NDArray:
    """Keep the frames of a video that are the 9th of some window: all but the first 8 and the last 7."""
    return values[FIRST : len(values) - LAST]


def psnr(error: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn mean squared errors into decibels, 10 log10(1 / error); higher is better rebuilt."""
    return 10 * np.log10(1 / np.maximum(error.astype(np.float64), _LEAST_ERROR))


def indicator(error: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute omega_1 of a video from its errors: 1 - (P - min P) / (max P - min P), 0 where all are equal."""
    return 1 - _between(psnr(error), equal=1.0)


def motion_indicator(error: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute omega_2 of a video from its errors of motion: (e - min e) / (max e - min e)."""
    return _between(error.astype(np.float64), equal=0.0)


def aggregate(indicators: Sequence[NDArray[np.float64]], weights: Sequence[float]) -> NDArray[np.float64]:
    """Compute omega_agg, the weighted sum of indicators (N,)."""
    return np.sum([w * values for w, values in zip(weights, indicators, strict=True)], axis=0)


def _between(values: NDArray[np.float64], *, equal: float) -> NDArray[np.float64]:
    low, high = values.min(), values.max()
    if low == high:
        return np.full(len(values), equal)
    return (values - low) / (high - low)
