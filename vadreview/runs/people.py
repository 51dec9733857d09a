"""People of a (run, video): laid out by time, so that any stretch of footage is one slice of its Zarr store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.runs import inference
from vadreview.runs.models import Run, RunVideo

MOST_ROWS = 4096  # one person in one frame each
CELLS = (16, 256, 4096)  # frames that one cell of a lane stands for, finest first
MOST_CELLS = 6000

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Every person of the frames [start, stop), by frame: n rows, arrays as in `detectors.base.Person`."""

    start: int
    stop: int
    frames: NDArray[np.int32]
    tracks: NDArray[np.int32]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    keypoints: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lanes:
    """The highest score (n,) of each person, `tracks` (n,), in each cell of `size` frames from `starts` (n,) on."""

    size: int
    starts: NDArray[np.int32]
    tracks: NDArray[np.int32]
    scores: NDArray[np.float32]


def laid_out(scores: inference.VideoScores) -> tuple[dict[str, Any], Arrays]:
    """Describe the people of a video (empty where nobody is) and give the arrays to store.

    low, high: the middle of all scores and what only one of a thousand exceeds; the ends of a scale of colours.
    """
    people = [person for person in scores.people or () if len(person.frames)]
    if not people:
        return {}, {}
    tracks = np.repeat([person.track for person in people], [len(person.frames) for person in people])
    frames = np.concatenate([person.frames for person in people])
    order = np.lexsort((tracks, frames))
    arrays: Arrays = {
        "frames": frames[order].astype(np.int32),
        "tracks": tracks[order].astype(np.int32),
    }
    for name in ("scores", "boxes", "keypoints"):
        values = np.concatenate([getattr(person, name) for person in people]).astype(np.float32)
        arrays[name] = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)[order]
    for size in CELLS:
        keys = np.stack([arrays["frames"] // size, arrays["tracks"]])
        cells, cell_of = np.unique(keys, axis=1, return_inverse=True)
        highest = np.full(cells.shape[1], -np.inf, np.float32)
        np.maximum.at(highest, cell_of.ravel(), arrays["scores"])
        arrays |= {
            f"lanes{size}/starts": (cells[0] * size).astype(np.int32),
            f"lanes{size}/tracks": cells[1],
            f"lanes{size}/scores": highest,
        }
    low, high = np.quantile(arrays["scores"], [0.5, 0.999])
    meta = {
        "people": len(people),
        "rows": len(frames),
        "joints": int(arrays["keypoints"].shape[1]),
        "low": float(low),
        "high": float(high),
    }
    return meta, {f"people/{name}": values for name, values in arrays.items()}


def scale(run: Run) -> tuple[float, float]:
    """Give the ends of the scale of colours over all videos of a run, so that a colour means one thing in it."""
    known = [found for found in run.run_videos.values_list("people", flat=True) if found]
    return min(found["low"] for found in known), max(found["high"] for found in known)


def rows(row: RunVideo, *, start: int, stop: int) -> Rows:
    """Read the people in frames [start, stop), in whole frames, and no more than MOST_ROWS (but one frame at least).

    `stop` of the answer says how far it reaches.
    """
    store = _open(row)
    frames = store["frames"]
    first, last = _place(frames, start), _place(frames, stop)
    if last - first > MOST_ROWS:
        stop = max(int(frames[first + MOST_ROWS]), int(frames[first]) + 1)
        last = _place(frames, stop)
    part = slice(first, last)
    found = (np.asarray(store[name][part]) for name in ("frames", "tracks", "scores", "boxes", "keypoints"))
    return Rows(start, max(stop, start), *found)


def lanes(row: RunVideo, *, start: int, stop: int) -> Lanes:
    """Read how strange each person was, in cells of as few frames as fit into MOST_CELLS."""
    store = _open(row)
    for size in CELLS:
        starts = store[f"lanes{size}/starts"]
        first, last = _place(starts, start - size + 1), _place(starts, stop)
        if last - first <= MOST_CELLS or size == CELLS[-1]:
            break
    part = slice(first, min(last, first + MOST_CELLS))
    return Lanes(
        size, *(np.asarray(store[f"lanes{size}/{name}"][part]) for name in ("starts", "tracks", "scores"))
    )


def strangest(found: Lanes, *, most: int) -> Sequence[int]:
    """Name the tracks with the highest scores of all."""
    tracks, place = np.unique(found.tracks, return_inverse=True)
    highest = np.full(len(tracks), -np.inf, np.float32)
    np.maximum.at(highest, place, found.scores)
    return tracks[np.argsort(-highest, kind="stable")[:most]].tolist()


def _open(row: RunVideo) -> Any:
    import zarr

    return zarr.open_group(row.artifacts, path="people", mode="r")


def _place(ascending: Any, value: int) -> int:
    """Where a value would be put into a stored array, before its equals; reads a few chunks, however long it is."""
    low, high = 0, int(ascending.shape[0])
    while low < high:
        middle = (low + high) // 2
        if int(ascending[middle]) < value:
            low = middle + 1
        else:
            high = middle
    return low
