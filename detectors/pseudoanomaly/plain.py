"""Streams with one number a cell: pictures that were not rebuilt, and things that linger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from detectors.base import ConfigError
from detectors.pseudoanomaly.motion import HEATMAP_STRIDE, SMOOTHING, centre_and_spread
from detectors.pseudoanomaly.rebuilding import Floats, Rebuilt
from detectors.windows import time_means

LENGTH = 5
"""Numbers in a scale."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How usual footage measures: median, deviation and 90th percentile of the strongest cell of usual frames,
    and median and deviation of their mean error.
    """

    centre: float
    spread: float
    top: float
    error_centre: float = 0.0
    error_spread: float = 1.0

    @classmethod
    def of(
        cls,
        strongest: NDArray[np.floating],
        error: NDArray[np.floating] | None = None,
        *,
        least_spread: float,
    ) -> Scale:
        """Calibrate on the values of usual frames, (N,) each."""
        centre, spread = map(float, centre_and_spread(strongest))
        spread = max(spread, least_spread)
        found = cls(centre, spread, max(float(np.percentile(strongest, 90)), centre + spread))
        if error is None:
            return found
        error_centre, error_spread = map(float, centre_and_spread(error))
        return cls(found.centre, found.spread, found.top, error_centre, max(error_spread, least_spread**2))

    def array(self) -> NDArray[np.float64]:
        """Give everything as (LENGTH,) float64."""
        return np.array([self.centre, self.spread, self.top, self.error_centre, self.error_spread])

    @classmethod
    def from_array(cls, values: NDArray[np.float64]) -> Scale:
        """Put together what `array` gave. Raises ConfigError if a deviation is not above zero."""
        found = cls(*map(float, values))
        if min(found.spread, found.error_spread) <= 0:
            raise ConfigError("The model file holds a scale that is not above zero; make the model again.")
        return found

    def z(self, strongest: NDArray[np.floating]) -> NDArray[np.float64]:
        """Put values on the scale of usual frames: 0 is usual, 1 is one deviation."""
        return (strongest.astype(np.float64) - self.centre) / self.spread

    def excess(self, strongest: NDArray[np.floating]) -> NDArray[np.float64]:
        """Say by how many deviations values lie above nine tenths of usual frames, 0 for all others."""
        return np.maximum(0.0, (strongest.astype(np.float64) - self.top) / self.spread)


@dataclass(frozen=True, slots=True)
class PlainMeasured:
    """One shot: strongest (N,) cell of each frame, error (N,), and cells (M, CELLS, CELLS), float16, of every
    HEATMAP_STRIDE-th frame. patterns, starts: as in `rebuilding.Rebuilt`.
    """

    strongest: Floats
    cells: NDArray[np.float16]
    error: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    patterns: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    starts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


def look(actual: Tensor, output: Tensor) -> Tensor:
    """Measure input minus output, averaged over colours."""
    return (actual - output).mean(1, keepdim=True)


def units(windows: Tensor) -> Tensor:
    """Bring pictures of 0 to 255 to the network's -1 to 1."""
    return windows / 127.5 - 1


def measure(rebuilt: Iterable[Rebuilt]) -> PlainMeasured:
    """Sum up a shot of pictures: cells are averaged over SMOOTHING frames, so that noise cancels."""
    parts: list[Rebuilt] = []
    strongest, kept = [], []

    def cells() -> Iterator[Floats]:
        for part in rebuilt:
            parts.append(replace(part, cells=np.empty(0, np.float32)))  # cells are too many to keep
            yield part.cells[:, 0]

    done = 0
    for means in time_means(cells(), SMOOTHING):  # (n, CELLS, CELLS)
        found = np.abs(means)
        strongest.append(found.max((1, 2)))
        kept.append(found[-done % HEATMAP_STRIDE :: HEATMAP_STRIDE].astype(np.float16))
        done += len(means)
    return PlainMeasured(
        strongest=np.concatenate(strongest),
        cells=np.concatenate(kept),
        error=np.concatenate([part.error for part in parts]),
        patterns=np.concatenate([part.patterns for part in parts]),
        starts=np.concatenate([part.starts for part in parts]),
    )
