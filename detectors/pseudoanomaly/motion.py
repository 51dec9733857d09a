"""The motion stream: from rebuilt motion to what is measured, and how usual motion measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.base import ConfigError
from detectors.pseudoanomaly.rebuilding import CELLS, Floats, Rebuilt
from detectors.windows import time_means

UNEXPECTED, FASTER, SPEED, ERROR = range(4)
"""What is measured in each cell: length of the motion that was not rebuilt, how much faster than rebuilt,
speed, squared error."""

POWER = (1, 1, 1, 2)
"""With which power of the size of things in the picture each of them grows."""

SMOOTHING = 16
"""Frames over which the cells are averaged."""

HEATMAP_STRIDE = 4

_LEAST_SPREAD = (0.02, 0.02, 0.02, 1e-4)  # for footage in which nothing ever moves
_STEEPEST = np.log(10) / CELLS  # things ten times as large at one end of the picture


@dataclass(frozen=True, slots=True)
class Measured:
    """One shot in numbers, in network units.

    strongest: (N, 4, R), each frame's strongest cell of each kind after averaging over SMOOTHING frames: of
    each of R = CELLS rows, or, once there is a calibration, of the whole frame without perspective, R = 1.
    error: (N,), mean: (N,). cell_speed, cell_speed_mean: (N,), speed of the fastest of 16 x 16 cells, and of
    the one that is fastest on average over 16 frames: the untrained baselines.
    heat: uint8 (M, CELLS, CELLS), of every HEATMAP_STRIDE-th frame.
    """

    strongest: Floats
    error: Floats
    mean: Floats
    cell_speed: Floats
    cell_speed_mean: Floats
    heat: NDArray[np.uint8]
    patterns: Floats
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How usual motion measures, which puts the parts of the score on one scale.

    scale: pixels a frame that the network sees as 1. perspective: (CELLS,), how large things are in each row
    of cells, 1 on average. centre, spread, top: (4,), median, robust deviation and 99.9th percentile of the
    strongest cell of usual frames; error_centre, error_spread: of the mean error.
    """

    scale: float
    error_centre: float
    error_spread: float
    perspective: NDArray[np.float64]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    top: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        scale: float,
        usual: Sequence[Measured],
        frames: Sequence[NDArray[np.bool_]],
        *,
        perspective: bool,
    ) -> Calibration:
        """Calibrate on shots, of each only on the chosen frames."""
        rows = np.concatenate([m.strongest[chosen] for m, chosen in zip(usual, frames, strict=True)])
        sizes = _perspective(rows[:, SPEED]) if perspective else np.ones(CELLS)
        strongest = (rows / _row_sizes(sizes)).max(2)  # (N, 4)
        error = np.concatenate([m.error[chosen] for m, chosen in zip(usual, frames, strict=True)])
        centre, spread = centre_and_spread(strongest)
        spread = np.maximum(spread, _LEAST_SPREAD)
        error_centre, error_spread = centre_and_spread(error)
        return cls(
            scale=scale,
            error_centre=float(error_centre),
            error_spread=max(float(error_spread), _LEAST_SPREAD[ERROR]),
            perspective=sizes,
            centre=centre,
            spread=spread,
            top=np.maximum(np.percentile(strongest, 99.9, axis=0), spread),
        )

    def array(self) -> NDArray[np.float64]:
        """Give everything as (LENGTH,) float64."""
        first = [self.scale, self.error_centre, self.error_spread]
        return np.concatenate([first, self.centre, self.spread, self.top, self.perspective])

    @classmethod
    def from_array(cls, values: NDArray[np.float64]) -> Calibration:
        """Put together what `array` gave. Raises ConfigError if a scale is not above zero."""
        centre, spread, top = values[3:15].reshape(3, 4)
        scale, error_centre, error_spread = map(float, values[:3])
        found = cls(scale, error_centre, error_spread, values[15:], centre, spread, top)
        if min(found.scale, found.error_spread, *spread, *top, *found.perspective) <= 0:
            raise ConfigError("The model file holds a scale that is not above zero; make the model again.")
        return found

    def level(self, cells: Floats) -> Floats:
        """Take the perspective out of cells (n, 4, CELLS, CELLS): divide by the size of things there."""
        return (cells / _row_sizes(self.perspective)[..., None]).astype(np.float32)

    def z(self, strongest: Floats, kind: int) -> NDArray[np.float64]:
        """Put the strongest cells of a kind on the scale of usual frames: 0 is usual, 1 is one deviation."""
        return (strongest[:, kind, 0] - self.centre[kind]) / self.spread[kind]

    def error_z(self, error: Floats) -> NDArray[np.float64]:
        """Put mean errors on the scale of usual frames."""
        return (error.astype(np.float64) - self.error_centre) / self.error_spread

    def heat(self, cells: Floats, kinds: Sequence[int]) -> NDArray[np.uint8]:
        """Draw level cells (n, 4, CELLS, CELLS) as (n, CELLS, CELLS); 255 is `heat_high`."""
        total = sum(cells[:, kind] / self.spread[kind] for kind in kinds)
        return np.clip(np.rint(total * (255 / self.heat_high(kinds))), 0, 255).astype(np.uint8)

    def heat_high(self, kinds: Sequence[int]) -> float:
        """Say which heat is drawn as 255: half as much again as the hottest cell of usual footage."""
        return float(1.5 * sum(self.top[kind] / self.spread[kind] for kind in kinds))


LENGTH = 15 + CELLS
"""Numbers in a calibration."""


def look(actual: Tensor, output: Tensor) -> Tensor:
    """Measure input minus output of horizontal motion, vertical motion and speed; speed; squared error."""
    squared = (actual - output).square().mean(1, keepdim=True)
    return torch.cat([actual - output, actual[:, 2:], squared], dim=1)


def measure(
    rebuilt: Iterable[Rebuilt], *, calibration: Calibration | None = None, kinds: Sequence[int] = ()
) -> Measured:
    """Sum up a shot as it streams past; with a calibration, draw the heat of the cells of `kinds`."""
    parts: list[Rebuilt] = []
    cell_speed, cell_speed_mean, strongest, heat = [], [], [], []

    def cells() -> Iterator[Floats]:
        for part in rebuilt:
            cell_speed.append(part.cells[:, 3, ::2, ::2].max((1, 2)))
            parts.append(replace(part, cells=np.empty(0, np.float32)))  # cells are too many to keep
            yield part.cells

    done = 0
    for means in time_means(cells(), SMOOTHING):  # (n, 5, CELLS, CELLS)
        cell_speed_mean.append(means[:, 3, ::2, ::2].max((1, 2)))
        unexpected = np.hypot(means[:, :1], means[:, 1:2])
        kinds_of_cells = np.concatenate([unexpected, np.maximum(means[:, 2:], 0)], axis=1)
        if calibration is None:
            strongest.append(kinds_of_cells.max(3))
        else:
            level = calibration.level(kinds_of_cells)
            strongest.append(level.max((2, 3))[..., None])
            heat.append(calibration.heat(level[-done % HEATMAP_STRIDE :: HEATMAP_STRIDE], kinds))
        done += len(means)
    return Measured(
        strongest=np.concatenate(strongest),
        error=np.concatenate([part.error for part in parts]),
        mean=np.concatenate([part.mean for part in parts]),
        cell_speed=np.concatenate(cell_speed),
        cell_speed_mean=np.concatenate(cell_speed_mean),
        heat=np.concatenate(heat) if heat else np.zeros((0, CELLS, CELLS), np.uint8),
        patterns=np.concatenate([part.patterns for part in parts]),
        starts=np.concatenate([part.starts for part in parts]),
    )


def centre_and_spread(values: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the median and the half distance of the percentiles that a deviation away lie from it."""
    low, centre, high = np.percentile(values.astype(np.float64), (15.87, 50, 84.13), axis=0)
    return centre, (high - low) / 2


def _row_sizes(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    return sizes ** np.array(POWER)[:, None]  # (4, CELLS)


def _perspective(speeds: Floats) -> NDArray[np.float64]:
    """Estimate how the size of things changes from the top row of cells to the bottom row.

    speeds: (N, CELLS), the speed of the fastest cell of each row. On level ground the speed of usual things
    grows with their size, so an exponential through the top speeds of the rows with motion says it; two
    numbers for the whole picture, so that no row learns to overlook what is unusual in it.
    """
    top = np.percentile(speeds.astype(np.float64), 99, axis=0)
    rows = np.arange(CELLS)
    moving = top > max(0.15 * top.max(), _LEAST_SPREAD[SPEED])
    if moving.sum() < CELLS / 4:
        return np.ones(CELLS)
    slope = np.polyfit(rows[moving], np.log(top[moving]), 1)[0]
    sizes = np.exp(np.clip(slope, -_STEEPEST, _STEEPEST) * rows)
    return sizes / sizes.mean()
