"""Arrays kept on disk: a folder that never grows past its size, where a damaged entry is no entry."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from detectors.artifacts import write_atomically

FOLDER_VARIABLE = "VADREVIEW_CACHE"


class ArrayCache:
    """Named arrays by key; the least recently used go first when `max_bytes` is reached."""

    subfolder: ClassVar[str] = ""
    default_max_bytes: ClassVar[int] = 4 * 2**30

    def __init__(self, folder: Path | str, *, max_bytes: int | None = None) -> None:
        self.folder = Path(folder)
        self.max_bytes = self.default_max_bytes if max_bytes is None else max_bytes

    @classmethod
    def from_environment(cls) -> Self | None:
        """Make the cache in the folder that the environment variable VADREVIEW_CACHE names, or None."""
        folder = os.environ.get(FOLDER_VARIABLE)
        return cls(Path(folder) / cls.subfolder) if folder else None

    def arrays(self, key: str, names: Iterable[str]) -> list[NDArray[Any]] | None:
        """Give the arrays of a key in the order of their names, or None if they are not all there whole."""
        path = self._path(key)
        try:
            # A zip archive checks each member against its CRC, which a plain array file does not.
            with np.load(path, allow_pickle=False) as archive:
                found = [archive[name] for name in names]
            os.utime(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return found

    def keep(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays, and forget older ones if the folder would grow too large."""
        size = sum(array.nbytes for array in arrays.values())
        if size > self.max_bytes:
            return
        self._make_room(size)

        def save(draft: Path) -> None:
            np.savez(draft, **arrays)  # type: ignore[arg-type]

        write_atomically(self._path(key), save)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def _make_room(self, needed: int) -> None:
        entries = []
        for path in self.folder.glob("*.npz"):
            try:
                status = path.stat()
            except FileNotFoundError:  # another process made room at the same time
                continue
            entries.append((status.st_mtime_ns, status.st_size, path))
        size = sum(entry[1] for entry in entries)
        for _, bytes_, path in sorted(entries):
            if size + needed <= self.max_bytes:
                return
            path.unlink(missing_ok=True)
            size -= bytes_
