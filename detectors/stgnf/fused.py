"""One training step of the released network with its gradient written out, several times as fast as autograd.

The network is so small that bookkeeping costs more than arithmetic. Here everything that is a number rather than a
plane is a Python float, planes are passed over as few times as can be, and the gradient of all parameters is one
vector. The tests compare it with autograd on `StgNfNetwork`.

Names as in `network`: kept conditions changed. For each step, by chain rule from the loss back: the coupling, the
residual's batch norm (folded into slope and offset of `kept`), the batch norms and the convolution of the branch that
joints share, ActNorm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from detectors.stgnf.coupling import LEAST_SCALE
from detectors.stgnf.network import EDGE, JOINTS, Planes, StgNfNetwork

EPS = 1e-5
"""Of every batch norm."""

Numbers = list[float]
_aten = torch.ops.aten


class Flat:
    """All parameters of a network in one vector, and the running moments in another, of which they become views.

    An optimiser step is then one pass. places: where each parameter lies.
    """

    def __init__(self, module: nn.Module) -> None:
        named = dict(module.named_parameters())
        self.vector = nn.Parameter(torch.cat([value.detach().flatten() for value in named.values()]))
        self.grad = torch.zeros_like(self.vector)
        self.vector.grad = self.grad
        self.places: dict[str, slice] = {}
        place = 0
        for name, value in named.items():
            part = self.places[name] = slice(place, place + value.numel())
            value.data = self.vector.data[part].view(value.shape)
            value.grad = self.grad[part].view(value.shape)
            place = part.stop
        self.norms = [norm for norm in module.modules() if isinstance(norm, nn.BatchNorm2d)]
        moments = [(norm, name) for norm in self.norms for name in ("running_mean", "running_var")]
        self.running = torch.cat([getattr(norm, name) for norm, name in moments])
        place = 0
        for norm, name in moments:
            length = len(getattr(norm, name))
            norm._buffers[name] = self.running[place : place + length]
            place += length


@dataclass(slots=True)
class _Kept:
    """What the way back needs of the way there, for one step."""

    at: dict[str, slice]
    scales: Numbers
    kept: Tensor
    moved: Tensor
    shift: Tensor
    sigmoid: Tensor
    mean: Tensor
    mean_variance: float
    hidden: Tensor
    banded: Tensor
    taps: Tensor
    convolved: Tensor
    variances: Numbers
    has_residual: bool
    middle: float
    variance: float
    slopes: Numbers


class Fused:
    """Loss and gradient of a network with a swap and single blocks; see `fits`."""

    def __init__(self, network: StgNfNetwork, flat: Flat) -> None:
        self._network = network
        self._flat = flat
        self._steps: list[tuple[Any, dict[str, slice]]] = []
        for k, step in enumerate(network.flow.layers):
            prefix = f"flow.layers.{k}."
            at = {
                name.removeprefix(prefix).replace("block.0.", ""): part
                for name, part in flat.places.items()
                if name.startswith(prefix)
            }
            self._steps.append((step, at))

    @staticmethod
    def fits(network: StgNfNetwork) -> bool:
        """Say whether the network is one of those that were released."""
        return network.architecture.permutation == "swap" and not network.architecture.hidden

    @torch.no_grad()
    def loss(self, planes: Planes, *, means: Tensor | float) -> float:
        """Give the mean of bits per dimension, write its gradient to the flat vector, and keep running moments."""
        network, flat = self._network, self._flat
        numbers = flat.vector.tolist()
        segments, frames = planes[0].shape[1:]
        logdet = planes[0].new_zeros(segments)
        running: Numbers = []
        held = []
        for step, at in self._steps:
            planes, kept = self._forward(step.block[0], at, numbers, planes, logdet, running)
            held.append(kept)
        self._track(running)
        around = means
        if isinstance(means, Tensor):
            around = means.to(logdet)[:, None].expand(segments, frames).contiguous()
        away = [plane - around for plane in planes]
        squares = sum(float(torch.dot(part.flatten(), part.flatten())) for part in away)
        linear = sum(sum(numbers[at["actnorm.logs"]]) * JOINTS * frames * segments for _, at in self._steps)
        size = network.dimensions
        nats = 0.5 * (squares / (1 + 1e-6) + segments * size * math.log(2 * math.pi))
        share = 1 / (math.log(2) * size * segments)
        loss = (nats - float(logdet.sum()) - linear) * share

        grads = [0.0] * len(numbers)
        weights: list[tuple[slice, Tensor]] = []
        to_kept, to_out = (part.mul_(share / (1 + 1e-6)) for part in away)
        for kept in reversed(held):
            to_kept, to_out = self._backward(kept, numbers, to_kept, to_out, share, grads, weights)
        flat.grad.copy_(torch.tensor(grads, dtype=flat.grad.dtype))
        for part, grad in weights:
            flat.grad[part] = grad
        return loss

    def _track(self, running: Numbers) -> None:
        flat = self._flat
        momentum = 0.1
        flat.running.mul_(1 - momentum).add_(
            torch.tensor(running, dtype=flat.running.dtype, device=flat.running.device), alpha=momentum
        )
        for norm in flat.norms:
            norm.num_batches_tracked.add_(1)  # type: ignore[union-attr]

    def _forward(
        self,
        block: Any,
        at: dict[str, slice],
        numbers: Numbers,
        planes: Planes,
        logdet: Tensor,
        running: Numbers,
    ) -> tuple[Planes, _Kept]:
        def of(name: str) -> Numbers:
            return numbers[at[name]]

        scales = [math.exp(log) for log in of("actnorm.logs")]
        bias = of("actnorm.bias")
        changed, kept = (
            torch.add(plane.new_tensor(offset * scale), plane, alpha=scale)
            for plane, offset, scale in zip(planes, bias, scales, strict=True)
        )
        segments, frames = kept.shape[1:]
        count, shared_count = kept.numel(), segments * frames
        unbiased = count / max(count - 1, 1)

        # the branch that joints share: mean over joints, 1x1 convolution and batch norm, ReLU
        mean = kept.sum(0).mul_(EDGE)
        centre = float(mean.mean())
        mean.sub_(centre)
        mean_variance = float(torch.dot(mean.flatten(), mean.flatten())) / shared_count
        mix = of("gcn.conv.weight")
        inverse = [1 / math.sqrt(w * w * mean_variance + EPS) for w in mix]
        slope = [g * w * i for g, w, i in zip(of("tcn.0.weight"), mix, inverse, strict=True)]
        running += [w * centre + b for w, b in zip(mix, of("gcn.conv.bias"), strict=True)]
        running += [w * w * mean_variance * unbiased for w in mix]
        rows = mean.new_tensor([of("tcn.0.bias"), slope])[..., None]  # (2, 2, 1)
        hidden = torch.addcmul(rows[0], mean[:, None], rows[1]).clamp_min_(0)  # (N, 2, T)
        # convolution over time and batch norm, whose mean takes the convolution's bias away again
        banded = block.banded(block.tcn[2].weight)
        convolved = (hidden.view(segments, 2 * frames) @ banded).view(segments, 2, frames)
        by_channel = convolved.mean((0, 2), keepdim=True)
        convolved.sub_(by_channel)
        variances = convolved.square().mean((0, 2)).tolist()
        running += [m + b for m, b in zip(by_channel.flatten().tolist(), of("tcn.2.bias"), strict=True)]
        running += [v * unbiased for v in variances]
        gains = [g / math.sqrt(v + EPS) for g, v in zip(of("tcn.3.weight"), variances, strict=True)]
        offsets = list(of("tcn.3.bias"))

        # the residual: 1x1 convolution and batch norm of each joint
        slopes, middle, variance = [0.0, 0.0], 0.0, 0.0
        if block.has_residual:
            middle = float(kept.mean())
            centred = (kept - middle).flatten()
            variance = float(torch.dot(centred, centred)) / count
            weight = of("residual.0.weight")
            slopes = [
                g * w / math.sqrt(w * w * variance + EPS)
                for g, w in zip(of("residual.1.weight"), weight, strict=True)
            ]
            running += [w * middle + b for w, b in zip(weight, of("residual.0.bias"), strict=True)]
            running += [w * w * variance * unbiased for w in weight]
            offsets = [
                o + b - s * middle for o, b, s in zip(offsets, of("residual.1.bias"), slopes, strict=True)
            ]

        to_shift = torch.add(mean.new_tensor(offsets[0]), convolved[:, 0], alpha=gains[0])
        to_scale = torch.add(mean.new_tensor(offsets[1] + 2), convolved[:, 1], alpha=gains[1])
        shift = torch.add(to_shift, kept, alpha=slopes[0]).clamp_min_(0)
        sigmoid = torch.add(to_scale, kept, alpha=slopes[1]).clamp_min_(2).sigmoid_()
        scale = sigmoid + LEAST_SCALE
        moved = changed.add_(shift)
        logdet += scale.prod(0).log_().sum(1)
        held = _Kept(
            at, scales, kept, moved, shift, sigmoid, mean, mean_variance, hidden, banded, block.taps, convolved,
            variances, block.has_residual, middle, variance, slopes,
        )  # fmt: skip
        return (kept, scale.mul_(moved)), held

    def _backward(
        self,
        held: _Kept,
        numbers: Numbers,
        to_kept: Tensor,
        to_out: Tensor,
        share: float,
        grads: Numbers,
        weights: list[tuple[slice, Tensor]],
    ) -> Planes:
        """Give the gradients of both planes before the step; those of its parameters go to grads and weights."""
        at = held.at

        def of(name: str) -> Numbers:
            return numbers[at[name]]

        segments, frames = held.kept.shape[1:]
        count, shared_count = held.kept.numel(), segments * frames
        scale = held.sigmoid + LEAST_SCALE
        to_changed = to_out * scale
        to_shift = _aten.threshold_backward(to_changed, held.shift, 0)
        to_scale = scale.reciprocal_().mul_(-share).addcmul_(held.moved, to_out)
        to_raw = _aten.sigmoid_backward(to_scale, held.sigmoid)
        # where the ReLU let nothing through, the sigmoid is that of 2
        to_raw = _aten.threshold_backward(to_raw, held.sigmoid, float(scale.new_tensor(2.0).sigmoid()))

        # batch norm after the convolution; its input is the same for all joints, so their gradients add up
        both = torch.stack([to_shift.sum(0), to_raw.sum(0)], 1)  # (N, 2, T)
        totals, along = torch.stack([both.sum((0, 2)), (both * held.convolved).sum((0, 2))]).tolist()
        inverse = [1 / math.sqrt(v + EPS) for v in held.variances]
        grads[at["tcn.3.weight"]] = [a * i for a, i in zip(along, inverse, strict=True)]
        grads[at["tcn.3.bias"]] = totals
        gains = [g * i for g, i in zip(of("tcn.3.weight"), inverse, strict=True)]
        levels = [-t / shared_count for t in totals]
        pull = [-a * i * i / shared_count for a, i in zip(along, inverse, strict=True)]
        rows = both.new_tensor([levels, pull, gains])[..., None]  # (3, 2, 1)
        both.add_(rows[0]).addcmul_(held.convolved, rows[1]).mul_(rows[2])
        # convolution over time
        both = both.view(segments, 2 * frames)
        to_banded = (held.hidden.view(segments, 2 * frames).T @ both).view(2, frames, 2, frames)
        kernel = (at["tcn.2.weight"].stop - at["tcn.2.weight"].start) // 4
        taps = both.new_zeros(4, kernel + 1)
        taps.index_add_(1, held.taps, to_banded.permute(2, 0, 1, 3).reshape(4, frames * frames))
        weights.append((at["tcn.2.weight"], taps[:, :kernel].flatten()))
        to_hidden = (both @ held.banded.T).view(segments, 2, frames)
        to_hidden = _aten.threshold_backward(to_hidden, held.hidden, 0)
        # batch norm before it, of a 1x1 convolution of the centred mean
        mean = held.mean
        both = torch.stack([to_hidden.sum((0, 2)), (to_hidden * mean[:, None]).sum((0, 2))])
        totals_hidden, along_mean = both.tolist()
        grads[at["tcn.0.bias"]] = totals_hidden
        slope, by_variance = self._folded(
            of("gcn.conv.weight"), of("tcn.0.weight"), held.mean_variance, along_mean, grads,
            at["gcn.conv.weight"], at["tcn.0.weight"],
        )  # fmt: skip
        to_mean = torch.add(to_hidden[:, 0] * slope[0], to_hidden[:, 1], alpha=slope[1])
        to_mean.add_(mean, alpha=2 * by_variance / shared_count)
        to_mean.sub_(sum(s * t for s, t in zip(slope, totals_hidden, strict=True)) / shared_count)
        to_mean.mul_(EDGE)

        # the residual
        all_kept = held.kept.flatten()
        if held.has_residual:
            along_kept = [
                float(torch.dot(part.flatten(), all_kept)) - total * held.middle
                for part, total in zip((to_shift, to_raw), totals, strict=True)
            ]
            grads[at["residual.1.bias"]] = totals
            _, by_variance = self._folded(
                of("residual.0.weight"), of("residual.1.weight"), held.variance, along_kept, grads,
                at["residual.0.weight"], at["residual.1.weight"],
            )  # fmt: skip
            outward = 2 * by_variance / count  # along kept - middle
            level = sum(s * t for s, t in zip(held.slopes, totals, strict=True)) / count
            to_mean.sub_(level + outward * held.middle)
            to_kept.add_(to_shift, alpha=held.slopes[0]).add_(to_raw, alpha=held.slopes[1])
            to_kept.add_(held.kept, alpha=outward)
        to_kept.add_(to_mean)

        # ActNorm: y = (x + bias) * exp(logs), of which x and y are changed and kept
        all_changed = to_changed.flatten()
        by_log = [
            float(
                torch.dot(all_changed, held.moved.flatten()) - torch.dot(all_changed, held.shift.flatten())
            ),
            float(torch.dot(to_kept.flatten(), all_kept)),
        ]
        linear = share * JOINTS * frames * segments
        grads[at["actnorm.logs"]] = [value - linear for value in by_log]
        grads[at["actnorm.bias"]] = [
            scale * float(part.sum()) for scale, part in zip(held.scales, (to_changed, to_kept), strict=True)
        ]
        return to_changed.mul_(held.scales[0]), to_kept.mul_(held.scales[1])

    @staticmethod
    def _folded(
        weight: Numbers,
        gain: Numbers,
        variance: float,
        to_slope: Numbers,
        grads: Numbers,
        at_weight: slice,
        at_gain: slice,
    ) -> tuple[Numbers, float]:
        """Go back through slope = gain * weight / sqrt(weight^2 * variance + eps).

        Give the slopes and the gradient of the variance.
        """
        inverse = [1 / math.sqrt(w * w * variance + EPS) for w in weight]
        every = list(zip(weight, gain, inverse, to_slope, strict=True))
        grads[at_gain] = [t * w * i for w, g, i, t in every]
        grads[at_weight] = [t * g * EPS * i**3 for w, g, i, t in every]
        return [g * w * i for w, g, i, t in every], sum(-0.5 * t * g * w**3 * i**3 for w, g, i, t in every)
