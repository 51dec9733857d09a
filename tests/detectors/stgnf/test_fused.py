"""The training step written out by hand is that of autograd."""

import copy

import numpy as np
import pytest
import torch

from detectors.stgnf.fused import Flat, Fused
from detectors.stgnf.network import Architecture, StgNfNetwork


def made(*, frames=8, steps=4, dtype=torch.float64):
    torch.manual_seed(0)
    shape = Architecture.released(frames, steps)
    network = StgNfNetwork(shape, prior_mean=3.0).to(dtype)
    planes = tuple(torch.randn(2, 18, 12, frames, dtype=dtype) + torch.randn(2, 18, 1, frames, dtype=dtype))
    network.start(planes)
    # away from where training begins, so that no part of the gradient is small
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return network.train(), planes


@pytest.mark.parametrize("supervised", [False, True])
def test_loss_and_gradient_are_those_of_autograd(supervised):
    network, planes = made()
    other = copy.deepcopy(network)
    means = 3.0 * torch.where(torch.arange(12) < 4, -1.0, 1.0) if supervised else 3.0

    loss = network.bits(planes, means=means).mean()
    loss.backward()
    flat = Flat(other)
    found = Fused(other, flat).loss(planes, means=means)

    assert found == pytest.approx(loss.item(), rel=1e-10)
    for (name, want), got in zip(network.named_parameters(), other.parameters(), strict=True):
        grad = torch.zeros_like(want) if want.grad is None else want.grad
        np.testing.assert_allclose(got.grad.numpy(), grad.numpy(), atol=1e-9, rtol=1e-7, err_msg=name)


def test_running_moments_are_those_of_autograd():
    network, planes = made()
    other = copy.deepcopy(network)

    network.bits(planes, means=3.0)
    Fused(other, Flat(other)).loss(planes, means=3.0)

    for (name, want), got in zip(network.named_buffers(), other.buffers(), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_flat_vector_moves_the_network():
    network, _planes = made()
    flat = Flat(network)

    with torch.no_grad():
        flat.vector.zero_()

    assert all((parameter == 0).all() for parameter in network.parameters())


def test_only_released_networks_are_written_out():
    assert Fused.fits(StgNfNetwork(Architecture.released(8, 2), prior_mean=3.0))
    assert not Fused.fits(StgNfNetwork(Architecture.released(8, 2, hidden=3), prior_mean=3.0))
    assert not Fused.fits(StgNfNetwork(Architecture.released(8, 2, permutation="learned"), prior_mean=3.0))
