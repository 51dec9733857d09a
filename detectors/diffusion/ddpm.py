"""Discrete diffusion: the cosine schedule, noising, and the two ways back (Ho et al. 2020, Nichol et al. 2021).

DiffVAD, equations (1) and (3), gives no schedule and mixes up its indices; this is the form of MoCoDAD, from which
the paper takes the method. Steps are numbered 0 .. T-1; step T-1 is the noisiest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

_OFFSET = 0.008  # keeps the noise of the first steps from vanishing
_MOST_BETA = 0.999


@dataclass(frozen=True, slots=True)
class Schedule:
    """Noise of each step: beta, alpha = 1 - beta and alpha_hat, the product of alphas up to it; each (T,)."""

    beta: Tensor
    alpha: Tensor
    alpha_hat: Tensor

    @classmethod
    def cosine(cls, steps: int) -> Self:
        """Make the cosine schedule, float64: beta = min(1 - f((i + 1) / T) / f(i / T), 0.999)."""
        level = torch.arange(steps + 1, dtype=torch.float64) / steps
        kept = torch.cos((level + _OFFSET) / (1 + _OFFSET) * (math.pi / 2)) ** 2
        beta = (1 - kept[1:] / kept[:-1]).clamp(max=_MOST_BETA)
        alpha = 1 - beta
        return cls(beta, alpha, torch.cumprod(alpha, 0))

    @property
    def steps(self) -> int:
        return len(self.beta)

    def to(self, like: Tensor) -> Schedule:
        """Give the same in the type and on the device of `like`."""
        return Schedule(*(values.to(like) for values in (self.beta, self.alpha, self.alpha_hat)))


def noised(clean: Tensor, noise: Tensor, t: Tensor, schedule: Schedule) -> Tensor:
    """Compute x_t = sqrt(alpha_hat) x_0 + sqrt(1 - alpha_hat) noise of rows (B, ...) at their steps t (B,)."""
    kept = schedule.alpha_hat[t].to(clean).reshape(-1, *[1] * (clean.ndim - 1))
    return kept.sqrt() * clean + (1 - kept).sqrt() * noise


def ddpm_step(x: Tensor, eps: Tensor, z: Tensor | None, t: int, schedule: Schedule) -> Tensor:
    """Go from step t >= 1 to t - 1 with predicted noise and the variance beta_t (equation 3, corrected).

    z: fresh noise of the shape of x; None at t = 1, where none is added.
    """
    beta, alpha, alpha_hat = (float(v[t]) for v in (schedule.beta, schedule.alpha, schedule.alpha_hat))
    mean = (x - beta / math.sqrt(1 - alpha_hat) * eps) / math.sqrt(alpha)
    return mean if z is None else mean + math.sqrt(beta) * z


def clean_of(x: Tensor, eps: Tensor, t: int, schedule: Schedule) -> Tensor:
    """Compute the x_0 that x_t and its noise imply."""
    alpha_hat = float(schedule.alpha_hat[t])
    return (x - math.sqrt(1 - alpha_hat) * eps) / math.sqrt(alpha_hat)


def posterior_step(x: Tensor, clean: Tensor, z: Tensor, t: int, schedule: Schedule) -> Tensor:
    """Go from step t >= 1 to t - 1 by the posterior q(x_{t-1} | x_t, x_0) with x_0 = `clean`."""
    beta, alpha = float(schedule.beta[t]), float(schedule.alpha[t])
    here, before = float(schedule.alpha_hat[t]), float(schedule.alpha_hat[t - 1])
    mean = math.sqrt(before) * beta / (1 - here) * clean + math.sqrt(alpha) * (1 - before) / (1 - here) * x
    return mean + math.sqrt(beta * (1 - before) / (1 - here)) * z


def sinusoids(t: Tensor, width: int) -> Tensor:
    """Encode steps (B,) as (B, width): width / 2 sines, then as many cosines, of t * 10000^(-2 j / width)."""
    rates = 10_000 ** (-torch.arange(0, width, 2, dtype=torch.float32, device=t.device) / width)
    angle = t[:, None].float() * rates
    return torch.cat([angle.sin(), angle.cos()], dim=1)
