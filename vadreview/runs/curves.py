"""The anomaly curve of each video of a run, smoothed, kept in memory while a person moves the threshold."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vadreview import errors
from vadreview.runs import inference
from vadreview.runs.models import Run, Track
from vadreview.runs.tracks import read as values_of

SCORE = "score"  # the name of the track that holds a run's score of every frame
CACHE_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class Curve:
    """Scores of one video, one value a frame; `smoothed` is float64 (n_frames,)."""

    video: uuid.UUID
    track: uuid.UUID
    fps: Fraction
    smoothed: NDArray[np.float64]


class _Cache:
    """Least recently used arrays, up to a number of bytes; for all threads of a process."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: OrderedDict[tuple, NDArray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple, make: Callable[[], NDArray]) -> NDArray:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()  # outside the lock: two threads may both do it, which costs time, not correctness
        made.flags.writeable = False
        with self._lock:
            if key not in self._held:
                self._held[key] = made
                self._bytes += made.nbytes
            while self._bytes > self._limit and len(self._held) > 1:
                _, dropped = self._held.popitem(last=False)
                self._bytes -= dropped.nbytes
        return made


# a track's values never change: scoring a video again makes a new track with a new id
_cache = _Cache(CACHE_BYTES)


def _nobody() -> None:
    pass


def of(run: Run, *, sigma_frames: float, seen: Callable[[], None] = _nobody) -> list[Curve]:
    """Return the curves of the scored videos of a run, smoothed, in the order of the videos' names.

    `seen` is called before each of them. Raises Conflict when no video is scored yet.
    """
    tracks = (
        Track.objects.filter(run=run, name=SCORE).select_related("video").order_by("video__name", "video_id")
    )
    found = []
    for track in tracks:
        seen()
        smoothed = _smoothed(track, sigma_frames=sigma_frames)
        found.append(Curve(video=track.video_id, track=track.pk, fps=track.video.fps, smoothed=smoothed))
    if not found:
        raise errors.Conflict(
            "This run has not scored a video yet. Wait until it has, then set the threshold.",
            code="not_scored",
        )
    return found


def levels(
    curves: list[Curve], *, policy: inference.Policy, high: float | None = None
) -> inference.Threshold:
    """Find the threshold of a run by its policy, or place it at `high`."""
    key = ("levels", *(curve.track for curve in curves), policy.model_dump_json())

    def resolve() -> NDArray[np.float64]:
        found = inference.resolve_threshold((curve.smoothed for curve in curves), unsmoothed(policy))
        return np.array([found.high, found.low, found.centre, found.spread])

    threshold = inference.Threshold(*_cache.get(key, resolve).tolist())
    return threshold if high is None else threshold.moved_to(high, hysteresis=policy.hysteresis)


def intervals(
    curve: Curve, *, policy: inference.Policy, threshold: inference.Threshold
) -> list[inference.Interval]:
    """Find what stands out in one video."""
    return inference.find(curve.smoothed, fps=curve.fps, policy=unsmoothed(policy), threshold=threshold)


def unsmoothed(policy: inference.Policy) -> inference.Policy:
    """Return the policy for scores that are smoothed already."""
    return policy.model_copy(update={"smooth_sigma_frames": 0.0})


def _smoothed(track: Track, *, sigma_frames: float) -> NDArray[np.float64]:
    return _cache.get(
        (track.pk, sigma_frames), lambda: inference.smooth(values_of(track), sigma_frames=sigma_frames).copy()
    )


# finer towards 1, where everything that is proposed lies
_LEVELS = np.concatenate([np.linspace(0, 0.99, 991), 1 - np.geomspace(0.01, 1e-6, 400)[1:], [1.0]])


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which share of all frames of a run a score reaches: what makes runs of different detectors comparable."""

    scores: NDArray[np.float64]  # at _LEVELS

    def of(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of frames, 0 to 1, that score at most this."""
        place = np.searchsorted(self.scores, scores, side="right") - 1
        return np.where(place < 0, 0.0, _LEVELS[np.clip(place, 0, len(_LEVELS) - 1)])


def ranks(curves: list[Curve], *, sigma_frames: float) -> Ranks:
    """Measure how scores are spread over all frames of a run."""
    key = ("ranks", *(curve.track for curve in curves), sigma_frames)

    def measure() -> NDArray[np.float64]:
        return np.quantile(np.concatenate([curve.smoothed for curve in curves]), _LEVELS)

    return Ranks(_cache.get(key, measure))
