"""What encoders of clips have in common: where clips start, the protocol, and a cache beneath.

A clip is 16 frames in a row. An encoder describes each cell of a grid over the picture by a vector; the mean
of the cells is the vector of the clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.base import Meter, Video
from detectors.field_cache import FieldCache

LENGTH = 16
"""Frames in a clip."""

GROUP = 64
"""Clips that are kept and read together."""

Floats = NDArray[np.float32]
Starts = NDArray[np.int64]


class ClipEncoder(Protocol):
    """Describes clips; equal fingerprints give equal vectors for equal videos.

    grid: (rows, columns) of cells. dimension: of the vector of a cell. costly: whether vectors are worth
    keeping on disk.
    """

    grid: tuple[int, int]
    dimension: int
    costly: bool

    @property
    def fingerprint(self) -> str: ...

    def region(self, video: Video) -> tuple[float, float, float, float]:
        """Give the part of the picture that the grid covers: left, top, right, bottom, as fractions."""
        ...

    def encode(
        self, video: Video, starts: Starts, *, cache: FieldCache | None, meter: Meter
    ) -> Iterator[Floats]:
        """Describe the clips at `starts`, which ascend, in pieces (k, rows, columns, D) of any length.

        A clip that goes past the end of the video sees its last frame again. `meter` counts frames and may
        raise Cancelled. Raises UnreadableVideo.
        """
        ...


def starts(n_frames: int, *, stride: int) -> Starts:
    """List where the clips of a video start: every `stride` frames, and one that ends with the last frame.

    A video shorter than a clip has one, which starts at 0.
    """
    last = max(0, n_frames - LENGTH)
    found = np.arange(0, last + 1, stride, dtype=np.int64)
    return found if found[-1] == last else np.append(found, last)


def encoded(
    encoder: ClipEncoder, video: Video, *, stride: int, cache: FieldCache | None, meter: Meter
) -> Iterator[tuple[Starts, Floats]]:
    """Describe all clips of a video, `stride` frames apart, in pieces (starts, vectors (k, rows, columns, D)).

    Vectors are rounded to float16, as the cache keeps them, so that they are the same with and without it.
    """
    places = starts(video.n_frames, stride=stride)
    groups = [places[first : first + GROUP] for first in range(0, len(places), GROUP)]
    store = cache if encoder.costly else None
    done = 0
    for group in groups:
        found = (
            store.read(_key(encoder, video, stride, done), shape=_shape(encoder, group)) if store else None
        )
        if found is None:
            break
        done += 1
        meter.advance(_frames(groups, done) - _frames(groups, done - 1))
        yield group, found.astype(np.float32)
    if done < len(groups):
        remaining = np.concatenate(groups[done:])
        pieces = encoder.encode(video, remaining, cache=cache, meter=meter)
        for group, vectors in zip(groups[done:], _regrouped(pieces), strict=True):
            rounded = np.clip(vectors, -_LARGEST, _LARGEST).astype(np.float16)
            if store:
                store.write(_key(encoder, video, stride, done), rounded)
            done += 1
            yield group, rounded.astype(np.float32)
    meter.advance(meter.total - meter.done)


_LARGEST = float(np.finfo(np.float16).max)


def _key(encoder: ClipEncoder, video: Video, stride: int, group: int) -> str:
    return f"{video.sha256}-clips-{encoder.fingerprint}-{stride}-{group}"


def _shape(encoder: ClipEncoder, group: Starts) -> tuple[int, ...]:
    return (len(group), *encoder.grid, encoder.dimension)


def _frames(groups: list[Starts], count: int) -> int:
    """How many frames the first `count` groups begin in."""
    return int(groups[count][0]) if count < len(groups) else int(groups[-1][-1])


def _regrouped(pieces: Iterator[Floats]) -> Iterator[Floats]:
    held: list[Floats] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        while count >= GROUP:
            joined = np.concatenate(held)
            yield joined[:GROUP]
            held, count = [joined[GROUP:]], count - GROUP
    if count:
        yield np.concatenate(held)
