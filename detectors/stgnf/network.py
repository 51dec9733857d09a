"""The normalising flow of Hirschorn & Avidan (ICCV 2023, section 3): poses over time <-> a Gaussian.

The names of parameters and buffers are those of the released checkpoints.

Inside, a batch is two planes, x and y, float32 (V, N, T): V = 18 joints, N segments, T frames. With the joints
first, what a block does to all joints alike is one pass over contiguous numbers. The released graph joins every
joint with every other at the same weight, so the graph convolution is a mean over the joints, and all that follows
it is computed once, not once a joint.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from detectors.stgnf.coupling import affine, couple, moments, scale_and_shift

JOINTS = 18
CHANNELS = 2
EDGE = float(np.float32(1 / JOINTS))
"""Weight of every edge, as the released code rounds it."""

Planes = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Architecture:
    """What its weights do not say of a network. residuals: whether the block of each step has one."""

    frames: int
    temporal_kernel: int
    residuals: tuple[bool, ...]
    permutation: Literal["swap", "learned"] = "swap"
    hidden: int = 0

    @classmethod
    def released(
        cls,
        frames: int,
        steps: int,
        *,
        permutation: Literal["swap", "learned"] = "swap",
        hidden: int = 0,
        temporal_kernel: int | None = None,
    ) -> Architecture:
        """Describe a network as the released code builds it: a kernel over half of the frames, and odd."""
        return cls(
            frames=frames,
            temporal_kernel=temporal_kernel or frames // 2 | 1,
            residuals=(False, *[True] * (steps - 1)),
            permutation=permutation,
            hidden=hidden,
        )


class ActNorm(nn.Module):
    """Scale and move each channel; starts so that the first batch has mean 0 and deviation 1 (Glow, 3.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, CHANNELS, 1, 1))
        self.logs = nn.Parameter(torch.zeros(1, CHANNELS, 1, 1))

    def forward(self, planes: Planes) -> Planes:
        scale = self.logs.flatten().exp()
        offset = self.bias.flatten() * scale
        return affine(planes[0], scale[0], offset[0]), affine(planes[1], scale[1], offset[1])

    def inverse(self, planes: Planes) -> Planes:
        bias, scale = self.bias.flatten(), (-self.logs.flatten()).exp()
        return planes[0] * scale[0] - bias[0], planes[1] * scale[1] - bias[1]

    @torch.no_grad()
    def start(self, planes: Planes) -> None:
        for channel, plane in enumerate(planes):
            mean = plane.mean()
            self.bias[0, channel] = -mean
            self.logs[0, channel] = -((plane - mean).square().mean().sqrt() + 1e-6).log()


class Swap(nn.Module):
    """Exchange x and y: what the released models do in place of the learned 1x1 convolution of the paper."""

    def forward(self, planes: Planes) -> Planes:
        return planes[1], planes[0]

    inverse = forward

    def logdet(self) -> float:
        return 0.0


class InvertibleConv(nn.Module):
    """Mix x and y by a learned 2 x 2 matrix P L (U + diag(s)), which starts as a rotation (Glow, 3.2)."""

    p: Tensor
    sign_s: Tensor

    def __init__(self) -> None:
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(CHANNELS, CHANNELS))[0]
        p, lower, upper = torch.linalg.lu(rotation)
        diagonal = upper.diagonal()
        self.register_buffer("p", p)
        self.register_buffer("sign_s", diagonal.sign())
        self.lower = nn.Parameter(lower)
        self.log_s = nn.Parameter(diagonal.abs().log())
        self.upper = nn.Parameter(upper.triu(1))

    def matrix(self) -> Tensor:
        lower = self.lower.tril(-1) + torch.eye(CHANNELS, dtype=self.p.dtype, device=self.p.device)
        return self.p @ lower @ (self.upper.triu(1) + torch.diag(self.sign_s * self.log_s.exp()))

    def forward(self, planes: Planes) -> Planes:
        return _mixed(self.matrix(), planes)

    def inverse(self, planes: Planes) -> Planes:
        return _mixed(torch.linalg.inv(self.matrix()), planes)

    def logdet(self) -> Tensor:
        return self.log_s.sum()


def _mixed(matrix: Tensor, planes: Planes) -> Planes:
    x, y = planes
    return matrix[0, 0] * x + matrix[0, 1] * y, matrix[1, 0] * x + matrix[1, 1] * y


class GraphConv(nn.Module):
    """The weights of the 1x1 convolution before the mean over joints."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)


class Block(nn.Module):
    """One ST-GCN block (Yan et al. 2018, as in section 3.3): mean over joints, convolution over time, residual."""

    gcn: GraphConv
    tcn: Any
    residual: Any
    taps: Tensor

    def __init__(self, inputs: int, outputs: int, *, kernel: int, frames: int, residual: bool) -> None:
        super().__init__()
        self.gcn = GraphConv(inputs, outputs)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, (kernel, 1), padding=(kernel // 2, 0)),
            nn.BatchNorm2d(outputs),
        )
        if residual:
            self.residual = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))
        # where in the kernel each pair of (input, output) frames looks; `kernel` stands for nowhere
        into, out = torch.arange(frames)[:, None], torch.arange(frames)[None]
        tap = into - out + kernel // 2
        tap = torch.where((tap >= 0) & (tap < kernel), tap, kernel)
        self.register_buffer("taps", tap.flatten(), persistent=False)
        self.frames = frames

    @property
    def has_residual(self) -> bool:
        return hasattr(self, "residual")

    def shared(self, joints: Sequence[Tensor], *, track: bool) -> Tensor:
        """What all joints get alike, (C, N, T), from the input planes (V, N, T), before residual and ReLU."""
        mean = torch.stack([plane.sum(0) * EDGE if len(plane) > 1 else plane[0] for plane in joints])
        count = mean[0].numel() * JOINTS
        hidden = self._conv_norm(self.gcn.conv, self.tcn[0], mean, count=count, track=track).relu()
        outputs, segments, frames = hidden.shape
        rows = hidden.transpose(0, 1).reshape(segments, outputs * frames)
        convolved = (rows @ self.banded(self.tcn[2].weight)).view(segments, outputs, frames).transpose(0, 1)
        convolved = convolved + self.tcn[2].bias[:, None, None]
        return _normalised(convolved, self.tcn[3], count=count, track=track).contiguous()

    def banded(self, weight: Tensor) -> Tensor:
        """Write a convolution over time (Co, Ci, kernel, 1) as a matrix (Ci * T, Co * T)."""
        outputs, frames = len(weight), self.frames
        taps = nn.functional.pad(weight.squeeze(-1), (0, 1)).index_select(2, self.taps)
        matrices = taps.view(outputs, outputs, frames, frames)  # (Co, Ci, T in, T out)
        return matrices.permute(1, 2, 0, 3).reshape(outputs * frames, outputs * frames)

    def slope(self, plane: Tensor, *, track: bool) -> tuple[Tensor, Tensor]:
        """The residual of a single input plane as slope and offset of each output channel, (C,) each."""
        conv, norm = self.residual
        return _folded(conv.weight.flatten(), conv.bias, norm, plane, count=plane.numel(), track=track)

    def full(self, joints: Tensor, *, track: bool) -> Tensor:
        """The block's output for inputs (C, V or 1, N, T), with ReLU."""
        shared = self.shared(joints.unbind(0), track=track)[:, None]
        if self.has_residual:
            flat = joints.flatten(2)
            conv, norm = self.residual
            repeat = JOINTS // joints.shape[1]
            mixed = self._conv_norm(conv, norm, flat, count=flat[0].numel() * repeat, track=track)
            shared = shared + mixed.view(-1, *joints.shape[1:])
        return shared.relu()

    @staticmethod
    def _conv_norm(conv: Any, norm: Any, values: Tensor, *, count: int, track: bool) -> Tensor:
        """A 1x1 convolution and its batch norm on (C, ., .); a single input is folded into one pass."""
        weight = conv.weight[:, :, 0, 0]
        if len(values) == 1:
            slope, offset = _folded(weight[:, 0], conv.bias, norm, values[0], count=count, track=track)
            return slope[:, None, None] * values + offset[:, None, None]
        mixed = (weight @ values.flatten(1)).view(-1, *values.shape[1:]) + conv.bias[:, None, None]
        return _normalised(mixed, norm, count=count, track=track)


def _folded(
    weight: Tensor, bias: Tensor, norm: Any, values: Tensor, *, count: int, track: bool
) -> tuple[Tensor, Tensor]:
    """Batch norm of weight * values + bias as slope * values + offset, (C,) each: moments follow by algebra."""
    if norm.training:
        mean, variance = moments(values)
        means, variances = weight * mean + bias, weight.square() * variance
        if track:
            _track(norm, means, variances, count=count)
    else:
        means, variances = norm.running_mean, norm.running_var
    gain = norm.weight * (variances + norm.eps).rsqrt()
    return gain * weight, norm.bias + (bias - means) * gain


def _normalised(values: Tensor, norm: Any, *, count: int, track: bool) -> Tensor:
    """Batch norm of (C, ., .)."""
    if norm.training:
        flat = values.flatten(1)
        means = flat.mean(1)
        variances = (flat - means[:, None]).square().mean(1)
        if track:
            _track(norm, means, variances, count=count)
    else:
        means, variances = norm.running_mean, norm.running_var
    gain = norm.weight * (variances + norm.eps).rsqrt()
    return values * gain[:, None, None] + (norm.bias - means * gain)[:, None, None]


@torch.no_grad()
def _track(norm: Any, means: Tensor, variances: Tensor, *, count: int) -> None:
    """Keep running moments; `count` values, with those that are alike for all joints counted for each."""
    momentum = norm.momentum
    norm.running_mean.mul_(1 - momentum).add_(means, alpha=momentum)
    norm.running_var.mul_(1 - momentum).add_(variances, alpha=momentum * count / max(count - 1, 1))
    norm.num_batches_tracked.add_(1)


class Step(nn.Module):
    """ActNorm, permutation, affine coupling (section 3.2)."""

    def __init__(self, architecture: Architecture, *, residual: bool) -> None:
        super().__init__()
        self.actnorm = ActNorm()
        learned = architecture.permutation == "learned"
        self.invconv: Swap | InvertibleConv = InvertibleConv() if learned else Swap()
        widths = (1, architecture.hidden, CHANNELS) if architecture.hidden else (1, CHANNELS)
        self.block = nn.Sequential(
            *(
                Block(
                    inputs,
                    outputs,
                    kernel=architecture.temporal_kernel,
                    frames=architecture.frames,
                    residual=residual,
                )
                for inputs, outputs in itertools.pairwise(widths)
            )
        )

    def forward(self, planes: Planes, *, track: bool) -> tuple[Planes, Tensor]:
        """Give the planes after this step and its log-determinant, (N,), in nats."""
        planes = self.actnorm(planes)
        kept, changed = self.invconv(planes)
        size = kept[:, 0].numel()  # V * T
        linear = (self.actnorm.logs.sum() + self.invconv.logdet()) * size
        changed, logdet = couple(kept, changed, *self._conditions(kept, track=track))
        return (kept, changed), logdet + linear

    def inverse(self, planes: Planes) -> Planes:
        kept, changed = planes
        scale, shift = scale_and_shift(kept, *self._conditions(kept, track=False))
        return self.actnorm.inverse(self.invconv.inverse((kept, changed / scale - shift)))

    def _conditions(self, kept: Tensor, *, track: bool) -> tuple[Tensor, Tensor]:
        """What the coupling adds up before its ReLU: (2, N, T) or (2, V, N, T), and its slope on `kept`, (2,)."""
        first = self.block[0]
        assert isinstance(first, Block)
        flat = kept.new_zeros(CHANNELS)
        if len(self.block) > 1:
            hidden = kept[None]
            for block in self.block:
                assert isinstance(block, Block)
                hidden = block.full(hidden, track=track)
            return hidden.expand(-1, len(kept), -1, -1), flat
        shared = first.shared([kept], track=track)
        if not first.has_residual:
            return shared, flat
        slope, offset = first.slope(kept, track=track)
        return shared + offset[:, None, None], slope


class Flow(nn.Module):
    """The steps, under the name they have in the released checkpoints."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Step(architecture, residual=residual) for residual in architecture.residuals
        )


class StgNfNetwork(nn.Module):
    """The flow and its priors: N(+mean, 1) for normal poses, N(-mean, 1) for abnormal ones (section 3.4)."""

    prior_h: Tensor
    prior_h_normal: Tensor
    prior_h_abnormal: Tensor

    def __init__(self, architecture: Architecture, *, prior_mean: float) -> None:
        super().__init__()
        self.architecture = architecture
        self.flow = Flow(architecture)
        shape = (2 * CHANNELS, architecture.frames, JOINTS)
        normal = torch.zeros(shape)
        normal[:CHANNELS] = prior_mean  # the other half are logarithms of the deviation, 0
        self.register_buffer("prior_h", torch.zeros(1, *shape))
        self.register_buffer("prior_h_normal", normal)
        self.register_buffer("prior_h_abnormal", -normal)

    @property
    def dimensions(self) -> int:
        return CHANNELS * JOINTS * self.architecture.frames

    @property
    def prior_mean(self) -> float:
        return float(self.prior_h_normal[0, 0, 0])

    def encode(self, planes: Planes, *, track: bool = True) -> tuple[Planes, Tensor]:
        """Turn planes (V, N, T) into latent planes and the log-determinant (N,) in nats; track: keep running moments."""
        logdet = planes[0].new_zeros(planes[0].shape[1])
        for step in self.flow.layers:
            planes, change = step(planes, track=track)
            logdet = logdet + change
        return planes, logdet

    @torch.no_grad()
    def decode(self, planes: Planes) -> Planes:
        """Turn latent planes back into poses; in eval mode, the inverse of `encode`."""
        for step in reversed(self.flow.layers):
            assert isinstance(step, Step)
            planes = step.inverse(planes)
        return planes

    @torch.no_grad()
    def start(self, planes: Planes) -> None:
        """Set every ActNorm from a first batch, one step after the other."""
        for step in self.flow.layers:
            assert isinstance(step, Step)
            step.actnorm.start(planes)
            planes, _ = step(planes, track=False)

    def bits(self, planes: Planes, *, means: Tensor | float, track: bool = True) -> Tensor:
        """Negative log-likelihood in bits per dimension, (N,); higher is stranger.

        means: of the prior, for all segments or (N,) for each.
        """
        latent, logdet = self.encode(planes, track=track)
        return self.bits_of(latent, logdet, means=means)

    def bits_of(self, latent: Planes, logdet: Tensor, *, means: Tensor | float) -> Tensor:
        """Compute `bits` from what `encode` gave (Glow, eq. 1; the released code adds 1e-6 to the variance)."""
        around = means
        if isinstance(means, Tensor):
            around = means.to(logdet.dtype)[:, None].expand(latent[0].shape[1:]).contiguous()
        squares = sum(((plane - around).square().sum((0, 2)) for plane in latent), torch.zeros_like(logdet))
        nats = 0.5 * (squares / (1 + 1e-6) + self.dimensions * math.log(2 * math.pi)) - logdet
        return nats / (math.log(2) * self.dimensions)


def to_planes(x: Tensor) -> Planes:
    """(N, 2, T, V) -> two planes (V, N, T)."""
    both = x.permute(1, 3, 0, 2).contiguous()
    return both[0], both[1]


def from_planes(planes: Planes) -> Tensor:
    """Two planes (V, N, T) -> (N, 2, T, V)."""
    return torch.stack(planes).permute(2, 0, 3, 1).contiguous()
