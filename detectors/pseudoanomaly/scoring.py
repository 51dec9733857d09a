"""From motion to scores: rebuild every frame, and judge the motion that was not rebuilt.

Frames are rebuilt by windows of 16 that start `scoring_stride` frames apart; each window gives its central
frames, so that every frame is rebuilt once. At the ends of a video the windows go on backwards (reflection).
Everything is a stream: memory does not grow with the length of a video, except by what is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from detectors.base import ConfigError, Heatmaps, Patterns, Track, VideoScores
from detectors.flow import Fields
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.network import WINDOW, ConvAutoencoder, pattern
from detectors.windows import reflected, time_means

Floats = NDArray[np.float32]

CELLS = 31
"""Cells along each side: each covers 1/16 of the frame and overlaps its neighbours by half."""

UNEXPECTED, SPEED, ERROR = range(3)
"""What is measured in each cell: speed that was not rebuilt (can be negative), speed, squared error."""

SMOOTHING = 16
"""Frames over which the cells are averaged."""

HEATMAP_STRIDE = 4

_REGION = (1 / 64, 1 / 64, 63 / 64, 63 / 64)  # centres of the cells lie 1/32 to 31/32 into the frame
_LEAST_SPREAD = (0.02, 0.02, 1e-4)  # for footage in which nothing ever moves
_WINDOWS_AT_ONCE = 16
_HISTORY = 4 * WINDOW  # frames that a window can still reach back to


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Frames and what became of them, in network units.

    cells: (n, 3, CELLS, CELLS). error: (n,), mean squared error. mean: (n,), mean speed.
    patterns: (k, D), of each window whose central frames begin at a multiple of 16. starts: (k,).
    """

    cells: Floats
    error: Floats
    mean: Floats
    patterns: Floats
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """One video in numbers, in network units.

    strongest: (N, 3), each frame's strongest cell after averaging over SMOOTHING frames; no less than 0.
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
    """How usual footage measures, which puts the parts of the score on one scale.

    scale: pixels a frame that the network sees as 1. centre, spread, top: (3,), median, robust deviation and
    99.9th percentile of the strongest cell of usual frames; error_centre, error_spread: of the mean error.
    """

    scale: float
    error_centre: float
    error_spread: float
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    top: NDArray[np.float64]

    @classmethod
    def of(cls, scale: float, usual: Sequence[Measured], frames: Sequence[NDArray[np.bool_]]) -> Calibration:
        """Calibrate on videos, of each only on the chosen frames."""
        strongest = np.concatenate([m.strongest[chosen] for m, chosen in zip(usual, frames, strict=True)])
        error = np.concatenate([m.error[chosen] for m, chosen in zip(usual, frames, strict=True)])
        centre, spread = _centre_and_spread(strongest)
        spread = np.maximum(spread, _LEAST_SPREAD)
        error_centre, error_spread = _centre_and_spread(error)
        return cls(
            scale=scale,
            error_centre=float(error_centre),
            error_spread=max(float(error_spread), _LEAST_SPREAD[ERROR]),
            centre=centre,
            spread=spread,
            top=np.maximum(np.percentile(strongest, 99.9, axis=0), spread),
        )

    def array(self) -> NDArray[np.float64]:
        """Give everything as (12,) float64."""
        first = [self.scale, self.error_centre, self.error_spread]
        return np.concatenate([first, self.centre, self.spread, self.top])

    @classmethod
    def from_array(cls, values: NDArray[np.float64]) -> Calibration:
        """Put together what `array` gave. Raises ConfigError if a scale is not above zero."""
        found = cls(*map(float, values[:3]), *values[3:].reshape(3, 3))
        if min(found.scale, found.error_spread, *found.spread, *found.top) <= 0:
            raise ConfigError("The model file holds a scale that is not above zero; make the model again.")
        return found

    def z(self, strongest: Floats, kind: int) -> NDArray[np.float64]:
        """Put the strongest cells of a kind on the scale of usual frames: 0 is usual, 1 is one deviation."""
        return (strongest[:, kind] - self.centre[kind]) / self.spread[kind]

    def heat(self, cells: Floats, kinds: Sequence[int]) -> NDArray[np.uint8]:
        """Draw cells (n, 3, CELLS, CELLS) as (n, CELLS, CELLS); 255 is `heat_high`."""
        total = sum(np.maximum(cells[:, kind], 0) / self.spread[kind] for kind in kinds)
        return np.clip(np.rint(total * (255 / self.heat_high(kinds))), 0, 255).astype(np.uint8)

    def heat_high(self, kinds: Sequence[int]) -> float:
        """Say which heat is drawn as 255: half as much again as the hottest cell of usual footage."""
        return float(1.5 * sum(self.top[kind] / self.spread[kind] for kind in kinds))


def _centre_and_spread(values: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, centre, high = np.percentile(values.astype(np.float64), (15.87, 50, 84.13), axis=0)
    return centre, (high - low) / 2


@torch.inference_mode()
def rebuild(
    network: ConvAutoencoder,
    pieces: Iterable[Fields],
    n_frames: int,
    *,
    scale: float,
    stride: int,
    device: torch.device,
) -> Iterator[Rebuilt]:
    """Rebuild the motion of a video that comes in pieces (n, 3, size, size); frames leave in order."""
    lead = (WINDOW - stride) // 2
    held: Fields | None = None
    available = done = 0  # the frame after held[-1]; the next frame to leave
    for piece in pieces:
        held = piece if held is None else np.concatenate([held[-_HISTORY:], piece])
        available += len(piece)
        while done < n_frames:
            firsts = np.arange(done, min(n_frames, done + stride * _WINDOWS_AT_ONCE), stride)
            chosen = reflected(firsts[:, None] - lead + np.arange(WINDOW), n_frames)  # (B, 16)
            chosen = chosen[chosen.max(1) < available]
            firsts = firsts[: len(chosen)]
            if not len(chosen):
                break
            windows = held[chosen - (available - len(held))]  # (B, 16, 3, size, size)
            seen = torch.from_numpy(windows).to(device).float().transpose(1, 2) / scale
            count = min(len(firsts) * stride, n_frames - done)
            yield _rebuild(network, seen, firsts, count=count, stride=stride)
            done += count


def _rebuild(
    network: ConvAutoencoder, seen: torch.Tensor, firsts: NDArray[np.int64], *, count: int, stride: int
) -> Rebuilt:
    lead = (WINDOW - stride) // 2
    bottleneck = network.encode(seen.contiguous(memory_format=torch.channels_last_3d))
    centre = slice(lead, lead + stride)
    actual, output = seen[:, :, centre], network.decoder(bottleneck)[:, :, centre]  # (B, 3, stride, ...)
    squared = (actual - output).square().mean(1)  # (B, stride, size, size)
    maps = torch.stack([actual[:, 2] - output[:, 2], actual[:, 2], squared], dim=2)
    half = maps.shape[-1] // 32
    cells = functional.avg_pool2d(maps.flatten(0, 1), 2 * half, stride=half)  # (B * stride, 3, 31, 31)
    kept = firsts % WINDOW == 0
    return Rebuilt(
        cells=cells[:count].cpu().numpy(),
        error=squared.mean((2, 3)).flatten()[:count].cpu().numpy(),
        mean=actual[:, 2].mean((2, 3)).flatten()[:count].cpu().numpy(),
        patterns=pattern(bottleneck).cpu().numpy()[kept],
        starts=firsts[kept] - lead,
    )


def measure(
    rebuilt: Iterable[Rebuilt], *, calibration: Calibration | None = None, kinds: Sequence[int] = ()
) -> Measured:
    """Sum up a video as it streams past; with a calibration, draw the heat of the cells of `kinds`."""
    parts: list[Rebuilt] = []
    cell_speed, cell_speed_mean, strongest, heat = [], [], [], []

    def cells() -> Iterator[Floats]:
        for part in rebuilt:
            cell_speed.append(part.cells[:, SPEED, ::2, ::2].max((1, 2)))
            parts.append(replace(part, cells=np.empty(0, np.float32)))  # cells are too many to keep
            yield part.cells

    done = 0
    for means in time_means(cells(), SMOOTHING):  # (n, 3, CELLS, CELLS)
        strongest.append(np.maximum(means, 0).max((2, 3)))
        cell_speed_mean.append(means[:, SPEED, ::2, ::2].max((1, 2)))
        if calibration is not None:
            heat.append(calibration.heat(means[-done % HEATMAP_STRIDE :: HEATMAP_STRIDE], kinds))
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


def kinds_of(config: PseudoAnomalyConfig) -> tuple[int, ...]:
    """List the kinds of cells that the score is made of."""
    return {"fused": (UNEXPECTED, SPEED), "unexpected_motion": (UNEXPECTED,), "error": (ERROR,)}[config.score]


def judge(measured: Measured, calibration: Calibration, config: PseudoAnomalyConfig) -> VideoScores:
    """Turn measurements into scores, in deviations from usual frames; the fused score adds its two parts."""
    kinds = kinds_of(config)
    if config.score == "error":
        frames = (measured.error - calibration.error_centre) / calibration.error_spread
    else:
        frames = np.sum([calibration.z(measured.strongest, kind) for kind in kinds], axis=0)
    tracks = {
        "unexpected_speed": measured.strongest[:, UNEXPECTED] * calibration.scale,
        "reconstruction_error": measured.error,
        "motion_mean": measured.mean * calibration.scale,
        "motion_strongest_cell": measured.cell_speed * calibration.scale,
        "motion_time_mean_16": measured.cell_speed_mean * calibration.scale,
    }
    return VideoScores(
        frames=frames.astype(np.float32),
        tracks={name: Track(values.astype(np.float32)) for name, values in tracks.items()},
        heatmaps=Heatmaps(
            values=measured.heat,
            frames=np.arange(0, len(frames), HEATMAP_STRIDE),
            low=0.0,
            high=calibration.heat_high(kinds),
            region=_REGION,
        ),
        patterns=Patterns(actual=measured.patterns, starts=measured.starts, length=WINDOW),
    )
