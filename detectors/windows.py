"""Windows of frames: what lies beyond the ends of a video, and averages that run along it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray


def reflected(frames: NDArray[np.int64], n_frames: int) -> NDArray[np.int64]:
    """Turn frame numbers outside [0, n_frames) back at the ends, without repeating the end itself."""
    if n_frames == 1:
        return np.zeros_like(frames)
    period = 2 * (n_frames - 1)
    inside = np.abs(frames) % period
    return np.minimum(inside, period - inside)


def time_means(pieces: Iterable[NDArray[np.float32]], length: int) -> Iterator[NDArray[np.float32]]:
    """Average each frame with the `length` frames around it, fewer at the ends of the video.

    Frame n takes [n - length // 2, n - length // 2 + length). Pieces (n, ...) come and leave in order, but not
    of the same lengths; about `length` frames and one piece are held.
    """
    before, after = length // 2, length - length // 2
    held: NDArray[np.float32] | None = None
    first = 0  # place in held of the next frame to leave
    for piece in chain(pieces, [None]):
        if piece is not None:
            held = piece if held is None else np.concatenate([held, piece])
        if held is None:
            return
        last = len(held) if piece is None else len(held) - after + 1
        if last <= first:
            continue
        sums = np.concatenate([np.zeros_like(held[:1], np.float64), np.cumsum(held, 0, dtype=np.float64)])
        frames = np.arange(first, last)
        starts, stops = np.maximum(frames - before, 0), np.minimum(frames + after, len(held))
        counts = (stops - starts).reshape(-1, *[1] * (held.ndim - 1))
        yield ((sums[stops] - sums[starts]) / counts).astype(np.float32)
        drop = max(0, last - before)
        held, first = held[drop:], last - drop
