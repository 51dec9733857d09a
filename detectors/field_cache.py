"""Motion fields kept on disk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.array_cache import ArrayCache


class FieldCache(ArrayCache):
    """Float16 arrays by key."""

    def read(self, key: str, *, shape: tuple[int, ...]) -> NDArray[np.float16] | None:
        """Give the array of a key, or None if it is not there whole and of this shape."""
        found = self.arrays(key, ["field"])
        if found is None or found[0].dtype != np.float16 or found[0].shape != shape:
            return None
        return found[0]

    def write(self, key: str, array: NDArray[np.float16]) -> None:
        """Keep an array, and forget older ones if the folder would grow too large."""
        self.keep(key, {"field": array})
