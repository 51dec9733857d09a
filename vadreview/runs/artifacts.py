"""Dense results of one (run, video) in one Zarr store: heatmaps, patterns, people. Written whole, or not."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.runs.models import RunVideo

MOST_MAPS = 512
CHUNK_BYTES = 512 * 1024  # what one read of a heatmap loads at least


@dataclass(frozen=True, slots=True)
class Maps:
    """Heatmaps [first, first + len(values)) of a video; uint8 (m, height, width), where 255 is `high`."""

    first: int
    values: NDArray[np.uint8]


def write(row: RunVideo, arrays: dict[str, NDArray[Any]]) -> None:
    """Put a store with these arrays in place of the one there is; names may hold a group: `people/boxes`."""
    import zarr

    row.run.folder.mkdir(parents=True, exist_ok=True)
    draft = row.artifacts.with_name(f".{uuid.uuid4()}.draft")
    try:
        group = zarr.open_group(draft, mode="w", zarr_format=3)
        for name, values in arrays.items():
            group.create_array(name, data=np.ascontiguousarray(values), chunks=_chunks(values))
        remove(row)
        draft.rename(row.artifacts)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _chunks(values: NDArray[Any]) -> tuple[int, ...]:
    each = max(values[:1].nbytes, 1)
    return (max(1, min(len(values), CHUNK_BYTES // each)), *(max(1, side) for side in values.shape[1:]))


def remove(row: RunVideo) -> None:
    """Remove the store of this (run, video), if there is one."""
    if row.artifacts.exists():
        trash = row.artifacts.with_name(f".{uuid.uuid4()}.trash")
        row.artifacts.rename(trash)  # at once: nobody may read half a store
        shutil.rmtree(trash, ignore_errors=True)


def heatmaps(row: RunVideo, *, start: int, stop: int) -> Maps:
    """Read the heatmaps in the frames [start, stop), the first MOST_MAPS of them; reads only their chunks."""
    import zarr

    meta = row.heatmap
    offset, stride, count = meta["offset"], meta["stride"], meta["count"]
    first = min(max((start - offset) // stride, 0), count)
    last = min(max(-((offset - stop) // stride), first), count, first + MOST_MAPS)
    if first == last:
        return Maps(first=first, values=np.empty((0, meta["height"], meta["width"]), np.uint8))
    array = zarr.open_array(row.artifacts, path="heatmaps", mode="r")
    return Maps(first=first, values=np.asarray(array[first:last]))


@dataclass(frozen=True, slots=True)
class Windows:
    """The patterns of the windows of a video; `read` gives those of [first, last) as float64 (n, D)."""

    starts: NDArray[np.int64]
    length: int
    _array: Any

    def read(self, first: int, last: int) -> NDArray[np.float64]:
        return np.asarray(self._array[first:last], np.float64)

    def meeting(self, start: int, stop: int) -> tuple[int, int]:
        """Say which windows share a frame with [start, stop): places [first, last)."""
        first = int(np.searchsorted(self.starts, start - self.length, side="right"))
        return first, max(first, int(np.searchsorted(self.starts, stop, side="left")))


def windows(row: RunVideo) -> Windows | None:
    """Open the patterns of a scored video; None where its detector gives none."""
    import zarr

    if not (row.artifacts / "patterns" / "actual").is_dir():
        return None
    group = zarr.open_group(row.artifacts, mode="r", path="patterns")
    starts = np.asarray(group["starts"][:], np.int64)
    return Windows(starts=starts, length=int(row.patterns["length"]), _array=group["actual"])


def dense(row: RunVideo, *, folder: str = "") -> dict[str, NDArray[Any]]:
    """Read whole arrays: `heatmaps` alone, or all of a group such as `people`; {} where there is none."""
    import zarr

    if not row.artifacts.exists():
        return {}
    group = zarr.open_group(row.artifacts, mode="r")
    if folder:
        return (
            {name: np.asarray(group[f"{folder}/{name}"][:]) for name in sorted(group[folder])}
            if folder in group
            else {}
        )
    return {"heatmaps": np.asarray(group["heatmaps"][:])} if "heatmaps" in group else {}


def leftovers(folder: Path) -> list[Path]:
    """Return drafts and trash that a killed worker left in a run's folder."""
    return [*folder.glob(".*.draft"), *folder.glob(".*.trash")]
