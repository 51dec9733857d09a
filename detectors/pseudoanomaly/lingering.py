"""What has changed and stays: a bag left behind, somebody who lies on the ground.

Motion says nothing about what stands still. Here the last seconds, averaged so that passers-by fade, are compared
with the median of the minute before. Not of the paper; it needs no network.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.cuts import SIDE, Shots
from detectors.pseudoanomaly.motion import HEATMAP_STRIDE
from detectors.pseudoanomaly.plain import PlainMeasured
from detectors.pseudoanomaly.rebuilding import CELLS, Floats

LEAST_SPREAD = 2.0
"""Gray levels: noise of a camera in which nothing happens."""

_RATE = 4.0  # pictures a second
_PAST_S = 60.0
_MOST_PAST = 60  # pictures of the past that are compared with
_LEAST_PAST = 4


class Samples:
    """A few gray pictures a second of a video, kept in a temporary file, so that memory does not grow.

    Picture number n is frame n * step of the video. start: the first frame that is taken.
    """

    def __init__(self, fps: float, *, start: int = 0) -> None:
        self.step = _step(fps)
        self.rate = fps / self.step
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._first = -(-start // self.step)

    def __enter__(self) -> Samples:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self, first: int, pictures: NDArray[np.uint8]) -> None:
        """Keep what is needed of pictures (n, SIDE, SIDE) that begin at frame `first`."""
        chosen = pictures[-first % self.step :: self.step]
        self._file.write(np.ascontiguousarray(chosen).tobytes())

    def read(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Give the pictures number [start, stop): (n, SIDE, SIDE)."""
        self._file.seek((start - self._first) * SIDE * SIDE)
        data = self._file.read((stop - start) * SIDE * SIDE)
        return np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE)


def reach(fps: float, *, seconds: float) -> tuple[int, int]:
    """Say how many frames before and after a frame say what has changed and stays there."""
    step = _step(fps)
    recent, past, refresh = _lengths(fps / step, seconds)
    return step * (past + recent + refresh + 1), step * (recent + 1)


def measure(samples: Samples, shots: Shots, *, seconds: float) -> list[PlainMeasured]:
    """Measure how much of each shot has changed and stayed for `seconds`, in gray levels."""
    return [_shot(samples, start, stop, seconds) for start, stop in shots.spans]


def _shot(samples: Samples, start: int, stop: int, seconds: float) -> PlainMeasured:
    first, last = -(-start // samples.step), -(-stop // samples.step)
    strongest, places = [], []
    drawn = np.arange(start, stop, HEATMAP_STRIDE)
    heat = np.zeros((len(drawn), CELLS, CELLS), np.float16)
    for n, change in enumerate(_changes(samples, first, last, seconds), start=first):
        strongest.append(change.max())
        places.append(n * samples.step)
        near = np.abs(drawn - places[-1]) <= samples.step / 2 + HEATMAP_STRIDE
        heat[near] = change
    if not strongest:
        return PlainMeasured(np.zeros(stop - start, np.float32), heat)
    curve = np.interp(np.arange(start, stop), places, strongest).astype(np.float32)
    return PlainMeasured(curve, heat)


def _changes(samples: Samples, first: int, last: int, seconds: float) -> Iterator[Floats]:
    """Yield the change of each picture number [first, last) in cells, (CELLS, CELLS) in gray levels."""
    recent, past, refresh = _lengths(samples.rate, seconds)
    background: NDArray[np.float32] | None = None
    for n in range(first, last):
        end = n - recent  # what is recent is not past
        begin = max(first, end - past)
        if end - begin >= _LEAST_PAST and (n % refresh == 0 or background is None):
            chosen = samples.read(begin, end)
            background = np.median(chosen[:: -(-len(chosen) // _MOST_PAST)], axis=0).astype(np.float32)
        if background is None:
            yield np.zeros((CELLS, CELLS), np.float32)
            continue
        now = samples.read(max(first, n - recent // 2), min(last, n + recent - recent // 2))
        change = now.mean(0, dtype=np.float32) - background
        change = np.abs(change - np.median(change))  # the light may have changed everywhere
        # The same cells as those of the networks: 4 x 4 pixels that overlap by half.
        yield cv2.blur(change, (4, 4), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)[
            : SIDE - 3 : 2, : SIDE - 3 : 2
        ]


def _step(fps: float) -> int:
    return max(1, round(fps / _RATE))


def _lengths(rate: float, seconds: float) -> tuple[int, int, int]:
    """Give the pictures that are recent, those that are past, and those between two looks at the past."""
    return max(2, round(seconds * rate)), round(_PAST_S * rate), max(1, round(rate))
