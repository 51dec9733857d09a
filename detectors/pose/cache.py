"""Poses kept on disk: a folder that never grows past its size, where a damaged entry is no entry."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Self

import numpy as np

from detectors.artifacts import write_atomically
from detectors.field_cache import FOLDER_VARIABLE, make_room
from detectors.pose.people import JOINTS, PosedPerson

DEFAULT_MAX_BYTES = 2**30
_NAMES = ("tracks", "lengths", "frames", "boxes", "keypoints", "confidence")


class PoseCache:
    """The people of videos by key; the least recently used go first when `max_bytes` is reached."""

    def __init__(self, folder: Path | str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.folder = Path(folder)
        self.max_bytes = max_bytes

    @classmethod
    def from_environment(cls) -> Self | None:
        """Make the cache in `poses` of the folder that VADREVIEW_CACHE names, or None."""
        folder = os.environ.get(FOLDER_VARIABLE)
        return cls(Path(folder) / "poses") if folder else None

    def read(self, key: str) -> tuple[PosedPerson, ...] | None:
        """Give the people of a key, or None if they are not there whole."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as archive:
                tracks, lengths, frames, boxes, keypoints, confidence = (archive[name] for name in _NAMES)
            os.utime(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        rows = int(lengths.sum()) if lengths.dtype == np.int64 and lengths.ndim == 1 else -1
        if (
            tracks.shape != lengths.shape
            or (lengths < 1).any()
            or (frames.shape, frames.dtype) != ((rows,), np.int64)
            or (boxes.shape, boxes.dtype) != ((rows, 4), np.float32)
            or (keypoints.shape, keypoints.dtype) != ((rows, JOINTS, 3), np.float32)
            or (confidence.shape, confidence.dtype) != ((rows,), np.float32)
        ):
            return None
        ends = np.cumsum(lengths)
        return tuple(
            PosedPerson(int(track), frames[a:b], boxes[a:b], keypoints[a:b], confidence[a:b])
            for track, a, b in zip(tracks, ends - lengths, ends, strict=True)
        )

    def write(self, key: str, people: tuple[PosedPerson, ...]) -> None:
        """Keep people who have a confidence, and forget older entries if the folder would grow too large."""
        arrays = {
            "tracks": np.array([person.track for person in people], np.int64),
            "lengths": np.array([len(person.frames) for person in people], np.int64),
            "frames": np.concatenate([np.empty(0, np.int64), *(p.frames for p in people)]),
            "boxes": np.concatenate([np.empty((0, 4), np.float32), *(p.boxes for p in people)]),
            "keypoints": np.concatenate(
                [np.empty((0, JOINTS, 3), np.float32), *(p.keypoints for p in people)]
            ),
            "confidence": np.concatenate(
                [np.empty(0, np.float32), *(p.confidence for p in people if p.confidence is not None)]
            ),
        }
        size = sum(array.nbytes for array in arrays.values())
        if size > self.max_bytes:
            return
        make_room(self.folder, size, max_bytes=self.max_bytes)

        def save(draft: Path) -> None:
            np.savez(draft, **arrays)  # type: ignore[arg-type]

        write_atomically(self._path(key), save)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"
