"""Reading the pseudo-labels of a scored video: bands of states along time, and how one window came by its labels."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.jobs import JobStatus
from vadreview.runs.dense import PROBABILITIES
from vadreview.runs.models import RunVideo

MOST_BUCKETS = 2000
ABNORMAL, UNKNOWN = 1, -1  # as in detectors.base

Ints = NDArray[np.int64]


class Mark(IntFlag):
    """What is so somewhere in a bucket of windows. FLIPPED: another label than in the round before."""

    ABNORMAL = 1
    NORMAL = 2
    FLIPPED = 4
    CLAMPED = 8
    DISPUTED = 16


@dataclass(frozen=True, slots=True)
class Bands:
    """Buckets of neighbouring windows: edges (n + 1,) in frames, marks (R, n) of Mark for each round."""

    edges: Ints
    marks: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One window that votes. label: its own refined label in that round, None where it has none in this run."""

    video: uuid.UUID
    start: int
    similarity: float
    label: int | None
    clamped: bool


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one window; probabilities are of being abnormal, see detectors.base.Refinement."""

    raw: int
    refined: int
    flipped: bool
    distance: float
    threshold: float
    probability: float
    vote: float
    entropy: float
    weight: float
    neighbours: list[Neighbour] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class History:
    """How one window came by its labels. clamped: what people fixed, UNKNOWN where they did not."""

    start: int
    stop: int
    clamped: int
    disputed: bool
    rounds: list[Round]


def _group(row: RunVideo) -> Any:
    import zarr

    return zarr.open_group(row.artifacts, mode="r", path="refinement")


def bands(row: RunVideo, *, start: int, stop: int, width: int) -> Bands:
    """Sum up the windows in the frames [start, stop), in at most `width` buckets."""
    group = _group(row)
    edges = _edges(np.asarray(group["starts"][:], np.int64), row.refinement["length"], row.video.n_frames)
    first = int(np.clip(np.searchsorted(edges, start, side="right") - 1, 0, len(edges) - 1))
    last = int(np.clip(np.searchsorted(edges, stop, side="left"), first, len(edges) - 1))
    if first == last:
        return Bands(edges=np.zeros(0, np.int64), marks=np.zeros((row.refinement["rounds"], 0), np.uint8))
    refined = np.asarray(group["refined"][:, first:last])
    marks = np.where(refined == ABNORMAL, Mark.ABNORMAL, Mark.NORMAL).astype(np.uint8)
    marks[1:] += (refined[1:] != refined[:-1]) * np.uint8(Mark.FLIPPED)
    marks += (np.asarray(group["clamped"][first:last]) != UNKNOWN) * np.uint8(Mark.CLAMPED)
    marks += (np.asarray(group["disputed"][first:last]) != 0) * np.uint8(Mark.DISPUTED)
    per = -(-(last - first) // width)
    places = np.arange(0, last - first, per)
    return Bands(
        edges=np.append(edges[first:last][places], edges[last]),
        marks=np.bitwise_or.reduceat(marks, places, axis=1),
    )


def _edges(starts: Ints, length: int, n_frames: int) -> Ints:
    """Part the frames among windows that may overlap: each gets those nearest to its middle."""
    middles = starts + length / 2
    between = np.ceil((middles[:-1] + middles[1:]) / 2).astype(np.int64)
    ends = (max(0, int(starts[0])), min(n_frames, int(starts[-1]) + length))
    return np.concatenate([[ends[0]], np.clip(between, *ends), [max(ends)]])


def history(row: RunVideo, frame: int) -> History:
    """Tell how the window at a frame came by its labels, with the neighbours that voted in each round."""
    group = _group(row)
    starts = np.asarray(group["starts"][:], np.int64)
    length = row.refinement["length"]
    place = int(np.abs(starts + length / 2 - frame - 0.5).argmin())
    one = {
        name: np.asarray(group[name][:, place])
        for name in ("raw", "refined", "distance", "neighbours", "similarity", *PROBABILITIES)
    }
    threshold = np.asarray(group["threshold"][:])
    voters = _voters(row, group, one["neighbours"], one["similarity"])
    refined = one["refined"]
    return History(
        start=int(starts[place]),
        stop=int(starts[place]) + length,
        clamped=int(group["clamped"][place]),
        disputed=bool(group["disputed"][place]),
        rounds=[
            Round(
                raw=int(one["raw"][n]),
                refined=int(refined[n]),
                flipped=n > 0 and bool(refined[n] != refined[n - 1]),
                distance=float(one["distance"][n]),
                threshold=float(threshold[n]),
                neighbours=voters[n],
                **{name: float(one[name][n]) for name in PROBABILITIES},
            )
            for n in range(row.refinement["rounds"])
        ],
    )


def _voters(
    row: RunVideo, group: Any, neighbours: NDArray[np.int32], similarity: NDArray[np.float16]
) -> list[list[Neighbour]]:
    """The neighbours of one window by round; their labels come from their own videos' stores."""
    bank = [uuid.UUID(bytes=one.tobytes()) for one in np.asarray(group["bank_videos"][:])]
    bank_video, bank_starts = np.asarray(group["bank_video"][:]), np.asarray(group["bank_starts"][:])
    wanted = np.unique(neighbours[neighbours >= 0])
    labels: dict[int, tuple[NDArray[np.int8], bool]] = {}
    for number in np.unique(bank_video[wanted]):
        mine = wanted[bank_video[wanted] == number]
        labels |= _labels_in(row, bank[number], mine, bank_starts[mine])
    found = []
    for n, (rows, alike) in enumerate(zip(neighbours, similarity, strict=True)):
        voters = []
        for place, cosine in zip(rows.tolist(), alike.tolist(), strict=True):
            if place < 0:
                continue
            known = labels.get(place)
            voters.append(
                Neighbour(
                    video=bank[bank_video[place]],
                    start=int(bank_starts[place]),
                    similarity=float(cosine),
                    # another video may have been scored with fewer rounds: a new one is asked once
                    label=int(known[0][min(n, len(known[0]) - 1)]) if known else None,
                    clamped=bool(known and known[1]),
                )
            )
        found.append(voters)
    return found


def _labels_in(
    row: RunVideo, video: uuid.UUID, places: Ints, starts: NDArray[np.int32]
) -> dict[int, tuple[NDArray[np.int8], bool]]:
    """Refined labels by round (R,), and whether people fixed them, of windows of one video of the same run."""
    other = row.run.run_videos.filter(video=video, status=JobStatus.DONE).exclude(refinement={}).first()
    if other is None or not other.artifacts.exists():
        return {}
    group = _group(other)
    known = np.asarray(group["starts"][:])
    refined, clamped = np.asarray(group["refined"][:]), np.asarray(group["clamped"][:])
    at = np.minimum(np.searchsorted(known, starts), len(known) - 1)
    return {
        int(place): (refined[:, n], bool(clamped[n] != UNKNOWN))
        for place, n, start in zip(places, at, starts, strict=True)
        if known[n] == start
    }
