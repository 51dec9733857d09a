"""Scene cuts: where the picture changes all at once, so that motion across the change means nothing.

A cut is found without labels, from how much the whole picture changes against how much it changed just before
and just after. Windows must not span one: every shot is to be treated as a video of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from detectors.base import Meter, Video
from detectors.field_cache import FieldCache
from detectors.pictures import pictures

SIDE = 64
"""Height and width of the gray pictures that are compared."""

_BLOCKS = 8
_NEIGHBOURS = 12  # frames before and after that say how much change is usual here
_TIMES_USUAL = 6.0
_LEAST_CHANGE = 10.0  # gray levels of 256; below it a cut would hardly be seen
_SHARE = 0.8  # of the blocks of the picture have to change
_LEAST_BLOCK_CHANGE = 4.0
_LEAST_SHOT = 4  # frames; shorter ones are flashes and broken pictures

REACH = _NEIGHBOURS + 2 + _LEAST_SHOT
"""Frames before and after a frame that say whether there is a cut at it."""

Piece = TypeVar("Piece", bound=NDArray)


@dataclass(frozen=True, slots=True)
class Shots:
    """A video in pieces that belong together.

    spans: (start, stop) of each shot, which cover all frames in order. held: bool (N,), frames whose motion to
    the next frame leads over a cut or through a flash, and means nothing. Of a part of a video both are in frames
    of the video, and no frame before the part is held.
    """

    spans: tuple[tuple[int, int], ...]
    held: NDArray[np.bool_]

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of all shots but the first."""
        return tuple(start for start, _ in self.spans[1:])

    def within(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Cut [start, stop) where shots meet."""
        return [(max(a, start), min(b, stop)) for a, b in self.spans if a < stop and b > start]


def find_shots(
    video: Video,
    *,
    start: int = 0,
    stop: int | None = None,
    cache: FieldCache | None = None,
    meter: Meter | None = None,
    watch: Callable[[int, NDArray[np.uint8]], None] | None = None,
) -> Shots:
    """Find the shots in the frames [start, stop). `meter` moves on by one for each frame. Raises UnreadableVideo.

    Cuts that are REACH frames from the ends of a part of a video are those that are found in all of it.

    watch: called with the first frame and the pictures, (n, SIDE, SIDE), of each piece, for whoever needs them too.
    """
    change, blocks, before = [], [], None
    for first, piece in pictures(video, side=SIDE, start=start, stop=stop, cache=cache, meter=meter):
        if watch:
            watch(first, piece[:, 0])
        gray = piece[:, 0].astype(np.float32)
        differences = np.abs(np.diff(gray, axis=0, prepend=gray[:1] if before is None else before[None]))
        block = differences.reshape(len(gray), _BLOCKS, SIDE // _BLOCKS, _BLOCKS, -1).mean((2, 4))
        change.append(differences.mean((1, 2)))
        blocks.append((block >= _LEAST_BLOCK_CHANGE).mean((1, 2)))
        before = gray[-1]
    found = shots_of(np.concatenate(change), np.concatenate(blocks))
    return Shots(tuple((a + start, b + start) for a, b in found.spans), np.pad(found.held, (start, 0)))


def shots_of(change: NDArray[np.floating], share: NDArray[np.floating]) -> Shots:
    """Find the shots from how much each frame differs from the one before.

    change: (N,), mean absolute difference in gray levels, 0 for the first frame. share: (N,), share of the
    blocks of the picture that changed.
    """
    n_frames = len(change)
    starts = [0]
    for n in np.flatnonzero((change >= _LEAST_CHANGE) & (share >= _SHARE)):
        around = np.r_[change[max(1, n - _NEIGHBOURS) : max(1, n - 1)], change[n + 2 : n + 2 + _NEIGHBOURS]]
        usual = float(np.median(around)) if len(around) else 0.0
        if change[n] >= _TIMES_USUAL * usual:
            starts.append(int(n))
    held = np.zeros(n_frames, np.bool_)
    kept = [0]
    for start, stop in zip(starts, [*starts[1:], n_frames], strict=True):
        if start:
            held[start - 1] = True
        if stop - start < _LEAST_SHOT and n_frames >= 2 * _LEAST_SHOT:
            held[start:stop] = True  # no shot of its own
        elif start and not held[:start].all():
            kept.append(start)
    return Shots(tuple(zip(kept, [*kept[1:], n_frames], strict=True)), held)


def without_jumps(pieces: Iterable[tuple[int, Piece]], shots: Shots) -> Iterator[tuple[int, Piece]]:
    """Give held frames of a stream of (first frame, values (n, ...)) the value of the frame before.

    Where the held frames begin a shot, they take the value of the first frame after them that is in the piece,
    or zeros.
    """
    starts = {start for start, _ in shots.spans}
    last = None
    for first, piece in pieces:
        held = shots.held[first : first + len(piece)]
        if held.any():
            piece = piece.copy()
            for i in np.flatnonzero(held):
                if first + i not in starts and (i or last is not None):
                    piece[i] = piece[i - 1] if i else last
                    continue
                after = np.flatnonzero(~held[i:])
                piece[i] = piece[i + after[0]] if len(after) else 0
        last = piece[-1]
        yield first, piece


def by_shot(pieces: Iterable[tuple[int, Piece]], shots: Shots) -> Iterator[Iterator[Piece]]:
    """Split a stream of (first frame, values (n, ...)) into one stream of values for each shot.

    Each must be read to its end before the next is asked for.
    """
    source = iter(pieces)
    waiting: list[tuple[int, Piece]] = []

    def one(stop: int) -> Iterator[Piece]:
        while True:
            held = waiting.pop() if waiting else next(source, None)
            if held is None:
                return
            first, piece = held
            if first + len(piece) > stop:
                waiting.append((stop, cast(Piece, piece[stop - first :])))
                piece = cast(Piece, piece[: stop - first])
            yield piece
            if first + len(piece) >= stop:
                return

    for _, stop in shots.spans:
        yield one(stop)
