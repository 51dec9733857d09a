"""Layers of the denoiser: separable space-time graph convolutions whose graphs are learned (STS-GCN).

Tensors are (B, C, T, V): rows, channels, times, nodes. A node is a joint of a skeleton or a cell of a grid; no
layer knows which nodes lie side by side. Sofianos et al. 2021, in the form of MoCoDAD (Flaborea et al. 2023).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

ONE_MATRIX_NODES = 64
"""Up to this many nodes, mixing by one (TV x TV) matrix is faster than one dimension after the other."""


class SpaceTimeMix(nn.Module):
    """Mixes times, then nodes: time (V, T, T), one matrix a node; space (T, V, V), one a time."""

    def __init__(self, times: int, nodes: int) -> None:
        super().__init__()
        self.space = nn.Parameter(_uniform(times, nodes, nodes))
        self.time = nn.Parameter(_uniform(nodes, times, times))
        self.one_matrix = nodes <= ONE_MATRIX_NODES

    def matrix(self) -> Tensor:
        """Compute the same as one matrix (TV, TV): K[(t, v), (q, w)] = time[v, t, q] space[q, v, w]."""
        times, nodes = self.space.shape[:2]
        return torch.einsum("vtq,qvw->tvqw", self.time, self.space).reshape(times * nodes, times * nodes)

    def forward(self, x: Tensor) -> Tensor:
        if self.one_matrix:
            return (x.flatten(2) @ self.matrix()).view_as(x)
        x = torch.einsum("nctv,vtq->ncqv", x, self.time)
        return torch.einsum("nctv,tvw->nctw", x, self.space)


class GraphLayer(nn.Module):
    """Mixes, changes channels, adds a shortcut, bends, and adds an embedding of step and condition.

    The embedding (B, E) comes last, after the activation, as in MoCoDAD; embedding None leaves that part out.
    """

    def __init__(
        self, inputs: int, outputs: int, *, times: int, nodes: int, embedding: int | None = None
    ) -> None:
        super().__init__()
        self.mix = SpaceTimeMix(times, nodes)
        self.conv = nn.Conv2d(inputs, outputs, 1)
        self.norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Sequential | None = None
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))
        self.activation = nn.PReLU()
        self.embed = None if embedding is None else nn.Linear(embedding, outputs)

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        beside = x if self.shortcut is None else self.shortcut(x)
        y = self.activation(self.norm(self.conv(self.mix(x))) + beside)
        if embedding is None or self.embed is None:
            return y
        return y + self.embed(functional.silu(embedding))[:, :, None, None]


class NodeResample(nn.Module):
    """Makes other nodes of the nodes, a learned weighted sum each, with batch normalisation for each node."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        nodes_first = x.permute(0, 3, 2, 1)
        return self.norm(self.conv(nodes_first)).permute(0, 3, 2, 1)

    @torch.no_grad()
    def start_as_squares(self) -> None:
        """Begin as the mean of 2 x 2 cells, or as their copy, of square grids in row-major order."""
        outputs, inputs = self.conv.weight.shape[:2]
        fine, coarse = math.isqrt(max(inputs, outputs)), math.isqrt(min(inputs, outputs))
        cell = torch.arange(fine) * coarse // fine
        parent = (cell[:, None] * coarse + cell).flatten()  # (fine^2,)
        belongs = functional.one_hot(parent, coarse * coarse).float()  # (fine^2, coarse^2)
        weight = belongs if outputs > inputs else (belongs / belongs.sum(0)).T
        self.conv.weight.copy_(weight[:, :, None, None])
        assert self.conv.bias is not None
        self.conv.bias.zero_()


class GraphUNet(nn.Module):
    """A U-Net over nodes: (B, inputs, T, V) and an embedding (B, E) -> (B, outputs, T, V).

    Three levels of nodes with additive skips. head "graph" ends with a graph layer, as MoCoDAD does; "conv" has a
    1 x 1 convolution in its place, without normalisation or activation, so that outputs may be any number.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        nodes: tuple[int, int, int] = (17, 12, 10),
        times: int = 3,
        widths: tuple[int, int, int, int] = (16, 32, 64, 128),
        embedding: int = 16,
        head: str = "graph",
    ) -> None:
        super().__init__()
        self.times = times
        a, b, c, d = widths
        many, some, few = nodes

        def layers(*channels: int, at: int) -> nn.ModuleList:
            return nn.ModuleList(
                GraphLayer(i, o, times=times, nodes=at, embedding=embedding) for i, o in pairwise(channels)
            )

        self.enter = layers(inputs, a, at=many)
        self.down1 = layers(a, b, b, at=many)
        self.pool1 = NodeResample(many, some)
        self.down2 = layers(b, c, c, at=some)
        self.pool2 = NodeResample(some, few)
        self.bottom = layers(c, d, c, at=few)
        self.unpool2 = NodeResample(few, some)
        self.up1 = layers(c, c, b, at=some)
        self.unpool1 = NodeResample(some, many)
        self.up2 = layers(*((b, b, outputs) if head == "graph" else (b, b)), at=many)
        self.leave = None if head == "graph" else nn.Conv2d(b, outputs, 1)

    def start_as_grid(self) -> None:
        """Begin with pooling by squares instead of by random weights: nodes are cells of a square grid."""
        for resample in (self.pool1, self.pool2, self.unpool2, self.unpool1):
            resample.start_as_squares()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        first = _through(self.down1, _through(self.enter, x, embedding), embedding)
        second = _through(self.down2, self.pool1(first), embedding)
        x = _through(self.bottom, self.pool2(second), embedding)
        x = _through(self.up1, self.unpool2(x) + second, embedding)
        x = _through(self.up2, self.unpool1(x) + first, embedding)
        return x if self.leave is None else self.leave(x)


def _through(layers: nn.ModuleList, x: Tensor, embedding: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x, embedding)
    return x


def _uniform(*shape: int) -> Tensor:
    return torch.empty(shape).uniform_(-1, 1) / math.sqrt(shape[-1])
