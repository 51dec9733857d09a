"""What the test detector says beside its scores: patterns, and pseudo-labels that change from round to round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.base import ABNORMAL, UNKNOWN, Patterns, Refinement

LENGTH = 5  # frames in a window
GUESSES = 4
ROUNDS = 3
NEIGHBOURS = 3


def patterns_of(brightness: NDArray[np.float32]) -> Patterns:
    """Take the brightness of the frames of each window as its vector; guesses lie around it."""
    starts = np.arange(0, len(brightness), LENGTH, dtype=np.int64)
    frames = np.minimum(starts[:, None] + np.arange(LENGTH), len(brightness) - 1)
    actual = brightness[frames].astype(np.float32)
    noise = np.random.default_rng(0).normal(size=(len(starts), GUESSES, LENGTH)).astype(np.float32)
    return Patterns(actual=actual, starts=starts, length=LENGTH, generated=actual[:, None] + noise)


def refinement_of(brightness: NDArray[np.float32], *, name: str) -> Refinement:
    """Label bright windows abnormal, with a threshold that falls each round; the bank is the video itself."""
    starts = np.arange(0, len(brightness), LENGTH, dtype=np.int64)
    level = brightness[starts].astype(np.float32)
    rank = np.argsort(np.argsort(level)) / max(1, len(starts) - 1)
    threshold = np.array([0.9, 0.7, 0.5], np.float32)
    raw = (rank[None] >= threshold[:, None]).astype(np.int8)
    neighbours = np.stack([(np.arange(len(starts)) + n) % len(starts) for n in range(1, NEIGHBOURS + 1)], 1)
    vote = raw[:, neighbours].mean(2).astype(np.float32)
    refined = (vote >= 0.5).astype(np.int8)
    inside = np.clip(vote, 1e-6, 1 - 1e-6)
    entropy = -(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside))
    clamped = np.full(len(starts), UNKNOWN, np.int8)
    clamped[0] = ABNORMAL
    return Refinement(
        starts=starts,
        length=LENGTH,
        raw=raw,
        refined=refined,
        distance=np.tile(rank.astype(np.float32), (ROUNDS, 1)),
        threshold=threshold,
        probability=np.tile(rank.astype(np.float32), (ROUNDS, 1)),
        vote=vote,
        entropy=entropy.astype(np.float32),
        weight=np.exp(-entropy).astype(np.float32),
        neighbours=np.tile(neighbours.astype(np.int32), (ROUNDS, 1, 1)),
        similarity=np.full((ROUNDS, len(starts), NEIGHBOURS), 0.5, np.float16),
        bank_videos=(name,),
        bank_video=np.zeros(len(starts), np.int32),
        bank_starts=starts,
        clamped=clamped,
        disputed=np.zeros(len(starts), np.bool_),
    )
