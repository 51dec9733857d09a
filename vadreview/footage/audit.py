"""The audit share: windows of footage picked by chance, whose verdicts measure and never teach.

A video is cut into windows of WINDOW_S seconds. Each has a number in [0, 1) made from the content of its video and
its place, and is in the audit when that number is below the project's share: so the choice is random as far as any
detector or reviewer is concerned, the same for every run, and a larger share only adds windows.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

WINDOW_S = 5.0

Span = tuple[int, int]


class Footage(Protocol):
    """What the choice depends on; a Video has it."""

    sha256: str
    n_frames: int

    @property
    def fps(self) -> Fraction: ...


def windows(video: Footage) -> list[Span]:
    """Cut a video into the windows among which the audit chooses: half-open, in order; the last may be shorter."""
    length = max(1, math.floor(WINDOW_S * video.fps + Fraction(1, 2)))
    return [(start, min(start + length, video.n_frames)) for start in range(0, video.n_frames, length)]


def lot(video: Footage, place: int) -> float:
    """Draw the number of a window, in [0, 1): always the same one."""
    digest = hashlib.sha256(f"{video.sha256}:{place}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def chosen(video: Footage, *, share: float) -> list[Span]:
    """Return the windows of a video that are in the audit."""
    return [window for place, window in enumerate(windows(video)) if lot(video, place) < share]


def mask(video: Footage, *, share: float) -> NDArray[np.bool_]:
    """Say of each frame whether it is in the audit; bool (n_frames,)."""
    found = np.zeros(video.n_frames, np.bool_)
    for start, stop in chosen(video, share=share):
        found[start:stop] = True
    return found


def holds(audited: Sequence[Span], start: int, stop: int) -> bool:
    """Say whether the span [start, stop) belongs to the audit: by its middle frame, so by chance alone."""
    middle = (start + stop) // 2
    return any(first <= middle < last for first, last in audited)
