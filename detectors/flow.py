"""Dense motion between frames, reduced to a grid of cells and kept for the next reader.

The field of frame n is the motion from frame n to frame n + 1; the last frame repeats the field before it, so
that every frame has one. A video of one frame has a field of zeros. Motion is estimated by DIS optical flow
(Kroeger et al. 2016), or by TV-L1 (Zach et al. 2007) where a library has it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.ahead import ahead
from detectors.base import ConfigError, Meter, ProgressCallback, Track, Video, ignore
from detectors.field_cache import FieldCache
from detectors.windows import time_means

CHUNK = 256
"""Frames that are computed, kept and read together."""

_BLOCK = 32  # pictures in memory at once while a chunk is computed
_LEAST_SIDE = 64  # DIS needs a few pixels for its coarsest scale
_TIME_MEAN = 16  # frames of the steadier of the untrained curves
_PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}

Fields = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """How motion is estimated and reduced.

    method: tvl1-opencv needs opencv-contrib, tvl1-scikit needs scikit-image; their results differ. preset: of
    DIS. grid: cells along each side of a field. long_side: frames are shrunk until no side is longer.
    square: frames are stretched to long_side x long_side instead, and speeds are in pixels of that square.
    """

    grid: int = 64
    preset: Literal["ultrafast", "fast", "medium"] = "medium"
    long_side: int = 384
    square: bool = False
    method: Literal["dis", "tvl1-opencv", "tvl1-scikit"] = "dis"

    @property
    def fingerprint(self) -> str:
        """Tell settings apart, and versions of OpenCV, whose results differ."""
        text = f"1 {self.grid} {self.preset} {self.long_side} {self.square} {cv2.__version__}"
        if self.method != "dis":
            text += f" {self.method}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def working_size(self, height: int, width: int) -> tuple[int, int]:
        """Give the (height, width) at which motion is estimated."""
        if self.square:
            return self.long_side, self.long_side
        scale = min(1.0, self.long_side / max(height, width))
        return max(_LEAST_SIDE, round(height * scale)), max(_LEAST_SIDE, round(width * scale))


REFERENCE = FlowSettings(grid=16, long_side=256, square=True)


def fields(
    video: Video,
    settings: FlowSettings,
    *,
    start: int = 0,
    stop: int | None = None,
    cache: FieldCache | None = None,
    meter: Meter | None = None,
) -> Iterator[tuple[int, Fields]]:
    """Compute the motion of frames [start, stop) in pieces of at most CHUNK frames, in order.

    Yields (first frame, float16 (n, 3, grid, grid)): mean horizontal and vertical motion and mean speed of
    the pixels of each cell, in source pixels a frame. `meter` moves on by one for each frame and may raise
    Cancelled. Raises UnreadableVideo, or ConfigError where the library of a method is not there.
    """
    n_frames = video.n_frames
    stop = n_frames if stop is None else min(stop, n_frames)
    with _Reader(video, settings, meter or Meter(ignore, "motion", n_frames)) as reader:
        for first in range(start - start % CHUNK, stop, CHUNK):
            last = min(first + CHUNK, n_frames)
            shape = (last - first, 3, settings.grid, settings.grid)
            key = f"{video.sha256}-{settings.fingerprint}-{first}" if cache else ""
            piece = cache.read(key, shape=shape) if cache else None
            if piece is None:
                piece = reader.compute(first, last)
                if cache:
                    cache.write(key, piece)
            else:
                reader.meter.advance(last - first)
            begin, end = max(start, first), min(stop, last)
            yield begin, piece[begin - first : end - first]


def motion_reference(
    video: Video, *, progress: ProgressCallback = ignore, cache: FieldCache | None = None
) -> dict[str, NDArray[np.float32]]:
    """Compute the untrained reference curves: how much moves in each frame.

    Speeds are means over the cells of a 16 x 16 grid, in pixels a frame on a picture of 256 x 256.
    mean: float32 (N,), over all cells. strongest_cell: float32 (N,), of the fastest cell.
    """
    meter = Meter(progress, "motion", video.n_frames)
    mean, strongest = [], []
    for _, piece in fields(video, REFERENCE, cache=cache, meter=meter):
        speed = piece[:, 2].astype(np.float32)  # (n, 16, 16)
        mean.append(speed.mean((1, 2)))
        strongest.append(speed.max((1, 2)))
    return {"mean": np.concatenate(mean), "strongest_cell": np.concatenate(strongest)}


def untrained_tracks(
    video: Video, *, progress: ProgressCallback = ignore, cache: FieldCache | None = None
) -> dict[str, Track]:
    """Compute the tracks that every figure is to be compared with, for detectors that see no motion themselves."""
    meter = Meter(progress, "motion", video.n_frames)
    speeds = [
        piece[:, 2].astype(np.float32) for _, piece in fields(video, REFERENCE, cache=cache, meter=meter)
    ]
    curves = {
        "motion_strongest_cell": [piece.max((1, 2)) for piece in speeds],
        "motion_mean": [piece.mean((1, 2)) for piece in speeds],
        "motion_time_mean_16": [piece.max((1, 2)) for piece in time_means(speeds, _TIME_MEAN)],
    }
    return {name: Track(np.concatenate(parts)) for name, parts in curves.items()}


class _Reader:
    """Computes chunks, and goes on decoding where the chunk before ended."""

    def __init__(self, video: Video, settings: FlowSettings, meter: Meter) -> None:
        self.meter = meter
        self._video = video
        self._settings = settings
        self._size = settings.working_size(video.height, video.width)
        estimator(settings)  # says what is missing before anything is decoded
        self._pictures: Iterator[NDArray[np.uint8]] = iter(())
        self._held: NDArray[np.uint8] | None = None  # picture number self._next
        self._next = -1
        self._pool = ThreadPoolExecutor(min(4, len(os.sched_getaffinity(0))))
        self._local = threading.local()

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def compute(self, first: int, last: int) -> Fields:
        """Estimate the motion of frames [first, last)."""
        if self._next != first:
            self._pictures = ahead(self._video.frames(first, size=self._size, gray=True), items=_BLOCK)
            self._held, self._next = next(self._pictures), first
        found = np.zeros((last - first, 3, self._settings.grid, self._settings.grid), np.float16)
        pairs = min(last, self._video.n_frames - 1) - first
        for done in range(0, pairs, _BLOCK):
            count = min(_BLOCK, pairs - done)
            pictures = [self._held, *(next(self._pictures) for _ in range(count))]
            with _one_thread_each():
                found[done : done + count] = list(self._pool.map(self._field, pictures, pictures[1:]))
            self._held, self._next = pictures[-1], first + done + count
            self.meter.advance(count)
        if pairs < last - first:
            found[-1] = found[-2] if pairs else self._before(first)
            self.meter.advance(1)
        return found

    def _before(self, first: int) -> Fields | float:
        """The field of the frame before the last, where the last frame begins a chunk of its own."""
        if first == 0:
            return 0.0
        pictures = list(self._video.frames(first - 1, first + 1, size=self._size, gray=True))
        with _one_thread_each():
            return self._field(*pictures)

    def _field(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Fields:
        estimate = getattr(self._local, "estimate", None)
        if estimate is None:  # an instance keeps buffers: one for each thread
            estimate = self._local.estimate = estimator(self._settings)
        motion = estimate(before, after)  # (h, w, 2)
        if not self._settings.square:
            height, width = self._size
            motion *= np.array([self._video.width / width, self._video.height / height], np.float32)
        u, v = motion[..., 0], motion[..., 1]
        full = cv2.merge([u, v, cv2.magnitude(u, v)])
        grid = (self._settings.grid, self._settings.grid)
        small = cv2.resize(full, grid, interpolation=cv2.INTER_AREA)
        return small.transpose(2, 0, 1).astype(np.float16)  # (3, grid, grid)


def estimator(
    settings: FlowSettings,
) -> Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]]:
    """Give the function from two gray pictures to the motion (H, W, 2) between them. Raises ConfigError."""
    if settings.method == "dis":
        dis = cv2.DISOpticalFlow.create(_PRESETS[settings.preset])
        return lambda before, after: dis.calc(before, after, None)  # type: ignore[call-overload]
    if settings.method == "tvl1-opencv":
        if not hasattr(cv2, "optflow"):
            raise ConfigError(
                "TV-L1 by OpenCV needs its contrib build: replace opencv-python-headless by "
                "opencv-contrib-python-headless, or choose dis or tvl1-scikit."
            )
        dual = cv2.optflow.DualTVL1OpticalFlow_create()
        return lambda before, after: dual.calc(before, after, None)
    try:
        from skimage.registration import optical_flow_tvl1
    except ImportError:
        raise ConfigError(
            "TV-L1 by scikit-image needs that package: pip install scikit-image, or choose dis."
        ) from None

    def scikit(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
        # It gives rows before columns.
        rows, columns = optical_flow_tvl1(before / 255.0, after / 255.0, dtype=np.float32)
        return np.stack([columns, rows], axis=-1)

    return scikit


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV to one thread: we run pairs side by side, and DIS splits its work by threads."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
