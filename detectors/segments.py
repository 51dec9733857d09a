"""Scores of frames -> intervals worth a look.

The browser recounts intervals while a person drags the threshold, so the definition is short enough to be
repeated exactly in another language. All arithmetic is float64; `frames(t) = floor(t * fps + 0.5)`.

1. Smooth. `y[i] = sum_k w[k] s[i + k] / sum_k w[k]` over `|k| <= ceil(3 * sigma)` with `i + k` inside the
   video and `w[k] = exp(-k^2 / (2 sigma^2))`. Sigma 0 leaves the scores as they are.
2. Seed and grow. Take every maximal run of frames with `y > low`; keep it if it has a frame with `y > high`.
3. Merge. Two neighbours become one if the gap between them is `< frames(merge_gap_s)` frames.
4. Drop. Forget what is `< frames(min_length_s)` frames long.
5. Peak. The first frame with the largest y of the interval; that y is the score of the interval.
6. Pad. Widen both ends by `frames(pad_s)`, at most to the ends of the video and, towards a neighbour, to
   `floor((stop + next start) / 2)`, so that padding never changes the number of intervals.

`high` and `low` come from `resolve_threshold`: one pair for all videos of a run, made from the smoothed
scores of the run alone. No labels are used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

# Median absolute deviation -> standard deviation, for a normal distribution: 1 / Phi^-1(3/4).
MAD_TO_STD = 1.4826022185056018


class Policy(BaseModel):
    """Decide which frames of a run become intervals."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Literal["mad", "quantile", "mean_std", "fixed"] = Field(
        "mad",
        description="How the threshold is found from the scores of the run: mad = median + value x robust "
        "standard deviation; quantile = the score that this share of all frames stays under; mean_std = mean "
        "+ value x standard deviation; fixed = value is the score itself.",
    )
    value: float = Field(
        3.0,
        description="mad and mean_std: number of deviations, 0 to 100. quantile: share of frames, above 0 "
        "and below 1. fixed: a score.",
    )
    smooth_sigma_frames: float = Field(
        3.0,
        ge=0,
        le=125,
        description="Width (sigma, in frames) of the Gaussian that smooths the scores; 0 = none.",
    )
    hysteresis: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="How far an interval may grow below the threshold: 0 = not at all, 0.5 = half the way "
        "down to the median score of the run.",
    )
    merge_gap_s: float = Field(
        1.0, ge=0, le=600, description="Intervals closer together than this many seconds become one."
    )
    min_length_s: float = Field(0.4, ge=0, le=600, description="Shorter intervals (seconds) are dropped.")
    pad_s: float = Field(0.0, ge=0, le=60, description="Seconds added before and after every interval.")

    @model_validator(mode="after")
    def _value_fits_the_method(self) -> Self:
        if self.method == "quantile" and not 0 < self.value < 1:
            raise ValueError(f"value must lie between 0 and 1 for the method quantile, got {self.value:g}")
        if self.method in {"mad", "mean_std"} and not 0 <= self.value <= 100:
            raise ValueError(f"value must lie from 0 to 100 for the method {self.method}, got {self.value:g}")
        return self


@dataclass(frozen=True, slots=True)
class Threshold:
    """Two levels of one run: an interval has a frame above `high` and all its frames above `low`.

    `centre` is the median of the smoothed scores and `spread` their robust standard deviation, for a caller
    that moves `high` by hand (see `moved_to`). Frames of a merged gap may lie below `low`.
    """

    high: float
    low: float
    centre: float
    spread: float

    def moved_to(self, high: float, *, hysteresis: float) -> Threshold:
        """Place the upper level by hand; `low = high - hysteresis * max(high - centre, 0)` follows."""
        low = high - hysteresis * max(high - self.centre, 0.0)
        return Threshold(high=high, low=low, centre=self.centre, spread=self.spread)


@dataclass(frozen=True, slots=True)
class Interval:
    """Frames [start, stop) with the frame and the value of their largest smoothed score."""

    start: int
    stop: int
    peak_frame: int
    score: float


@dataclass(frozen=True, slots=True)
class Count:
    """Number of intervals and of the frames in them."""

    intervals: int
    frames: int


def smooth(scores: ArrayLike, *, sigma_frames: float) -> NDArray[np.float64]:
    """Smooth the scores of one video with a Gaussian; (N,) in, (N,) out.

    Near the ends the kernel is cut and normalised again, so a constant stays constant. A NaN becomes the
    smallest finite score of the video (it cannot raise an alarm), an infinity the largest or smallest.
    """
    finite = _finite(scores)
    if sigma_frames <= 0 or finite.size < 2:
        return finite
    radius = min(math.ceil(3 * sigma_frames), finite.size - 1)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_frames) ** 2)
    frame = np.arange(finite.size)
    mass = np.concatenate([[0.0], np.cumsum(kernel)])
    after, before = np.minimum(radius, frame[::-1]), np.minimum(radius, frame)
    weight = mass[radius + 1 + after] - mass[radius - before]
    # "full" cut by hand: "same" returns the longer of its inputs, which is the kernel on a short video.
    return np.convolve(finite, kernel)[radius : radius + finite.size] / weight


def resolve_threshold(scores: Iterable[ArrayLike], policy: Policy) -> Threshold:
    """Find the two levels of a run from the scores of all its videos; ValueError if there is no score."""
    smoothed = [smooth(video, sigma_frames=policy.smooth_sigma_frames) for video in scores]
    pooled = np.concatenate([*smoothed, np.empty(0)])
    if not pooled.size:
        raise ValueError(
            "no threshold can be found: none of the videos has a score; score at least one video first"
        )
    centre = float(np.median(pooled))
    spread = MAD_TO_STD * float(np.median(np.abs(pooled - centre)))
    if spread == 0:  # more than half of the frames have the very same score, as in footage of an empty scene
        spread = float(pooled.std())
    match policy.method:
        case "mad":
            high = centre + policy.value * spread
        case "quantile":
            high = float(np.quantile(pooled, policy.value))
        case "mean_std":
            high = float(pooled.mean()) + policy.value * float(pooled.std())
        case "fixed":
            high = policy.value
    levels = Threshold(high=high, low=high, centre=centre, spread=spread)
    return levels.moved_to(high, hysteresis=policy.hysteresis)


def find(scores: ArrayLike, *, fps: float | Fraction, policy: Policy, threshold: Threshold) -> list[Interval]:
    """Find the intervals of one video, in order of time and without overlap."""
    smoothed = smooth(scores, sigma_frames=policy.smooth_sigma_frames)
    starts, stops = _spans(smoothed, fps=float(fps), policy=policy, threshold=threshold)
    peaks = [start + int(np.argmax(smoothed[start:stop])) for start, stop in zip(starts, stops, strict=True)]
    starts, stops = _pad(starts, stops, by=_frames(policy.pad_s, fps=float(fps)), total=smoothed.size)
    return [
        Interval(start=int(start), stop=int(stop), peak_frame=int(peak), score=float(smoothed[peak]))
        for start, stop, peak in zip(starts, stops, peaks, strict=True)
    ]


def count(scores: ArrayLike, *, fps: float | Fraction, policy: Policy, threshold: Threshold) -> Count:
    """Count what `find` would return, without building it.

    To count at many thresholds, smooth once and pass a policy with `smooth_sigma_frames=0`.
    """
    smoothed = smooth(scores, sigma_frames=policy.smooth_sigma_frames)
    starts, stops = _spans(smoothed, fps=float(fps), policy=policy, threshold=threshold)
    starts, stops = _pad(starts, stops, by=_frames(policy.pad_s, fps=float(fps)), total=smoothed.size)
    return Count(intervals=int(starts.size), frames=int((stops - starts).sum()))


def _spans(
    smoothed: NDArray[np.float64], *, fps: float, policy: Policy, threshold: Threshold
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Steps 2 to 4 of the definition."""
    starts, stops = _runs(smoothed > threshold.low)
    if not starts.size:
        return starts, stops
    # seeds[i] = frames above `high` before frame i
    seeds = np.concatenate([[0], np.cumsum(smoothed > threshold.high)])
    seeded = seeds[stops] > seeds[starts]
    starts, stops = starts[seeded], stops[seeded]
    apart = starts[1:] - stops[:-1] >= _frames(policy.merge_gap_s, fps=fps)
    starts, stops = starts[np.r_[True, apart][: starts.size]], stops[np.r_[apart, True][: stops.size]]
    long_enough = stops - starts >= _frames(policy.min_length_s, fps=fps)
    return starts[long_enough], stops[long_enough]


def _runs(above: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    edges = np.flatnonzero(above[1:] != above[:-1]) + 1
    if above.size and above[0]:
        edges = np.r_[0, edges]
    if above.size and above[-1]:
        edges = np.r_[edges, above.size]
    return edges[::2], edges[1::2]


def _pad(
    starts: NDArray[np.intp], stops: NDArray[np.intp], *, by: int, total: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    middles = (stops[:-1] + starts[1:]) // 2
    first = np.r_[0, middles][: starts.size]
    last = np.r_[middles, total][: stops.size]
    return np.maximum(starts - by, first), np.minimum(stops + by, last)


def _frames(seconds: float, *, fps: float) -> int:
    return math.floor(seconds * fps + 0.5)


def _finite(scores: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"scores must be one value a frame, shape (N,), got shape {values.shape}")
    known = np.isfinite(values)
    if known.all():
        return values
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    return np.nan_to_num(values, nan=low, posinf=high, neginf=low)
