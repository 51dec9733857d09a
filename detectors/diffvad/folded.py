"""The trained U-Net as few matrix products: mixing in one (TV x TV) matrix, normalisation inside the weights.

Tensors are (TV, B, C), so that both products of a layer, over TV and over C, are one large one without a
transposition. All factors are computed in float64.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from detectors.diffvad.layers import GraphLayer, GraphUNet, NodeResample, SpaceTimeMix


class FoldedUNet:
    """What a GraphUNet in evaluation mode computes, exactly but for rounding."""

    @torch.no_grad()
    def __init__(self, network: GraphUNet) -> None:
        self._stages = {
            name: [_Layer(layer) for layer in getattr(network, name)]
            for name in ("enter", "down1", "down2", "bottom", "up1", "up2")
        }
        self._resample = {
            name: _Resample(getattr(network, name), network.times)
            for name in ("pool1", "pool2", "unpool2", "unpool1")
        }
        self._leave: tuple[Tensor, Tensor] | None = None
        if network.leave is not None:
            assert network.leave.bias is not None
            self._leave = network.leave.weight[:, :, 0, 0].T.contiguous(), network.leave.bias
        self.layers = [layer for stage in self._stages.values() for layer in stage]

    def embed(self, embedding: Tensor) -> list[Tensor]:
        """Compute what each layer adds for an embedding: (B, E) -> a (B, C) for each layer."""
        bent = functional.silu(embedding)
        return [functional.linear(bent, layer.embed_weight, layer.embed_bias) for layer in self.layers]

    def __call__(self, x: Tensor, added: list[Tensor]) -> Tensor:
        """Compute (TV, B, inputs) -> (TV, B, outputs); `added` is what `embed` gave, of B rows or of one."""
        rows = iter(added)
        first = self._through("down1", self._through("enter", x, rows), rows)
        second = self._through("down2", self._resample["pool1"](first), rows)
        x = self._through("bottom", self._resample["pool2"](second), rows)
        x = self._through("up1", self._resample["unpool2"](x).add_(second), rows)
        x = self._through("up2", self._resample["unpool1"](x).add_(first), rows)
        if self._leave is None:
            return x
        weight, bias = self._leave
        return torch.addmm(bias, x.flatten(0, 1), weight).view(*x.shape[:2], -1)

    def _through(self, stage: str, x: Tensor, rows) -> Tensor:
        for layer in self._stages[stage]:
            x = layer(x, next(rows))
        return x


class _Layer:
    def __init__(self, layer: GraphLayer) -> None:
        self._mix = _Mix(layer.mix)
        weight, bias = _folded(layer.conv, layer.norm)
        self._beside: Tensor | None = None
        if layer.shortcut is not None:
            conv, norm = layer.shortcut
            beside, more = _folded(conv, norm)
            self._beside, bias = beside.T.to(layer.conv.weight).contiguous(), bias + more
        self._weight = weight.T.to(layer.conv.weight).contiguous()  # (inputs, outputs)
        self._bias = bias.to(layer.conv.weight)
        self._slope = float(layer.activation.weight)
        assert layer.embed is not None
        self.embed_weight, self.embed_bias = layer.embed.weight.detach(), layer.embed.bias.detach()

    def __call__(self, x: Tensor, added: Tensor) -> Tensor:
        places, rows, inputs = x.shape
        outputs = self._weight.shape[1]
        flat = x.view(places * rows, inputs)
        # Mixing and the change of channels commute: mix whichever has fewer channels.
        if inputs <= outputs:
            y = torch.addmm(self._bias, self._mix(x).view(places * rows, inputs), self._weight)
        else:
            y = self._mix((flat @ self._weight).view(places, rows, outputs)).view(places * rows, outputs)
            y += self._bias
        if self._beside is None:
            y += flat
        else:
            y.addmm_(flat, self._beside)
        return functional.leaky_relu_(y, self._slope).view(places, rows, outputs).add_(added)


class _Mix:
    def __init__(self, mix: SpaceTimeMix) -> None:
        self._matrix: Tensor | None = None
        if mix.one_matrix:
            double = SpaceTimeMix(*mix.space.shape[:2]).to(mix.space.device).double()
            double.load_state_dict(mix.state_dict())
            self._matrix = double.matrix().T.to(mix.space).contiguous()
        else:
            self._time = mix.time.detach().transpose(1, 2).contiguous()  # (V, q, t)
            self._space = mix.space.detach().transpose(1, 2).contiguous()  # (T, w, v)

    def __call__(self, x: Tensor) -> Tensor:
        flat = x.reshape(x.shape[0], -1)
        if self._matrix is not None:
            return (self._matrix @ flat).view(x.shape)
        times, nodes = self._space.shape[:2]
        by_node = flat.view(times, nodes, -1).transpose(0, 1)  # (V, T, BC)
        in_time = torch.bmm(self._time, by_node).transpose(0, 1)  # (T, V, BC)
        return torch.bmm(self._space, in_time).view(x.shape)


class _Resample:
    def __init__(self, resample: NodeResample, times: int) -> None:
        weight, bias = _folded(resample.conv, resample.norm)
        self._times = times
        self._weight = weight.to(resample.conv.weight)  # (V', V)
        self._bias = bias.to(resample.conv.weight)[:, None]

    def __call__(self, x: Tensor) -> Tensor:
        outputs, inputs = self._weight.shape
        by_time = x.reshape(self._times, inputs, -1)
        y = torch.matmul(self._weight, by_time).add_(self._bias)
        return y.view(self._times * outputs, *x.shape[1:])


def _folded(conv: nn.Module, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Fold a normalisation into the 1 x 1 convolution before it: float64 (outputs, inputs) and (outputs,)."""
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert conv.bias is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
    weight = scale[:, None] * conv.weight.detach()[:, :, 0, 0].double()
    bias = scale * (conv.bias.detach().double() - norm.running_mean.double()) + norm.bias.detach().double()
    return weight, bias
