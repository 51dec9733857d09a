"""Motion fields kept on disk: a folder that never grows past its size, where a damaged entry is no entry."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.artifacts import write_atomically

FOLDER_VARIABLE = "VADREVIEW_CACHE"
DEFAULT_MAX_BYTES = 4 * 2**30


class FieldCache:
    """Float16 arrays by key; the least recently used go first when `max_bytes` is reached."""

    def __init__(self, folder: Path | str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.folder = Path(folder)
        self.max_bytes = max_bytes

    @classmethod
    def from_environment(cls) -> Self | None:
        """Make the cache that the environment variable VADREVIEW_CACHE names, or None."""
        folder = os.environ.get(FOLDER_VARIABLE)
        return cls(folder) if folder else None

    def read(self, key: str, *, shape: tuple[int, ...]) -> NDArray[np.float16] | None:
        """Give the array of a key, or None if it is not there whole and of this shape."""
        path = self._path(key)
        try:
            # A zip archive checks each member against its CRC, which a plain array file does not.
            with np.load(path, allow_pickle=False) as archive:
                found = archive["field"]
            os.utime(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        if found.dtype != np.float16 or found.shape != shape:
            return None
        return found

    def write(self, key: str, array: NDArray[np.float16]) -> None:
        """Keep an array, and forget older ones if the folder would grow too large."""
        if array.nbytes > self.max_bytes:
            return
        make_room(self.folder, array.nbytes, max_bytes=self.max_bytes)
        write_atomically(self._path(key), lambda draft: np.savez(draft, field=array))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def make_room(folder: Path, needed: int, *, max_bytes: int) -> None:
    """Delete the least recently used entries of a folder until `needed` more bytes fit."""
    entries = []
    for path in folder.glob("*.npz"):
        try:
            status = path.stat()
        except FileNotFoundError:  # another process made room at the same time
            continue
        entries.append((status.st_mtime_ns, status.st_size, path))
    size = sum(entry[1] for entry in entries)
    for _, bytes_, path in sorted(entries):
        if size + needed <= max_bytes:
            return
        path.unlink(missing_ok=True)
        size -= bytes_
