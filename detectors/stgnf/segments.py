"""Tracked people -> segments: T frames of 18 joints of one person, normalised (section 3.1 and the released code).

A segment is written as two planes float32 (V, N, T), as the network wants them: all segments of a track are one
strided view of the track, so that normalising is one pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.pose.people import PosedPerson, to_openpose

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

RESOLUTION = (856.0, 480.0)
"""What x and y are divided by, whatever the size of the footage: the released code does so for every data set. Only
their ratio matters, and with one ratio for all footage a body has the same shape everywhere."""

MOST_MISSING = 2
"""Frames that may be missing within a segment (released code)."""

LEAST_SPREAD = 1e-5
"""In heights of the picture. A pose with less has no height that it could be measured by."""


@dataclass(frozen=True, slots=True)
class Segments:
    """N segments.

    planes: float32 (2, V, N, T), normalised. person: int64 (N,), place in the list of people.
    starts: int64 (N,), first frame. lasts: int64 (N,), last frame.
    """

    planes: Floats
    person: Ints
    starts: Ints
    lasts: Ints

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Cut:
    """How tracks are cut into segments.

    released: as the released code does, which leaves out the last segment of each track.
    each: divide each axis by its own deviation, not both by that of y.
    confidence: segments whose poses have a mean confidence of at most this are left out, where the estimator says it.
    """

    length: int
    stride: int = 1
    released: bool = False
    each: bool = False
    confidence: float = 0.0


def clean(person: PosedPerson, *, fill_gaps: int = 0) -> PosedPerson:
    """Leave out frames whose joints are not numbers, and fill short gaps on straight lines."""
    good = np.isfinite(person.keypoints).all((1, 2))
    frames, keypoints, boxes = person.frames[good], person.keypoints[good], person.boxes[good]
    sure = None if person.confidence is None else person.confidence[good]
    missing = np.diff(frames) - 1
    if fill_gaps and ((missing > 0) & (missing <= fill_gaps)).any():
        inside = [
            np.arange(a + 1, b) if b - a - 1 <= fill_gaps else np.empty(0, np.int64)
            for a, b in itertools.pairwise(frames)
        ]
        every = np.sort(np.concatenate([frames, *inside]))
        keypoints = _between(every, frames, keypoints)
        boxes = _between(every, frames, boxes)
        sure = None if sure is None else _between(every, frames, sure)
        frames = every
    return PosedPerson(person.track, frames, boxes, keypoints, sure)


def _between(every: Ints, frames: Ints, values: Floats) -> Floats:
    flat = values.reshape(len(values), -1)
    filled = np.stack([np.interp(every, frames, column) for column in flat.T], axis=1)
    return filled.reshape(len(every), *values.shape[1:]).astype(np.float32)


def starts_of(person: PosedPerson, cut: Cut) -> Ints:
    """List the places in a track where a segment begins: T entries, of which at most two frames are missing."""
    frames = person.frames
    last = len(frames) - cut.length
    if last < 0:
        return np.empty(0, np.int64)
    starts = np.arange(0, last + (not cut.released), cut.stride)
    within = np.searchsorted(frames, frames[starts] + cut.length) - starts
    starts = starts[within >= cut.length - MOST_MISSING]
    if cut.confidence and person.confidence is not None:
        sums = _window_sums(person.confidence.astype(np.float64), starts, cut.length)
        starts = starts[sums / cut.length > cut.confidence]
    return starts


def segments_of(people: Sequence[PosedPerson], cut: Cut, *, at_once: int = 512) -> Iterator[Segments]:
    """Cut all people into normalised segments, about `at_once` at a time; poses without a height are left out."""
    held: list[Segments] = []
    for place, person in enumerate(people):
        starts = starts_of(person, cut)
        for first in range(0, len(starts), at_once):
            held.append(_normalised(person, place, starts[first : first + at_once], cut))
            if sum(map(len, held)) >= at_once:
                yield joined(held)
                held = []
    if any(map(len, held)):
        yield joined(held)


def joined(parts: Sequence[Segments]) -> Segments:
    """Put segments behind each other."""
    if len(parts) == 1:
        return parts[0]
    return Segments(
        np.concatenate([part.planes for part in parts], axis=2),
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.lasts for part in parts]),
    )


def mirrored(planes: Floats) -> Floats:
    """Turn poses left to right, which after normalisation is x -> -x; joints keep their names (released code)."""
    return planes * np.array([-1, 1], np.float32)[:, None, None, None]


def _normalised(person: PosedPerson, place: int, starts: Ints, cut: Cut) -> Segments:
    poses = to_openpose(person.keypoints[int(starts[0]) : int(starts[-1]) + cut.length].astype(np.float64))
    joints = (
        poses[..., :2].astype(np.float32).astype(np.float64) / RESOLUTION
    )  # the network's joints are float32
    joints -= joints.mean((0, 1))  # keeps the sums below small
    begin = starts - starts[0]
    values = cut.length * joints.shape[1]
    # (P, 2), summed over the joints of each frame
    mean = _window_sums(joints.sum(1), begin, cut.length) / values
    squares = _window_sums(np.square(joints).sum(1), begin, cut.length) / values
    spread = np.sqrt(np.maximum(squares - np.square(mean), 0))  # (N, 2), population
    kept = spread[:, 1] > LEAST_SPREAD
    if cut.each:
        kept &= spread[:, 0] > LEAST_SPREAD
    by = 1 / (spread if cut.each else spread[:, [1, 1]])[kept]
    track = np.ascontiguousarray(joints.transpose(2, 1, 0))  # (2, V, P)
    windows = np.lib.stride_tricks.sliding_window_view(track, cut.length, axis=2)[:, :, begin[kept]]
    planes = (windows - mean[kept].T[:, None, :, None]) * by.T[:, None, :, None]
    starts = starts[kept]
    return Segments(
        planes.astype(np.float32),
        np.full(len(starts), place),
        person.frames[starts],
        person.frames[starts + cut.length - 1],
    )


def _window_sums(values: NDArray[np.float64], starts: Ints, length: int) -> NDArray[np.float64]:
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    return sums[starts + length] - sums[starts]
