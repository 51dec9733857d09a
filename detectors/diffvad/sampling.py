"""Generating futures: noise that a counter gives, and the way back from it with the folded network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.diffusion import ddpm
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.folded import FoldedUNet
from detectors.diffvad.network import Denoiser

Floats = NDArray[np.float32]

GROUP = 16
"""Windows that are sampled together. Products of matrices of one size give the same bits again, of another size
perhaps not: what is to be made again on demand is made in its group again."""

_SHIFT = 2**32  # first frames may be negative, keys may not


def noise_of(firsts: NDArray[np.int64], *, patterns: int, draws: int, size: int, seed: int) -> Floats:
    """Give the noise of windows, (B, patterns, draws, size), by their first future frames (B,).

    It depends on seed, frame, pattern, draw and place alone, so fewer patterns are the first of more. The same
    noise serves every round, so that labels change by what was learned and not by chance.
    """
    found = np.empty((len(firsts), patterns, draws, size), np.float32)
    for row, first in zip(found, firsts, strict=True):
        counter = np.random.Philox(key=np.array([seed % 2**64, int(first) + _SHIFT], np.uint64))
        np.random.Generator(counter).standard_normal(dtype=np.float32, out=row)
    return found


class Sampler:
    """A trained denoiser at work: from histories to futures.

    Posterior: every step from T - 1 to 0, the clean estimate cut off, the last one returned. Ddpm: steps T - 1 to 1,
    as MoCoDAD, whose samples keep the trace of noise of step 0.
    """

    @torch.no_grad()
    def __init__(self, network: Denoiser, config: DiffVADConfig, *, seed: int) -> None:
        self._network, self._config, self._seed = network, config, seed
        self._folded = FoldedUNet(network.unet)
        self._schedule = ddpm.Schedule.cosine(config.diffusion_steps)
        self._last = 0 if config.sampler == "posterior" else 1
        self._steps = range(config.diffusion_steps - 1, self._last - 1, -1)
        self._device = next(network.parameters()).device
        self._skips = network.skip(torch.arange(config.diffusion_steps, device=self._device)).tolist()

    @torch.inference_mode()
    def sample(self, history: Tensor, firsts: NDArray[np.int64], *, patterns: int) -> Tensor:
        """Generate futures (B, M, C, T, V) of histories (B, C, k, V) whose futures begin at frames `firsts`."""
        rows, channels, _, nodes = history.shape
        times, draws = self._config.future, len(self._steps)
        size = times * nodes * channels
        drawn = noise_of(firsts, patterns=patterns, draws=draws, size=size, seed=self._seed)
        noise = torch.from_numpy(drawn).to(self._device).view(rows * patterns, draws, times * nodes, channels)
        noise = noise.permute(1, 2, 0, 3).contiguous()  # (draws, TV, B * M, C)
        beside: Tensor | None = None
        if self._network.sees_history:
            beside = history.permute(2, 3, 0, 1).reshape(times * nodes, rows, 1, channels)
            beside = beside.expand(-1, -1, patterns, -1).reshape(times * nodes, rows * patterns, channels)
        x = noise[0]
        for place, t in enumerate(self._steps):
            embedding = self._network.embed(torch.full((1,), t, device=self._device), history)
            if len(embedding) > 1:
                embedding = embedding.repeat_interleave(patterns, dim=0)
            seen = x if beside is None else torch.cat([x, beside], dim=2)
            estimate = self._folded(seen.contiguous(), self._folded.embed(embedding))
            estimate = estimate.add_(x, alpha=self._skips[t])
            x = self._back(x, estimate, noise[place + 1] if t > self._last else None, t)
        return x.view(times, nodes, rows, patterns, channels).permute(2, 3, 4, 0, 1)

    def _back(self, x: Tensor, estimate: Tensor, z: Tensor | None, t: int) -> Tensor:
        if self._config.sampler == "ddpm":
            return ddpm.ddpm_step(x, estimate, z, t, self._schedule)
        if self._network.predicts_noise:
            estimate = ddpm.clean_of(x, estimate, t, self._schedule)
        if self._config.clip is not None:
            estimate = estimate.clamp(-self._config.clip, self._config.clip)
        return estimate if z is None else ddpm.posterior_step(x, estimate, z, t, self._schedule)
