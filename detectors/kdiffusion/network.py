"""The denoiser: a multilayer perceptron that is told the noise level by FiLM (paper, section 3.2).

F -> 1024 -> 512 -> 256 -> 512 -> 1024 -> F, each layer but the last with batch normalisation and ReLU.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.diffusion import karras


class Film(nn.Module):
    """Scales and shifts features by factors of the noise level.

    The factors are cos and sin of frozen random frequencies, without a learned layer, as in the released
    code; with `learned`, a linear layer on them that begins as the identity.
    """

    frequencies: Tensor

    def __init__(self, width: int, *, learned: bool) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(width))
        self.project = nn.Linear(2 * width, 2 * width) if learned else None
        if self.project is not None:
            nn.init.zeros_(self.project.weight)
            nn.init.zeros_(self.project.bias)

    def factors(self, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Compute scale and shift: (width,) for one noise level, (B, width) for one a row."""
        level = karras.c_noise(sigma)
        angle = level[..., None] * (2 * math.pi * self.frequencies)
        scale, shift = angle.cos(), angle.sin()
        if self.project is None:
            return scale, shift
        scale, shift = self.project(torch.cat([scale, shift], dim=-1)).chunk(2, dim=-1)
        return 1 + scale, shift

    def forward(self, features: Tensor, sigma: Tensor) -> Tensor:
        scale, shift = self.factors(sigma)
        return torch.addcmul(shift, scale, features)


class Denoiser(nn.Module):
    """F of the preconditioned denoiser: (B, dimension) rows c_in * y and their noise levels -> (B, dimension)."""

    def __init__(
        self, dimension: int, widths: tuple[int, int, int], *, film: Literal["fourier", "learned"]
    ) -> None:
        super().__init__()
        self.dimension = dimension
        self.film_input = Film(dimension, learned=film == "learned")
        self.film_latent = Film(widths[-1], learned=film == "learned")
        self.encoder = nn.Sequential(*_layers(dimension, *widths))
        self.decoder = nn.Sequential(*_layers(*widths[::-1]), nn.Linear(widths[0], dimension))

    def forward(self, scaled: Tensor, sigma: Tensor) -> Tensor:
        latent = self.encoder(self.film_input(scaled, sigma))
        return self.decoder(self.film_latent(latent, sigma))


def _layers(*widths: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]
    return layers


class Folded:
    """A trained denoiser at fixed noise levels, with everything linear folded into its six layers.

    At one noise level FiLM is a fixed scale and shift, c_in a factor, and batch normalisation in use a scale
    and shift too, so they all become part of the weights beside them, computed in float64.
    """

    @torch.no_grad()
    def __init__(self, network: Denoiser, sigmas: Tensor, *, sigma_data: float) -> None:
        levels = sigmas[sigmas > 0].double().cpu()
        encoder = _folded(network.encoder)
        decoder = _folded(network.decoder)
        like = next(network.parameters())
        shared = [(w.to(like), b.to(like)) for w, b in [*encoder[1:], *decoder[1:]]]
        film_input, film_latent = _double(network.film_input), _double(network.film_latent)
        self._steps: list[list[tuple[Tensor, Tensor]]] = []
        for sigma in levels:
            _, _, c_in = karras.scalings(sigma, sigma_data)
            scale, shift = film_input.factors(sigma)
            first = _after(*encoder[0], scale=scale * c_in, shift=shift)
            middle = _after(*decoder[0], *film_latent.factors(sigma))
            layers = [tuple(t.to(like) for t in first), *shared]
            layers.insert(len(encoder), tuple(t.to(like) for t in middle))
            self._steps.append(layers)  # type: ignore[arg-type]

    def __call__(self, y: Tensor, i: int) -> Tensor:
        """Compute F(c_in * y, c_noise) of rows y (B, dimension) at the i-th noise level."""
        *hidden, (weight, bias) = self._steps[i]
        for w, b in hidden:
            y = functional.linear(y, w, b).relu_()
        return functional.linear(y, weight, bias)


def _folded(layers: nn.Sequential) -> list[tuple[Tensor, Tensor]]:
    found: list[tuple[Tensor, Tensor]] = []
    for layer in layers:
        if isinstance(layer, nn.Linear):
            found.append((layer.weight.double().cpu(), layer.bias.double().cpu()))
        elif isinstance(layer, nn.BatchNorm1d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            mean, variance = layer.running_mean.double().cpu(), layer.running_var.double().cpu()
            scale = layer.weight.double().cpu() / (variance + layer.eps).sqrt()
            weight, bias = found[-1]
            found[-1] = (scale[:, None] * weight, scale * (bias - mean) + layer.bias.double().cpu())
    return found


def _after(weight: Tensor, bias: Tensor, scale: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """Fold a scale and shift of what comes in into a linear layer."""
    return weight * scale, bias + weight @ shift


def _double(film: Film) -> Film:
    copy = Film(len(film.frequencies), learned=film.project is not None)
    copy.load_state_dict(film.state_dict())
    return copy.double()
