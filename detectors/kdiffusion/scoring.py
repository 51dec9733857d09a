"""From features to scores: bury them in noise, have the denoiser rebuild them, and measure the difference.

The score of a region is the mean of squared differences in the units of `space`, of a clip the mean of its
strangest regions, of a frame the mean of the clips over it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors import perspective
from detectors.diffusion import karras
from detectors.features import footage
from detectors.features.clips import LENGTH, Floats, Starts
from detectors.kdiffusion.config import KDiffusionConfig
from detectors.kdiffusion.network import Denoiser, Folded
from detectors.kdiffusion.space import Space
from detectors.kdiffusion.training import units

GROUP = 8192
"""Clips that the released code thresholds together."""

_LEAST_SPREAD = 0.1  # of the score of a region, as a share of the spread over all regions
_ROWS_ON_CPU = 1024  # rows whose layers stay in the cache of a core
_ROWS_ON_GPU = 65_536


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Clips and how they came back. R: units of a clip, V: noise vectors.

    regions: (k, R), mean squared differences. differences: (k, R, D), reconstruction minus features, of the
    heatmap's start step, mean over noise vectors, as `Space.leave` gives them. reconstructions: (k, V, D), of
    the strangest unit, and actual: (k, D), the same unit as it was; in the denoiser's units.
    """

    regions: Floats
    differences: Floats
    reconstructions: Floats
    actual: Floats


class Rebuilder:
    """A trained denoiser at work: from cells of clips to how they differ from what it makes of them."""

    def __init__(
        self, network: Denoiser, space: Space, config: KDiffusionConfig, *, noise: Floats, seed: int
    ) -> None:
        sigmas = karras.sigmas(config.steps, config.sigma_min, config.sigma_max, config.rho)
        usual = karras.start_step(sigmas, space.sigma_data)
        self.step = usual if config.start_step is None else config.start_step
        self.sigma = float(sigmas[self.step])
        self._config, self._space = config, space
        self._device = next(network.parameters()).device
        self._noise = torch.from_numpy(noise).to(self._device)  # (V, D)
        self._random = torch.Generator(self._device).manual_seed(seed)
        self._levels = sigmas[self.step :]
        self._raw = Folded(network, self._levels, sigma_data=space.sigma_data)
        # With less noise than the spread of the features, differences are mostly that noise: no map of anything.
        self._map_levels = sigmas[min(self.step, usual) :]
        self._map_raw = self._raw
        if len(self._map_levels) > len(self._levels):
            self._map_raw = Folded(network, self._map_levels, sigma_data=space.sigma_data)

    @torch.inference_mode()
    def rebuild(self, cells: Floats) -> Rebuilt:
        """Rebuild clips (k, rows, columns, D)."""
        seen = self._space.enter(units(cells, self._config.unit))
        count, regions, width = seen.shape
        rows = torch.from_numpy(seen.reshape(-1, width)).to(self._device)
        errors = [self._errors(rows, v, self._raw, self._levels) for v in range(len(self._noise))]
        scores = torch.stack([error.square().mean(1) for error in errors]).mean(0).reshape(count, regions)
        mapped = errors
        if self._map_raw is not self._raw:
            mapped = [self._errors(rows, v, self._map_raw, self._map_levels) for v in range(len(self._noise))]
        difference = mapped[0] if len(mapped) == 1 else torch.stack(mapped).mean(0)
        strangest = scores.argmax(1) + torch.arange(count, device=self._device) * regions
        actual = rows[strangest]
        reconstructions = torch.stack([actual + error[strangest] for error in errors], dim=1)
        return Rebuilt(
            regions=scores.cpu().numpy(),
            differences=self._space.leave(difference.cpu().numpy()).reshape(count, regions, width),
            reconstructions=reconstructions.cpu().numpy(),
            actual=actual.cpu().numpy(),
        )

    def _errors(self, rows: Tensor, vector: int, raw: Folded, levels: Tensor) -> Tensor:
        together = _ROWS_ON_CPU if self._device.type == "cpu" else _ROWS_ON_GPU
        found = []
        for part in rows.split(together):
            noise = self._noise[vector : vector + 1]
            if self._config.noise == "per_segment":
                noise = torch.randn(part.shape, generator=self._random, device=self._device)
            found.append(karras.sample_errors(raw, part, noise, levels, sigma_data=self._space.sigma_data))
        return torch.cat(found)


def draw_noise(width: int, config: KDiffusionConfig, *, seed: int) -> Floats:
    """Draw the noise vectors of a model: (V, width), +n and -n in turn where there are several."""
    random = torch.Generator().manual_seed(seed)
    if config.noise_vectors == 1:
        return torch.randn(1, width, generator=random).numpy()
    half = torch.randn(config.noise_vectors // 2, width, generator=random)
    return torch.stack([half, -half], dim=1).flatten(0, 1).numpy()


@dataclass(frozen=True, slots=True)
class Calibration:
    """How training clips score. It is made without labels.

    norm: whether regions are measured against their own scores. centre, spread: (R,), mean and deviation of
    the score of each region. mean, deviation: of the scores of clips. high: what heatmaps show as 255.
    """

    norm: bool
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    mean: float
    deviation: float
    high: float

    def normed(self, regions: Floats) -> NDArray[np.float64]:
        """Put the scores of regions (k, R) on the scale that clips are scored on."""
        return (regions - self.centre) / self.spread if self.norm else regions.astype(np.float64)

    def array(self) -> NDArray[np.float64]:
        """Give everything as (4 + 2 R,) float64."""
        first = [float(self.norm), self.mean, self.deviation, self.high]
        return np.concatenate([first, self.centre, self.spread])

    @classmethod
    def from_array(cls, values: NDArray[np.float64]) -> Calibration:
        """Put together what `array` gave."""
        centre, spread = values[4:].reshape(2, -1)
        return cls(values[0] != 0, centre, spread, *map(float, values[1:4]))


def calibrate(regions: Floats, config: KDiffusionConfig, *, oblique: bool) -> Calibration:
    """Sum up the scores of the regions of training clips, (K, R); `high` is left for `with_heat`."""
    spread = regions.std(0, dtype=np.float64)
    found = Calibration(
        norm=config.unit == "regions" and (config.region_norm == "score_z" or oblique),
        centre=regions.mean(0, dtype=np.float64),
        spread=np.maximum(spread, max(_LEAST_SPREAD * float(regions.std(dtype=np.float64)), 1e-12)),
        mean=0.0,
        deviation=0.0,
        high=1.0,
    )
    scores = strangest(found.normed(regions), config.top_regions)
    deviation = float(scores.std(ddof=1)) if len(scores) > 1 else 0.0
    return replace(found, mean=float(scores.mean()), deviation=deviation)


def with_heat(calibration: Calibration, heat: Floats) -> Calibration:
    """Set what heatmaps show as 255: half as much again as the hottest cells of training clips (k, gh, gw)."""
    return replace(calibration, high=max(1.5 * float(np.percentile(heat.max((1, 2)), 99.9)), 1e-6))


def strangest(regions: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Average the `count` highest scores of each clip: (k, R) -> (k,)."""
    count = min(count, regions.shape[1])
    return np.partition(regions, -count, axis=1)[:, -count:].mean(1)


def looks_along(cells: Floats) -> bool:
    """Guess without labels whether the camera looks along the scene, so that near things move faster.

    cells: (K, 8, 8, 36) of the encoder `footage`.
    """
    speed = footage.blocks(cells)[..., footage.SPEED]  # (K, 16, 16)
    return perspective.looks_along(speed)


def heat_of(
    rebuilt: Rebuilt,
    cells: Floats,
    mean_map: Floats,
    config: KDiffusionConfig,
    *,
    space: Space,
    calibration: Calibration,
) -> Floats:
    """Say where the strangeness of clips is: (k, gh, gw), 0 or more.

    Regions show their own score, motion in its 16 x 16 blocks, whose mean is the score of the region. Where
    the picture is scored as a whole, a cell shows how far it pulls the features away from the reconstruction,
    against what the cell usually shows: an attribution, not a measurement.
    """
    count, rows, columns, _ = cells.shape
    if config.unit == "frame":
        residual = -rebuilt.differences[:, 0]  # features minus reconstruction, (k, D)
        pull = (cells - mean_map) * np.float32(space.scale)
        return np.maximum(np.einsum("kd,kyxd->kyx", residual, pull) / residual.shape[1], 0)
    squared: NDArray[Any] = rebuilt.differences**2
    if calibration.norm:
        squared = (squared - calibration.centre[:, None]) / calibration.spread[:, None]
    squared = squared.reshape(count, rows, columns, -1)
    heat = footage.blocks(squared).mean(-1) if config.encoder == "footage" else squared.mean(-1)
    return np.maximum(heat, 0).astype(np.float32)


def over_frames(values: NDArray[np.float64], starts: Starts, n_frames: int) -> Floats:
    """Average the clips over each frame: (K,) -> (n_frames,)."""
    stops = np.minimum(starts + LENGTH, n_frames)
    total, count = np.zeros(n_frames + 1), np.zeros(n_frames + 1)
    for sums, weights in ((total, values), (count, np.ones(len(values)))):
        np.add.at(sums, starts, weights)
        np.add.at(sums, stops, -weights)
    return (np.cumsum(total[:-1]) / np.cumsum(count[:-1])).astype(np.float32)


def thresholds(
    scores: NDArray[np.float64], calibration: Calibration, config: KDiffusionConfig, *, seed: int
) -> NDArray[np.float64]:
    """Compute the threshold of each clip, mean + k deviations of the scores it is compared with: (K,)."""
    if config.threshold_over == "training":
        return np.full(len(scores), calibration.mean + config.threshold_k * calibration.deviation)
    size = GROUP if config.threshold_over == "groups" else len(scores)
    order = np.random.default_rng(seed).permutation(len(scores))
    found = np.empty(len(scores))
    for first in range(0, len(scores), size):
        group = order[first : first + size]
        deviation = scores[group].std(ddof=1) if len(group) > 1 else 0.0
        found[group] = scores[group].mean() + config.threshold_k * deviation
    return found
