"""Small square pictures of a video, kept for the next reader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detectors.ahead import ahead
from detectors.base import Meter, Video
from detectors.field_cache import FieldCache
from detectors.flow import CHUNK

Pictures = NDArray[np.uint8]

_AHEAD = 32  # pictures that are decoded while a network is at work


def pictures(
    video: Video,
    *,
    side: int,
    colour: bool = False,
    start: int = 0,
    stop: int | None = None,
    cache: FieldCache | None = None,
    meter: Meter | None = None,
) -> Iterator[tuple[int, Pictures]]:
    """Shrink the frames [start, stop) to squares, in pieces of at most CHUNK frames, in order.

    Yields (first frame, uint8 (n, C, side, side)), C = 3 (RGB) or 1 (gray). `meter` moves on by one for each
    frame and may raise Cancelled. Raises UnreadableVideo.
    """
    n_frames = video.n_frames
    stop = n_frames if stop is None else min(stop, n_frames)
    channels = 3 if colour else 1
    settings = hashlib.sha256(f"pictures 1 {side} {channels}".encode()).hexdigest()[:16]
    source: Iterator[NDArray[np.uint8]] = iter(())
    upcoming = -1  # the frame that source gives next
    for first in range(start - start % CHUNK, stop, CHUNK):
        last = min(first + CHUNK, n_frames)
        shape = (last - first, channels, side, side)
        key = f"{video.sha256}-{settings}-{first}" if cache else ""
        kept = cache.read(key, shape=shape) if cache else None
        if kept is not None:
            piece = kept.astype(np.uint8)  # float16 holds whole numbers up to 2048 exactly
        else:
            if upcoming != first:
                source = ahead(video.frames(first, size=side, gray=not colour), items=_AHEAD)
            piece = np.empty(shape, np.uint8)
            for n in range(last - first):
                picture = next(source)
                piece[n] = picture.transpose(2, 0, 1) if colour else picture[None]
            upcoming = last
            if cache:
                cache.write(key, piece.astype(np.float16))
        if meter:
            meter.advance(min(stop, last) - max(start, first))
        begin = max(start, first)
        yield begin, piece[begin - first : min(stop, last) - first]
