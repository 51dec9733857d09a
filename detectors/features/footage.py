"""Motion as an encoder: which way and how fast things move in each region, without any weights.

Dense flow is turned into a histogram of directions for each of 16 x 16 blocks, weighted by speed (HOF, Laptev
et al. 2008), and averaged over the clip. Everything stays in source pixels a frame: rare fast motion must
stay large.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from detectors.base import Meter, Video
from detectors.features.clips import LENGTH, Floats, Starts
from detectors.field_cache import FieldCache
from detectors.flow import Fields, FlowSettings, fields

BLOCKS = 16
"""Blocks along each side of the picture."""

DIRECTIONS = 8
SPEED = DIRECTIONS
"""Place of the mean speed among the values of a block; before it come the eight directions."""

VALUES = DIRECTIONS + 1
_FIELD = 64  # cells along each side of the field: the same that the pseudo-anomaly autoencoder keeps
_SIDE = 2  # blocks along each side of a region


class FootageEncoder:
    """Describes each of 8 x 8 regions by 36 numbers: four blocks of eight directions and the mean speed.

    watch: called with the histograms (n, 16, 16, 9) of all frames from the first clip on, in order.
    """

    grid = (BLOCKS // _SIDE, BLOCKS // _SIDE)
    dimension = _SIDE * _SIDE * VALUES
    costly = False  # next to the motion, which is kept

    def __init__(
        self,
        *,
        flow_preset: Literal["ultrafast", "fast", "medium"] = "medium",
        flow_long_side: int = 384,
        watch: Callable[[Floats], None] | None = None,
    ) -> None:
        self._watch = watch
        self.flow = FlowSettings(grid=_FIELD, preset=flow_preset, long_side=flow_long_side)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"footage 1 {self.flow.fingerprint}".encode()).hexdigest()[:16]

    def region(self, video: Video) -> tuple[float, float, float, float]:
        return 0.0, 0.0, 1.0, 1.0

    def encode(
        self, video: Video, starts: Starts, *, cache: FieldCache | None, meter: Meter
    ) -> Iterator[Floats]:
        held = np.empty((0, BLOCKS, BLOCKS, VALUES), np.float32)  # frames [first, first + len(held))
        first, done = int(starts[0]), 0
        for begin, piece in fields(video, self.flow, start=first, cache=cache, meter=meter):
            found = histograms(piece)
            if self._watch:
                self._watch(found)
            held = np.concatenate([held[max(0, int(starts[done]) - first) :], found])
            first = begin + len(piece) - len(held)
            if begin + len(piece) == video.n_frames:
                missing = max(0, int(starts[-1]) + LENGTH - video.n_frames)
                held = np.concatenate([held, np.repeat(held[-1:], missing, axis=0)])
            whole = int(np.searchsorted(starts, first + len(held) - LENGTH, side="right"))
            if whole > done:
                yield regions(_means(held, starts[done:whole] - first))
            done = whole
            if done == len(starts):
                return


def histograms(piece: Fields) -> Floats:
    """Histogram the directions of each block: (n, 3, H, W) flow -> (n, 16, 16, 9), source pixels a frame."""
    n, _, height, width = piece.shape
    u, v, speed = piece.astype(np.float32).swapaxes(0, 1)
    # The eight octants, told apart by signs; which octant has which number does not matter.
    octant = (v < 0) * 4 + (u < 0) * 2 + (np.abs(u) > np.abs(v))
    rows = np.arange(height) * BLOCKS // height
    columns = np.arange(width) * BLOCKS // width
    block = (np.arange(n)[:, None, None] * BLOCKS + rows[:, None]) * BLOCKS + columns
    share = BLOCKS * BLOCKS / (height * width)  # of a field cell in its block
    found = np.empty((n, BLOCKS, BLOCKS, VALUES), np.float32)
    counts = np.bincount(
        (block * DIRECTIONS + octant).ravel(),
        weights=(np.hypot(u, v) * share).ravel(),
        minlength=n * BLOCKS * BLOCKS * DIRECTIONS,
    )
    found[..., :DIRECTIONS] = counts.reshape(n, BLOCKS, BLOCKS, DIRECTIONS)
    found[..., SPEED] = np.bincount(block.ravel(), weights=(speed * share).ravel()).reshape(n, BLOCKS, BLOCKS)
    return found


def regions(blocks: Floats) -> Floats:
    """Put the blocks of a region side by side: (k, 16, 16, 9) -> (k, 8, 8, 36)."""
    count, side = len(blocks), BLOCKS // _SIDE
    split = blocks.reshape(count, side, _SIDE, side, _SIDE, VALUES)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(count, side, side, -1)


def blocks(regions: Floats) -> Floats:
    """Undo `regions`, for any number of values in a block: (k, 8, 8, 4 * n) -> (k, 16, 16, n)."""
    count, side = len(regions), BLOCKS // _SIDE
    split = regions.reshape(count, side, side, _SIDE, _SIDE, -1)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(count, BLOCKS, BLOCKS, -1)


def _means(held: Floats, starts: Starts) -> Floats:
    return np.stack([held[start : start + LENGTH].mean(0) for start in starts])
