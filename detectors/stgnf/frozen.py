"""A trained flow with everything that no longer changes worked out beforehand, for scoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.stgnf.coupling import LEAST_SCALE
from detectors.stgnf.network import EDGE, JOINTS, Block, InvertibleConv, Planes, Step, StgNfNetwork

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Step:
    """Numbers of one step: batch norms are folded into slopes, offsets and the banded matrix.

    matrix: 2 x 2 of the learned permutation, or None for a swap. logdet: the part that is the same for all poses.
    """

    slope: tuple[float, float]
    offset: tuple[float, float]
    matrix: tuple[tuple[float, float], tuple[float, float]] | None
    logdet: float
    hidden_slope: Tensor
    hidden_offset: Tensor
    banded: Tensor
    bias: Tensor
    residual: tuple[float, float] | None


class Frozen:
    """Scores poses with a network that is no longer trained; the same numbers as its eval mode, within rounding."""

    def __init__(self, network: StgNfNetwork) -> None:
        self.network = network.eval()
        self.steps = None if network.architecture.hidden else [_frozen(step) for step in _steps(network)]

    @torch.inference_mode()
    def bits(self, planes: Floats) -> tuple[NDArray[np.float32], Tensor]:
        """Give bits per dimension (N,) and the latent planes (2, V, N, T) for planes (2, V, N, T)."""
        like = self.network.prior_h
        values = torch.from_numpy(planes).to(like)
        both: Planes = values[0], values[1]
        latent, logdet = self.network.encode(both) if self.steps is None else self._encode(both)
        bits = self.network.bits_of(latent, logdet, means=self.network.prior_mean)
        return bits.float().cpu().numpy(), torch.stack(latent)

    def _encode(self, planes: Planes) -> tuple[Planes, Tensor]:
        assert self.steps is not None
        x, y = planes[0].clone(), planes[1].clone()
        logdet = x.new_full((x.shape[1],), sum(step.logdet for step in self.steps))
        for step in self.steps:
            x.mul_(step.slope[0]).add_(step.offset[0])
            y.mul_(step.slope[1]).add_(step.offset[1])
            if step.matrix is None:
                kept, changed = y, x
            else:
                (a, b), (c, d) = step.matrix
                kept, changed = torch.add(x * a, y, alpha=b), torch.add(x * c, y, alpha=d)
            mean = (kept.sum(0) * EDGE).repeat(1, 2)  # (N, 2T)
            hidden = torch.addcmul(step.hidden_offset, mean, step.hidden_slope).clamp_min_(0)
            shared = torch.addmm(step.bias, hidden, step.banded)
            to_shift, to_scale = (half.contiguous() for half in shared.chunk(2, 1))
            if step.residual is None:
                scale = to_scale.clamp_min_(2).sigmoid_().add_(LEAST_SCALE)
                logdet += scale.log().sum(1) * JOINTS
                shift = to_shift.clamp_min_(0)
            else:
                shift = torch.add(to_shift, kept, alpha=step.residual[0]).clamp_min_(0)
                scale = torch.add(to_scale, kept, alpha=step.residual[1]).clamp_min_(2)
                scale.sigmoid_().add_(LEAST_SCALE)
                logdet += scale.prod(0).log_().sum(1)
            x, y = kept, changed.add_(shift).mul_(scale)
        return (x, y), logdet


def _steps(network: StgNfNetwork) -> Iterator[Step]:
    for step in network.flow.layers:
        assert isinstance(step, Step)
        yield step


@torch.no_grad()
def _frozen(step: Step) -> _Step:
    norm = step.actnorm
    logs, bias = norm.logs.double().flatten(), norm.bias.double().flatten()
    slope, offset = logs.exp(), bias * logs.exp()
    block = step.block[0]
    assert isinstance(block, Block)
    frames = block.frames
    matrix = None
    if isinstance(step.invconv, InvertibleConv):
        rows = step.invconv.matrix().double().tolist()
        matrix = (tuple(rows[0]), tuple(rows[1]))
    first_gain, first_offset = _gain_and_offset(block.tcn[0])
    mix: Any = block.gcn.conv
    weight, conv_bias = mix.weight.double().flatten(), mix.bias.double()
    last_gain, last_offset = _gain_and_offset(block.tcn[3])
    bias_out = block.tcn[2].bias.double() * last_gain + last_offset
    residual = None
    if block.has_residual:
        conv, after = block.residual
        gain, after_offset = _gain_and_offset(after)
        bias_out = bias_out + conv.bias.double() * gain + after_offset
        residual = tuple((conv.weight.double().flatten() * gain).tolist())
    bias_out = bias_out + bias_out.new_tensor([0.0, 2.0])  # ReLU(.) + 2 is clamp(. + 2, 2)
    banded = block.banded(block.tcn[2].weight.double() * last_gain[:, None, None, None])

    def like(values: Tensor) -> Tensor:
        return values.to(norm.logs.dtype)

    return _Step(
        slope=tuple(slope.tolist()),
        offset=tuple(offset.tolist()),
        matrix=matrix,
        logdet=float(norm.logs.double().sum() + step.invconv.logdet()) * JOINTS * frames,
        hidden_slope=like((weight * first_gain).repeat_interleave(frames)),
        hidden_offset=like((conv_bias * first_gain + first_offset).repeat_interleave(frames)),
        banded=like(banded),
        bias=like(bias_out.repeat_interleave(frames)),
        residual=residual,
    )


def _gain_and_offset(norm: Any) -> tuple[Tensor, Tensor]:
    gain = norm.weight.double() * (norm.running_var.double() + norm.eps).rsqrt()
    return gain, norm.bias.double() - norm.running_mean.double() * gain
