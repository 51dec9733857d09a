"""Main axes of vectors: a few numbers that keep most of what tells them apart (principal components)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_ROWS = 1024  # that the axes are learned from


@dataclass(frozen=True, slots=True)
class Axes:
    """centre (D,), axes (d, D) with rows of length 1, or 0 where the vectors have fewer directions."""

    centre: Floats
    axes: Floats

    @classmethod
    def of(cls, rows: NDArray[Any], size: int) -> Axes:
        """Learn the axes of rows (n, ...), from at most 1,024 of them spread evenly."""
        chosen = np.linspace(0, len(rows) - 1, min(len(rows), _ROWS)).round().astype(int)
        flat = rows[chosen].reshape(len(chosen), -1).astype(np.float64)
        centre = flat.mean(0)
        flat -= centre
        # products of rows with rows: there are fewer rows than numbers in a row
        values, vectors = np.linalg.eigh(flat @ flat.T)
        values, vectors = values[::-1][:size], vectors[:, ::-1][:, :size]
        axes = np.zeros((size, flat.shape[1]))
        real = values > max(1e-9 * float(values[0]), 1e-12)
        axes[: len(values)][real] = (vectors[:, real] / np.sqrt(values[real])).T @ flat
        signs = np.sign(axes[np.arange(size), np.abs(axes).argmax(1)])
        axes *= np.where(signs == 0, 1, signs)[:, None]
        return cls(centre.astype(np.float32), axes.astype(np.float32))

    def project(self, rows: Floats) -> Floats:
        """Give the coordinates of rows (n, ...): (n, d)."""
        return np.asarray((rows.reshape(len(rows), -1) - self.centre) @ self.axes.T, np.float32)


def directions(coordinates: Floats) -> Floats:
    """Bring rows (n, d) to length 1, so that their products are cosines; a row of zeros stays."""
    lengths = np.linalg.norm(coordinates, axis=1, keepdims=True)
    return (coordinates / np.maximum(lengths, 1e-12)).astype(np.float32)
