"""Averaging of weights over training, and the learning rate that goes with it (as k-diffusion sets them)."""

from __future__ import annotations

import torch
from torch import nn


def ema_decay(step: int, *, power: float = 0.6667, most: float = 0.9999) -> float:
    """Compute how much of the average stays at update `step`, from 0: min(most, 1 - (1 + step)^-power)."""
    return min(most, 1 - (1 + step) ** -power)


def inverse_lr(step: int, *, inv_gamma: float = 20_000.0, power: float = 1.0, warmup: float = 0.99) -> float:
    """Compute the factor on the learning rate at `step`, from 0: a warm-up, then inverse decay."""
    return (1 - warmup ** (step + 1)) * (1 + step / inv_gamma) ** -power


@torch.no_grad()
def update(average: nn.Module, model: nn.Module, *, decay: float) -> None:
    """Move the averaged parameters towards the model's; buffers, such as running statistics, are copied."""
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
    for kept, now in zip(average.buffers(), model.buffers(), strict=True):
        kept.copy_(now)
