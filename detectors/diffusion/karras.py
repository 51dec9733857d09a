"""Denoising diffusion as in Karras et al. 2022 (EDM), and the linear multistep sampler of k-diffusion.

A denoiser D(y; sigma) estimates the clean x behind y = x + sigma * n. It is a network F in a frame that keeps
inputs and targets at unit variance: D(y; sigma) = c_skip y + c_out F(c_in y, c_noise).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

ORDER = 4
"""Most slopes that a step of the sampler uses."""

Network = Callable[[Tensor, Tensor], Tensor]
"""F(c_in * y, sigma), which computes c_noise from sigma itself."""


def sigmas(n: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """Compute the n noise levels from sigma_max down to sigma_min, and 0: float64 (n + 1,), EDM eq. 5.

    With n = 1 the one level is sigma_max.
    """
    if n < 1 or not 0 < sigma_min <= sigma_max or not rho > 0:
        raise ValueError(
            f"a schedule needs n >= 1, 0 < sigma_min <= sigma_max and rho > 0, got {n}, {sigma_min}, "
            f"{sigma_max}, {rho}"
        )
    ramp = torch.linspace(0, 1, n, dtype=torch.float64)
    top, bottom = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return torch.cat([(top + ramp * (bottom - top)) ** rho, ramp.new_zeros(1)])


def scalings(sigma: Any, sigma_data: float) -> tuple[Any, Any, Any]:
    """Compute (c_skip, c_out, c_in) of EDM table 1; sigma is a number, an array or a tensor."""
    variance = sigma**2 + sigma_data**2
    return sigma_data**2 / variance, sigma * sigma_data / variance**0.5, 1 / variance**0.5


def c_noise(sigma: Any) -> Any:
    """Compute the noise level as the network sees it, ln(sigma) / 4."""
    if isinstance(sigma, Tensor):
        return sigma.log() / 4
    with np.errstate(divide="ignore"):
        return np.log(sigma) / 4


def loss_weight(sigma: Any, sigma_data: float) -> Any:
    """Compute lambda(sigma) = 1 / c_out^2, the weight of |D - x|^2 in the loss."""
    return (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2


def draw_sigmas(
    count: int,
    *,
    mean: float,
    std: float,
    generator: torch.Generator | None = None,
    like: Tensor | None = None,
) -> Tensor:
    """Draw training noise levels whose logarithm is normal: (count,), of the dtype and device of `like`."""
    dtype, device = (torch.float32, None) if like is None else (like.dtype, like.device)
    return (torch.randn(count, generator=generator, dtype=dtype, device=device) * std + mean).exp()


def denoise(network: Network, y: Tensor, sigma: Tensor, *, sigma_data: float) -> Tensor:
    """Estimate the clean rows behind y (B, D); sigma is one number for all rows, or (B,)."""
    c_skip, c_out, c_in = (_column(c) for c in scalings(sigma, sigma_data))
    return c_skip * y + c_out * network(c_in * y, sigma)


def row_losses(network: Network, x: Tensor, noise: Tensor, sigma: Tensor, *, sigma_data: float) -> Tensor:
    """Compute the loss of each row of x (B, D), with noise (B, D) and sigma (B,): (B,).

    It is measured on F against the F that would be right, which equals lambda(sigma) |D - x|^2 / D and does
    not lose digits at small sigma.
    """
    c_skip, c_out, c_in = (_column(c) for c in scalings(sigma, sigma_data))
    y = torch.addcmul(x, noise, _column(sigma))
    target = (x - c_skip * y) / c_out
    return (network(c_in * y, sigma) - target).square().mean(1)


def lms_coefficients(sigmas: ArrayLike | Tensor, *, order: int = ORDER) -> NDArray[np.float64]:
    """Integrate the polynomials of a linear multistep sampler exactly: float64 (steps, order).

    Entry [i, j] multiplies the slope of step i - j in the step from sigmas[i] to sigmas[i + 1]; entries of
    steps before the first are 0. A row sums to sigmas[i + 1] - sigmas[i]. The history begins with the first
    sigma given, so pass sigmas[t:] to start at step t.
    """
    levels = np.asarray(sigmas, dtype=np.float64)
    if levels.ndim != 1 or len(levels) < 2 or not (np.diff(levels) < 0).all():
        raise ValueError(
            "the sampler needs at least two noise levels in one row, each lower than the one before"
        )
    found = np.zeros((len(levels) - 1, order))
    for i in range(len(levels) - 1):
        known = levels[max(0, i + 1 - order) : i + 1][::-1]  # sigma of step i, i - 1, ...
        for j in range(len(known)):
            found[i, j] = _integral(known[j], np.delete(known, j), levels[i], levels[i + 1])
    return found


def _integral(node: float, others: NDArray[np.float64], start: float, stop: float) -> float:
    """Integrate the Lagrange polynomial that is 1 at `node` and 0 at `others`, from start to stop.

    Levels lie decades apart, so powers of tau itself would cancel; measured from `start`, which is a node,
    every root has the same sign and the only sums are of terms that fall off.
    """
    roots = others - start
    length = stop - start
    total = []
    for power in range(
        len(roots) + 1
    ):  # coefficient of tau^power is (-1)^m times the sum of products of m roots
        m = len(roots) - power
        symmetric = math.fsum(math.prod(chosen) for chosen in combinations(roots, m))
        total.append((-1) ** m * symmetric * length ** (power + 1) / (power + 1))
    return math.fsum(total) / math.prod(node - others)


def sample_lms(denoise: Callable[[Any, Any], Any], x: Any, sigmas: ArrayLike | Tensor) -> Any:
    """Follow the probability flow from x at sigmas[0] to sigmas[-1] and give where it ends.

    denoise(y, sigma) gives D for rows y, where sigma is a scalar of the kind of x (a tensor without
    dimensions on its device, or a number). To start at step t of a schedule, pass sigmas[t:] and
    x = clean + sigmas[t] * noise.
    """
    coefficients = lms_coefficients(sigmas)
    levels: Any
    if isinstance(x, Tensor):
        levels = torch.as_tensor(sigmas, dtype=x.dtype).to(x.device)
    else:
        levels = np.asarray(sigmas, dtype=np.float64)
    slopes: list[Any] = []
    for i in range(len(coefficients)):
        slopes = [(x - denoise(x, levels[i])) / levels[i], *slopes[: ORDER - 1]]
        for coefficient, slope in zip(coefficients[i].tolist(), slopes, strict=False):
            x = x + coefficient * slope
    return x


def sample_errors(
    raw: Callable[[Tensor, int], Tensor], x: Tensor, noise: Tensor, sigmas: Tensor, *, sigma_data: float
) -> Tensor:
    """Corrupt x (B, D) to sigmas[0], sample back, and give reconstruction minus x, (B, D).

    raw(y, i) gives F(c_in y, c_noise) at sigmas[i]. The same as `sample_lms` minus x in exact arithmetic, but
    the difference itself is followed, from the closed form of the slope (y - D) / sigma = sigma / v * y -
    sigma_data / sqrt(v) * F with v = sigma^2 + sigma_data^2. Subtracting x from a reconstruction that differs
    by 1e-4 of it, as late steps do, would leave few digits in float32.
    """
    error = sigmas[0].item() * noise
    if error.shape != x.shape:
        error = error.expand_as(x)
    slopes: list[Tensor] = []
    for i, row in enumerate(lms_coefficients(sigmas).tolist()):
        sigma = sigmas[i].item()
        variance = sigma**2 + sigma_data**2
        y = x + error
        slope = raw(y, i).mul_(-sigma_data / math.sqrt(variance)).add_(y, alpha=sigma / variance)
        slopes = [slope, *slopes[: ORDER - 1]]
        for j, (coefficient, known) in enumerate(zip(row, slopes, strict=False)):
            error = (
                torch.add(error, known, alpha=coefficient) if j == 0 else error.add_(known, alpha=coefficient)
            )
    return error


def start_step(sigmas: Tensor, sigma_data: float) -> int:
    """Choose the step to start at without labels: the smallest noise that is no less than sigma_data.

    Less noise than the data's own spread leaves x readable in y, and scores stop telling usual from unusual.
    If all levels are below sigma_data it is the first step.
    """
    return max(0, int((sigmas >= sigma_data).sum()) - 1)


def _column(value: Any) -> Any:
    """(B,) -> (B, 1); scalars stay."""
    return value[:, None] if isinstance(value, Tensor) and value.ndim == 1 else value
