import math

import numpy as np
import pytest
import torch

from detectors.diffusion import karras
from detectors.kdiffusion.network import Denoiser, Film, Folded

from ..diffusion.parity import NEEDS_VECTORS, vectors


def denoiser(dimension=12, *, film="fourier"):
    """One that has been trained a little, so that nothing in it is at its start."""
    torch.manual_seed(0)
    network = Denoiser(dimension, (32, 16, 8), film=film)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
    for _ in range(5):
        x, sigma = torch.randn(64, dimension), torch.randn(64).exp()
        optimiser.zero_grad()
        karras.row_losses(network, x, torch.randn_like(x), sigma, sigma_data=0.6).mean().backward()
        optimiser.step()
    return network.eval()


@NEEDS_VECTORS
def test_factors_are_those_of_the_reference():
    reference = vectors()
    film = Film(12, learned=False).double()
    film.frequencies.copy_(torch.from_numpy(reference["ff_weight"][:, 0]))

    scale, shift = film.factors(torch.from_numpy(4 * reference["ff_cnoise"]).exp())

    np.testing.assert_allclose(scale, reference["ff_gamma_cos"], atol=1e-12)
    np.testing.assert_allclose(shift, reference["ff_beta_sin"], atol=1e-12)


@pytest.mark.parametrize(("dimension", "count"), [(512, 2_369_792), (2048, 5_517_056)])
def test_the_paper_s_network_has_its_number_of_parameters(dimension, count):
    with torch.device("meta"):
        network = Denoiser(dimension, (1024, 512, 256), film="fourier")

    assert sum(p.numel() for p in network.parameters()) == count


def test_frequencies_are_frozen_and_kept_with_the_weights():
    network = Denoiser(12, (32, 16, 8), film="fourier")

    kept, trained = network.state_dict(), dict(network.named_parameters())

    assert kept["film_input.frequencies"].shape == (12,)
    assert kept["film_latent.frequencies"].shape == (8,)
    assert not any("frequencies" in name for name in trained)


def test_learned_factors_begin_as_the_identity():
    features = torch.randn(3, 5)

    assert torch.equal(Film(5, learned=True)(features, torch.tensor([0.1, 1.0, 10.0])), features)


@pytest.mark.parametrize("film", ["fourier", "learned"])
def test_one_noise_level_for_all_is_the_same_as_one_a_row(film):
    network, rows = denoiser(film=film), torch.randn(7, 12)

    with torch.inference_mode():
        one, each = network(rows, torch.tensor(0.4)), network(rows, torch.full((7,), 0.4))

    torch.testing.assert_close(one, each)


@pytest.mark.parametrize("film", ["fourier", "learned"])
def test_folding_does_not_change_what_comes_out(film):
    network = denoiser(film=film).double()
    levels = karras.sigmas(10, math.exp(-8.5), math.exp(6.5))
    folded = Folded(network, levels, sigma_data=0.62)
    y = torch.randn(9, 12, dtype=torch.float64)

    for i, sigma in enumerate(levels[:-1]):
        _, _, c_in = karras.scalings(sigma, 0.62)
        with torch.inference_mode():
            torch.testing.assert_close(folded(y, i), network(c_in * y, sigma), rtol=1e-12, atol=1e-12)


def test_float32_samples_stay_within_the_tolerance_of_the_reference():
    network = denoiser()
    levels = karras.sigmas(10, math.exp(-8.5), math.exp(6.5))[6:]
    x, noise = torch.randn(50, 12) * 0.62, torch.randn(1, 12)

    def denoise(y, sigma):
        return karras.denoise(exact, y, sigma, sigma_data=0.62)

    with torch.inference_mode():
        fast = karras.sample_errors(
            Folded(network, levels, sigma_data=0.62), x, noise, levels, sigma_data=0.62
        )
        exact = network.double()
        slow = karras.sample_lms(denoise, x.double() + levels[0] * noise.double(), levels) - x.double()

    assert (fast.double() - slow).abs().max() < 5e-6
