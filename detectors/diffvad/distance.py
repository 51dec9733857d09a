"""How far what happened lies from what was generated: by pattern, by cell, by window (paper, equation 4).

Element-wise Smooth-L1 with beta 1 and means, where the paper writes a Huber loss of a norm, which is linear for
anything of many dimensions. D_m is the mean over a window, D_I the mean over patterns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.encoders import Floats, FrameEncoder

HIGH = 1.5
"""Heatmaps show as 255 so many times the strangest of usual cells."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Distances of B windows from their M patterns.

    maps: (B, rows, columns), of each cell, to its nearest pattern or on average. patterns: (B, M), D_m.
    bias: (B,), distance of the strangest cell from the mean of the patterns: the future lies off them. spread: (B,),
    deviation of the patterns there: they are scattered.
    """

    maps: Floats
    patterns: Floats
    bias: Floats
    spread: Floats


@torch.inference_mode()
def distances(generated: Tensor, future: Tensor, encoder: FrameEncoder, config: DiffVADConfig) -> Distances:
    """Measure patterns (B, M, C, T, V) against what happened (B, C, T, V)."""
    by_element = smooth_l1(generated, future[:, None])
    by_cell = encoder.cells(by_element.mean(3))  # (B, M, rows, columns)
    maps = by_cell.amin(1) if config.over_patterns == "min" else by_cell.mean(1)
    bias = encoder.cells(smooth_l1(generated.mean(1), future).mean(2)).flatten(1)
    variance = encoder.cells(generated.var(1, correction=0).mean(2)).flatten(1)
    strangest = maps.flatten(1).argmax(1, keepdim=True)
    return Distances(
        maps=maps.cpu().numpy(),
        patterns=by_element.mean((2, 3, 4)).cpu().numpy(),
        bias=bias.gather(1, strangest)[:, 0].cpu().numpy(),
        spread=variance.gather(1, strangest)[:, 0].sqrt().cpu().numpy(),
    )


def smooth_l1(x: Tensor, y: Tensor) -> Tensor:
    """Compute 0.5 d^2 where |d| < 1 and |d| - 0.5 elsewhere, element by element."""
    one, other = torch.broadcast_tensors(x, y)
    return functional.smooth_l1_loss(one, other, reduction="none")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far usual cells lie from their patterns. It is made without labels.

    normed: whether distances are put on a scale of their cell. centre, spread: float64 (rows, columns), mean distance
    and deviation + mean deviation, so that a cell where seldom anything moves is no loudspeaker; or 0 and how large
    things are there. high: what heatmaps show as 255.
    """

    normed: bool
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    high: float

    @classmethod
    def of(
        cls,
        maps: Floats,
        usual: NDArray[np.bool_],
        *,
        normed: bool,
        sizes: NDArray[np.float64] | None = None,
    ) -> Calibration:
        """Learn from maps (B, rows, columns), those of `usual` windows only (of all if there are none).

        sizes: (rows,), how large things are at each height; distances are then measured by it.
        """
        chosen = (maps[usual] if usual.any() else maps).astype(np.float64)
        if sizes is None:
            deviation = chosen.std(0)
            found = cls(normed, chosen.mean(0), np.maximum(deviation + deviation.mean(), 1e-6), 1.0)
        else:
            spread = np.repeat(sizes[:, None], chosen.shape[2], axis=1)
            found = cls(True, np.zeros_like(spread), spread, 1.0)
        top = np.percentile(found.level(chosen).max((1, 2)), 99.9)
        return replace(found, high=max(HIGH * float(top), 1e-3))

    def level(self, maps: NDArray[np.floating]) -> NDArray[np.float64]:
        """Put maps (B, rows, columns) on the scale that windows are scored on."""
        return (maps - self.centre) / self.spread if self.normed else np.asarray(maps, np.float64)

    def windows(self, maps: Floats, config: DiffVADConfig) -> Floats:
        """Compute the distance of windows: the mean of their strangest cells, (B,)."""
        flat = self.level(maps).reshape(len(maps), -1)
        count = flat.shape[1] if config.top_cells is None else min(config.top_cells, flat.shape[1])
        return np.partition(flat, -count, axis=1)[:, -count:].mean(1).astype(np.float32)

    def heat(self, maps: Floats) -> NDArray[np.uint8]:
        """Draw maps as (B, rows, columns) of 0 to 255."""
        return np.clip(np.rint(self.level(maps) * (255 / self.high)), 0, 255).astype(np.uint8)

    def array(self) -> NDArray[np.float64]:
        """Give everything as (2 + 2 rows * columns,) float64."""
        return np.concatenate([[self.normed, self.high], self.centre.ravel(), self.spread.ravel()])

    @classmethod
    def from_array(cls, values: NDArray[np.float64], side: int) -> Calibration:
        """Put together what `array` gave."""
        centre, spread = values[2:].reshape(2, side, side)
        return cls(values[0] != 0, centre, spread, float(values[1]))
