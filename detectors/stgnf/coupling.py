"""The affine coupling over all joints, with its gradient written out, so that few passes over memory are made."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LEAST_SCALE = 1e-6


def affine(plane: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
    """Compute plane * slope + offset for a plane (V, N, T) and two numbers."""
    return _Affine.apply(plane, slope, offset)


def couple(kept: Tensor, changed: Tensor, shared: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """Move and scale one plane by what the other says: (changed + shift) * scale, and its log-determinant (N,).

    kept, changed: (V, N, T). shift and scale are ReLU(shared + slope * kept) in channels 0 and 1, the second
    through sigmoid(. + 2) + 1e-6. shared: (2, N, T), the same for all joints, or (2, V, N, T). slope: (2,).
    The ReLU bounds the scale to 0.88..1 and the shift to 0 and above; that is what was released.
    """
    return _Couple.apply(kept, changed, shared, slope)


def scale_and_shift(kept: Tensor, shared: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """Give scale and shift of `couple`, (V, N, T) each."""
    shift = torch.addcmul(shared[0], kept, slope[0]).clamp_min_(0)
    raised = torch.addcmul(shared[1] + 2, kept, slope[1]).clamp_min_(2)  # ReLU(.) + 2
    return raised.sigmoid_().add_(LEAST_SCALE), shift


def moments(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and biased variance of all numbers of a plane."""
    return _Moments.apply(plane)


# Masks of booleans and torch.var_mean are several times as slow on a CPU as what stands here in their place.


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plane: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
        ctx.save_for_backward(plane, slope)
        return torch.addcmul(offset, plane, slope)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        plane, slope = ctx.saved_tensors
        grad = grads[0].contiguous()
        onward = grad * slope if ctx.needs_input_grad[0] else None
        return onward, torch.dot(grad.flatten(), plane.flatten()), grad.sum()


class _Moments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plane: Tensor) -> tuple[Tensor, Tensor]:
        mean = plane.mean()
        centred = (plane - mean).flatten()
        ctx.save_for_backward(centred)
        ctx.shape = plane.shape
        return mean, torch.dot(centred, centred) / len(centred)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (centred,) = ctx.saved_tensors
        to_mean, to_variance = grads[0] / len(centred), grads[1] * (2 / len(centred))
        return torch.addcmul(to_mean, centred, to_variance).view(ctx.shape)


class _Couple(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, kept: Tensor, changed: Tensor, shared: Tensor, slope: Tensor
    ) -> tuple[Tensor, Tensor]:
        shift = torch.addcmul(shared[0], kept, slope[0]).clamp_min_(0)
        raised = torch.addcmul(shared[1] + 2, kept, slope[1]).clamp_min_(2)
        sigmoid = raised.sigmoid()
        scale = sigmoid + LEAST_SCALE
        moved = changed + shift
        # a product over 18 joints of scales of at least 0.88 is safe, and saves 17 of 18 logarithms
        logdet = scale.prod(0).log_().sum(-1)
        ctx.save_for_backward(kept, moved, shift, raised, sigmoid, scale, slope)
        ctx.each_joint = shared.ndim == kept.ndim + 1
        return moved * scale, logdet

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        kept, moved, shift, raised, sigmoid, scale, slope = ctx.saved_tensors
        grad, grad_logdet = grads
        to_changed = grad * scale
        to_shift = torch.ops.aten.threshold_backward(to_changed, shift, 0)
        by_logdet = grad_logdet[:, None].expand(kept.shape[1:]).contiguous()
        to_scale = torch.addcmul(by_logdet / scale, moved, grad)
        to_raw = torch.ops.aten.sigmoid_backward(to_scale, sigmoid)
        to_raw = torch.ops.aten.threshold_backward(to_raw, raised, 2)
        to_kept = torch.addcmul(to_shift * slope[0], to_raw, slope[1])
        along = kept.flatten()
        to_slope = torch.stack([torch.dot(each.flatten(), along) for each in (to_shift, to_raw)])
        both = (to_shift, to_raw) if ctx.each_joint else (to_shift.sum(0), to_raw.sum(0))
        return to_kept, to_changed, torch.stack(both), to_slope
