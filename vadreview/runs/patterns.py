"""The windows of a run as points: one vector a window, over all its scored videos, reduced to a few dimensions.

Whatever shows or compares patterns (the maps, the neighbours of a window) starts from the same `Points`: at most
MOST_POINTS windows, drawn with a seed where there are more, their principal components, and their scores. They
are computed once and kept in the run's folder, under a name made from what went in.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from vadreview import errors
from vadreview.jobs import JobStatus
from vadreview.runs import tracks
from vadreview.runs.curves import SCORE
from vadreview.runs.models import Run, RunVideo, Track

MOST_POINTS = 20_000
DIMENSIONS = 32  # principal components kept: what t-SNE and the search for neighbours see
_BLOCK = 4096  # vectors read at once

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Points:
    """N windows of a run.

    videos: ids. video: int32 (N,), places in it. start: int32 (N,), first frames. length: frames in a window.
    score: float32 (N,), the highest score in the window; higher is stranger. reduced: float32 (N, k), principal
    components, the largest first. shares: float32 (k,), how much of the variance each explains. mean (D,) and
    axes (k, D) bring another vector to the same place. total: windows the run has.
    """

    videos: tuple[uuid.UUID, ...]
    video: Ints
    start: Ints
    length: int
    score: Floats
    reduced: Floats
    shares: Floats
    mean: Floats
    axes: Floats
    total: int

    def reduce(self, vectors: NDArray[Any]) -> Floats:
        """Bring vectors (n, D) to the principal components of the points: (n, k)."""
        return (np.asarray(vectors, np.float32) - self.mean) @ self.axes.T


def rows_of(run: Run) -> list[RunVideo]:
    """Return the scored videos of a run that have patterns, in the order of their names."""
    return list(_with_patterns(run).select_related("video").order_by("video__name", "video_id"))


def _with_patterns(run: Run) -> QuerySet[RunVideo]:
    return run.run_videos.filter(status=JobStatus.DONE).exclude(patterns={})


def inputs(rows: Sequence[RunVideo]) -> str:
    """Name what patterns these rows hold: another scoring of a video, or one video more, gives another name."""
    told = [f"{row.video_id} {row.finished_at.isoformat() if row.finished_at else ''}" for row in rows]
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:32]


def points(run: Run) -> Points:
    """Return the windows of a run as points. Raises Conflict where it has none."""
    rows = rows_of(run)
    if not rows:
        raise errors.Conflict(
            "This run has no patterns: its detector gives none, or no video is scored yet.",
            code="no_patterns",
        )
    kept = run.folder / f"points-{inputs(rows)}.npz"
    found = _load(kept)
    if found is None:
        found = _gather(run, rows, seed=int(inputs(rows)[:8], 16))
        _keep(kept, found)
    return found


def _load(path: Path) -> Points | None:
    try:
        with np.load(path, allow_pickle=False) as held:
            return Points(
                videos=tuple(uuid.UUID(bytes=one.tobytes()) for one in held["videos"]),
                length=int(held["length"]),
                total=int(held["total"]),
                **{name: held[name] for name in _ARRAYS},
            )
    except (OSError, ValueError, KeyError):  # not there, or half written by a full disk
        return None


_ARRAYS = ("video", "start", "score", "reduced", "shares", "mean", "axes")


def _keep(path: Path, found: Points) -> None:
    arrays = {name: getattr(found, name) for name in _ARRAYS}
    ids = np.frombuffer(b"".join(one.bytes for one in found.videos), np.uint8).reshape(-1, 16)
    for old in path.parent.glob("points-*.npz"):
        old.unlink(missing_ok=True)
    write_npz(path, videos=ids, length=found.length, total=found.total, **arrays)


def write_npz(path: Path, **arrays: Any) -> None:
    """Write arrays to a file that is there whole or not at all."""
    draft = path.with_name(f".{uuid.uuid4()}.draft")
    try:
        with draft.open("wb") as file:
            np.savez(file, **arrays)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _gather(run: Run, rows: Sequence[RunVideo], *, seed: int) -> Points:
    counts = np.array([row.patterns["windows"] for row in rows])
    total = int(counts.sum())
    chosen = np.arange(total)
    if total > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(total, MOST_POINTS, replace=False))
    ends = np.cumsum(counts)
    curves = {track.video_id: track for track in Track.objects.filter(run=run, name=SCORE)}
    vectors, video, start, score = [], [], [], []
    for place, row in enumerate(rows):
        mine = chosen[(chosen >= ends[place] - counts[place]) & (chosen < ends[place])]
        mine = mine - (ends[place] - counts[place])
        if not len(mine):
            continue
        starts, actual = read_windows(row, mine)
        vectors.append(actual)
        start.append(starts)
        video.append(np.full(len(mine), place, np.int32))
        score.append(_strongest(curves.get(row.video_id), starts, rows[0].patterns["length"]))
    matrix = np.concatenate(vectors)
    reduced, shares, mean, axes = principal_components(matrix, DIMENSIONS)
    return Points(
        videos=tuple(row.video_id for row in rows),
        video=np.concatenate(video),
        start=np.concatenate(start),
        length=rows[0].patterns["length"],
        score=np.concatenate(score),
        reduced=reduced,
        shares=shares,
        mean=mean,
        axes=axes,
        total=total,
    )


def read_windows(row: RunVideo, places: NDArray[np.int64]) -> tuple[Ints, Floats]:
    """Read windows of one video by their places, ascending: first frames (n,) and vectors (n, D)."""
    import zarr

    group = zarr.open_group(row.artifacts, mode="r", path="patterns")
    starts = np.asarray(group["starts"][:], np.int32)[places]
    return starts, np.concatenate(list(_blocks(group["actual"], places)))


def _blocks(array: Any, places: NDArray[np.int64]) -> Iterator[Floats]:
    for first in range(int(places[0]) // _BLOCK * _BLOCK, int(places[-1]) + 1, _BLOCK):
        mine = places[(places >= first) & (places < first + _BLOCK)]
        if len(mine):
            yield np.asarray(array[first : first + _BLOCK][mine - first], np.float32)


def _strongest(curve: Track | None, starts: Ints, length: int) -> Floats:
    """The highest score within each window; a window may hang over either end of the video."""
    if curve is None:
        return np.zeros(len(starts), np.float32)
    values = tracks.read(curve)
    frames = np.clip(starts[:, None] + np.arange(length), 0, len(values) - 1)
    return np.nanmax(values[frames], axis=1)


def principal_components(vectors: Floats, dimensions: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Reduce vectors (N, D) to at most `dimensions` axes: (N, k), shares (k,), mean (D,), axes (k, D).

    Vectors that are all alike come to lie on one point, with shares of 0.
    """
    from sklearn.decomposition import PCA

    kept = max(1, min(dimensions, *vectors.shape))
    mean = vectors.mean(0)
    if not np.ptp(vectors, axis=0).any():
        axes = np.eye(kept, vectors.shape[1], dtype=np.float32)
        return np.zeros((len(vectors), kept), np.float32), np.zeros(kept, np.float32), mean, axes
    fitted = PCA(kept, svd_solver="auto", random_state=0).fit(vectors)
    axes = fitted.components_.astype(np.float32)
    reduced = (vectors - mean) @ axes.T
    return reduced.astype(np.float32), fitted.explained_variance_ratio_.astype(np.float32), mean, axes


# ---- one window ----


def place_of(row: RunVideo, frame: int) -> int:
    """Find the window that a frame belongs to: the one whose middle is nearest."""
    import zarr

    starts = np.asarray(zarr.open_array(row.artifacts, path="patterns/starts", mode="r")[:], np.int64)
    middles = starts + row.patterns["length"] / 2
    return int(np.abs(middles - frame - 0.5).argmin())


def generated_in(row: RunVideo, place: int) -> Floats | None:
    """Read what a detector guessed for one window: (M, D), or None where it guesses nothing."""
    import zarr

    if not row.patterns.get("generated"):
        return None
    array = zarr.open_array(row.artifacts, path="patterns/generated", mode="r")
    return np.asarray(array[place], np.float32)


def nearest(
    found: Points, reduced: Floats, *, among: NDArray[np.bool_] | None = None, count: int
) -> list[tuple[int, float]]:
    """Find the points nearest to one (k,), among some of them: (place, distance), the nearest first."""
    places = np.arange(len(found.start)) if among is None else np.flatnonzero(among)
    if not len(places):
        return []
    distances = np.sqrt(((found.reduced[places] - reduced) ** 2).sum(1))
    order = np.argsort(distances, kind="stable")[:count]
    return [(int(places[n]), float(distances[n])) for n in order]
