"""The denoiser: a graph U-Net over a square grid of nodes, told the step and the history."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from detectors.diffusion import ddpm
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.layers import GraphUNet

_CONDITION_WIDTH = 32
_CONDITION_GRID = 4  # cells along each side that the condition keeps apart


class HistoryEncoder(nn.Module):
    """Turns the history (B, C, k, V) into an embedding (B, E) by 3D convolution (paper, section 3.2)."""

    def __init__(self, channels: int, *, side: int, embedding: int) -> None:
        super().__init__()
        self.side = side
        self.layers = nn.Sequential(
            nn.Conv3d(channels, _CONDITION_WIDTH, 3, padding=1),
            nn.SiLU(),
            nn.Conv3d(_CONDITION_WIDTH, _CONDITION_WIDTH, 3, stride=(1, 2, 2), padding=1),
            nn.SiLU(),
        )
        self.project = nn.Linear(_CONDITION_WIDTH * _CONDITION_GRID**2, embedding)

    def forward(self, history: Tensor) -> Tensor:
        rows, channels, frames, _ = history.shape
        x = self.layers(history.reshape(rows, channels, frames, self.side, self.side)).mean(2)
        shrink = x.shape[-1] // _CONDITION_GRID
        return self.project(nn.functional.avg_pool2d(x, shrink).flatten(1))


class Denoiser(nn.Module):
    """Estimates the clean future, or its noise: (B, C, T, V) at steps (B,), history (B, C, k, V)."""

    alpha_hat: Tensor

    def __init__(self, channels: int, config: DiffVADConfig) -> None:
        super().__init__()
        nodes = config.nodes**2
        self.predicts_noise = config.prediction == "eps"
        self.sees_history = config.condition != "embedding"
        self.unet = GraphUNet(
            channels * (1 + self.sees_history),
            channels,
            nodes=(nodes, nodes // 4, nodes // 16),
            times=config.future,
            widths=config.widths,
            embedding=config.embedding,
            head="graph" if config.last_layer == "graph" else "conv",
        )
        self.unet.start_as_grid()
        self.embedding = config.embedding
        self.time = nn.Sequential(
            nn.Linear(config.embedding, config.embedding),
            nn.SiLU(),
            nn.Linear(config.embedding, config.embedding),
        )
        self.history: HistoryEncoder | None = None
        if config.condition != "history":
            self.history = HistoryEncoder(channels, side=config.nodes, embedding=config.embedding)
        schedule = ddpm.Schedule.cosine(config.diffusion_steps)
        self.register_buffer("alpha_hat", schedule.alpha_hat.float(), persistent=False)

    def embed(self, t: Tensor, history: Tensor) -> Tensor:
        """Compute the embedding (B, E) of step and history."""
        found = self.time(ddpm.sinusoids(t, self.embedding))
        return found if self.history is None else found + self.history(history)

    def skip(self, t: Tensor) -> Tensor:
        """Compute the share (B,) of the input that the output starts from: noisy inputs are nearly the noise."""
        return torch.ones_like(self.alpha_hat[t]) if self.predicts_noise else self.alpha_hat[t].sqrt()

    def forward(self, x: Tensor, t: Tensor, history: Tensor) -> Tensor:
        seen = torch.cat([x, history], dim=1) if self.sees_history else x
        return self.unet(seen, self.embed(t, history)) + self.skip(t)[:, None, None, None] * x


def make(channels: int, config: DiffVADConfig, *, seed: int) -> Denoiser:
    """Make the denoiser with weights that depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Denoiser(channels, config)
