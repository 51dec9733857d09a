import math

import numpy as np
import pytest
import torch

from detectors.diffusion import karras

from .parity import NEEDS_VECTORS, vectors


@pytest.fixture(scope="module")
def reference():
    return vectors()


def schedule(reference, row, *, dtype=torch.float64):
    """The package's own float32 noise levels, which its samples were made with."""
    levels = reference["sched_sigmas_f32"][row]
    return torch.from_numpy(levels[~np.isnan(levels)]).to(dtype)


def gaussian(mean, tau, *, dtype=torch.float64):
    mean, variance = torch.from_numpy(mean).to(dtype), torch.from_numpy(tau).to(dtype) ** 2
    return lambda y, s: mean + (y - mean) * variance / (variance + s * s)


def mixture(reference, *, dtype=torch.float64):
    centres = torch.from_numpy(reference["smp_gmm_centres"]).to(dtype)
    tau2 = float(reference["smp_gmm_tau"]) ** 2

    def denoise(y, s):
        variance = s * s + tau2
        distance = (y[:, None] - centres).square().sum(2)  # (B, 4)
        weights = torch.softmax(-distance / (2 * variance), dim=1)
        estimates = centres + (y[:, None] - centres) * (tau2 / variance)
        return (weights[..., None] * estimates).sum(1)

    return denoise


def denoiser(reference, prior, dtype):
    if prior == "gmm":
        return mixture(reference, dtype=dtype)
    index = int(prior[-1])
    return gaussian(reference["smp_gauss_mu"][index], reference["smp_gauss_tau"][index], dtype=dtype)


@NEEDS_VECTORS
def test_noise_levels_are_those_of_the_reference(reference):
    for parameters, expected in zip(
        reference["sched_params"], reference["sched_sigmas_f64_formula"], strict=True
    ):
        n, low, high, rho = parameters
        found = karras.sigmas(int(n), low, high, rho)

        np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-12)
        assert np.isnan(expected[len(found) :]).all()


@NEEDS_VECTORS
def test_scalings_are_those_of_the_reference(reference):
    expected = reference["pre_cskip_cout_cin_f64"]
    for row, sigma_data in enumerate(reference["pre_sigma_data"]):
        of_arrays = karras.scalings(reference["pre_sigma"], sigma_data)
        of_tensors = karras.scalings(torch.from_numpy(reference["pre_sigma"]), float(sigma_data))

        np.testing.assert_allclose(np.stack(of_arrays, 1), expected[row], rtol=1e-12)
        np.testing.assert_allclose(torch.stack(of_tensors, 1), expected[row], rtol=1e-12)


@NEEDS_VECTORS
def test_the_network_sees_a_quarter_of_the_logarithm_of_the_noise(reference):
    np.testing.assert_allclose(karras.c_noise(reference["pre_sigma"]), reference["pre_cnoise"], rtol=1e-12)


@NEEDS_VECTORS
def test_loss_weights_are_those_of_the_reference(reference):
    sigma = reference["pre_sigma"][reference["pre_sigma"] > 0]
    for row, sigma_data in enumerate(reference["pre_sigma_data"]):
        expected = reference["pre_lambda"][row][reference["pre_sigma"] > 0]
        np.testing.assert_allclose(karras.loss_weight(sigma, sigma_data), expected, rtol=1e-12)


@NEEDS_VECTORS
def test_losses_and_estimates_are_those_of_the_reference(reference):
    values = {name: torch.from_numpy(reference[f"loss_{name}"]) for name in ("W", "b", "x", "noise", "sigma")}
    sigma_data = float(reference["loss_sigma_data"])

    def network(scaled, sigma):
        return scaled @ values["W"].T + values["b"] + (sigma.log() / 4)[:, None]

    x, noise, sigma = values["x"], values["noise"], values["sigma"]
    losses = karras.row_losses(network, x, noise, sigma, sigma_data=sigma_data)
    estimates = karras.denoise(network, x + sigma[:, None] * noise, sigma, sigma_data=sigma_data)

    np.testing.assert_allclose(losses, reference["loss_per_sample"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(estimates, reference["loss_forward"], rtol=1e-12, atol=1e-12)


@NEEDS_VECTORS
def test_sampler_coefficients_are_exact_integrals(reference):
    for case, row in enumerate(reference["lms_case_rows"]):
        levels = schedule(reference, row)
        for t in range(min(10, len(levels) - 1)):
            expected = np.nan_to_num(reference["lms_coeff_exact"][case, t])
            found = karras.lms_coefficients(levels[t:])

            scale = np.abs(expected).max(1, keepdims=True)[: len(found)]
            assert (np.abs(found - expected[: len(found)]) / scale).max() < 1e-12


def test_coefficients_of_a_step_sum_to_its_length():
    levels = karras.sigmas(18, 0.002, 80)

    found = karras.lms_coefficients(levels)

    np.testing.assert_allclose(found.sum(1), np.diff(levels), rtol=1e-12)


def test_a_polynomial_slope_is_integrated_exactly():
    levels = torch.tensor([4.0, 2.5, 1.5, 0.7, 0.2], dtype=torch.float64)

    # dx/dsigma = slope(sigma); four known slopes determine a cubic.
    slopes = 3 * levels**3 - levels**2 + 5
    last = karras.lms_coefficients(levels)[3]
    step = (last * slopes[:4].flip(0).numpy()).sum()

    def integral(s):
        return 0.75 * s**4 - s**3 / 3 + 5 * s

    assert step == pytest.approx(float(integral(levels[4]) - integral(levels[3])), rel=1e-12)


@pytest.mark.parametrize("levels", [[1.0], [1.0, 2.0], [1.0, 1.0, 0.0], [[1.0, 0.0]]])
def test_noise_levels_that_do_not_fall_are_refused(levels):
    with pytest.raises(ValueError, match="lower than the one before"):
        karras.lms_coefficients(levels)


def test_a_schedule_with_a_negative_noise_is_refused():
    with pytest.raises(ValueError, match="sigma_min"):
        karras.sigmas(10, -1.0, 80.0)


@NEEDS_VECTORS
@pytest.mark.parametrize("prior", ["gauss0", "gauss1", "gmm"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 5e-6)])
def test_samples_are_those_of_the_reference(reference, prior, dtype, tolerance):
    x = torch.from_numpy(reference["smp_x_real"]).to(dtype)
    noise = torch.from_numpy(reference["smp_noise_shared"]).to(dtype)
    kind = "f64" if dtype == torch.float64 else "f32"
    for case, row in enumerate(reference["smp_case_rows"]):
        levels = schedule(reference, row, dtype=dtype)
        for t in range(10):
            found = karras.sample_lms(denoiser(reference, prior, dtype), x + noise * levels[t], levels[t:])

            expected = reference[f"smp_{prior}_lms_{kind}"][case, t]
            assert np.abs(found.double().numpy() - expected).max() < tolerance, (row, t)


@NEEDS_VECTORS
def test_every_step_on_the_way_is_that_of_the_reference(reference):
    levels = torch.from_numpy(reference["trace_sigmas"])
    seen, estimates = [], []

    def watched(y, sigma):
        seen.append(y.numpy())
        estimates.append(mixture(reference)(y, sigma))
        return estimates[-1]

    last = karras.sample_lms(watched, torch.from_numpy(reference["trace_x"][0]), levels)

    np.testing.assert_allclose(np.stack(seen), reference["trace_x"], atol=1e-12)
    np.testing.assert_allclose(torch.stack(estimates), reference["trace_denoised"], atol=1e-12)
    np.testing.assert_allclose(last, reference["trace_final"], atol=1e-12)


def test_arrays_are_sampled_like_tensors():
    levels = karras.sigmas(5, 0.01, 10)
    x = np.array([[1.0, -2.0]])

    def shrink(y, sigma):
        return y / (1 + sigma**2)

    of_array = karras.sample_lms(shrink, x, levels.numpy())

    np.testing.assert_allclose(of_array, karras.sample_lms(shrink, torch.from_numpy(x), levels))


def raw_of(denoise, levels, sigma_data):
    """The F behind a denoiser D."""

    def raw(y, i):
        c_skip, c_out, _ = karras.scalings(levels[i], sigma_data)
        return (denoise(y, levels[i]) - c_skip * y) / c_out

    return raw


@NEEDS_VECTORS
def test_errors_are_samples_minus_what_went_in(reference):
    x, noise = (torch.from_numpy(reference[name]) for name in ("smp_x_real", "smp_noise_shared"))
    levels = schedule(reference, 0)
    denoise = mixture(reference)
    for t in range(10):
        expected = karras.sample_lms(denoise, x + noise * levels[t], levels[t:]) - x
        found = karras.sample_errors(raw_of(denoise, levels[t:], 0.62), x, noise, levels[t:], sigma_data=0.62)

        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_one_late_step_keeps_its_digits_in_float32():
    sigma_data, levels = 0.62, torch.tensor([3e-7, 0.0], dtype=torch.float64)
    random = torch.Generator().manual_seed(0)
    x, noise, output = (torch.randn(64, 32, generator=random, dtype=torch.float64) for _ in range(3))

    def error(dtype):
        return karras.sample_errors(
            lambda y, i: output.to(dtype, copy=True),
            x.to(dtype),
            noise.to(dtype),
            levels,
            sigma_data=sigma_data,
        )

    # The closed form of D - x, to first order sigma * (n + F).
    expected = levels[0] * (noise + output)
    np.testing.assert_allclose(error(torch.float64), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(error(torch.float32), expected, rtol=0, atol=2e-12)


def test_shared_noise_is_one_row_for_all():
    levels = karras.sigmas(4, 0.1, 5)
    x, noise = torch.zeros(3, 2, dtype=torch.float64), torch.tensor([[1.0, -1.0]], dtype=torch.float64)

    found = karras.sample_errors(lambda y, i: 0.1 * y, x, noise, levels, sigma_data=0.5)

    assert torch.equal(found, found[:1].expand(3, 2))


@NEEDS_VECTORS
def test_the_logarithm_of_the_noise_is_normal(reference):
    drawn = karras.draw_sigmas(200_000, mean=-1.0, std=1.5, generator=torch.Generator().manual_seed(1))

    found = np.quantile(drawn.double().log(), reference["lognormal_q"])

    np.testing.assert_allclose(found, np.log(reference["lognormal_quantiles_Pm-1_Ps1.5"]), atol=0.05)


@pytest.mark.parametrize(("sigma_data", "expected"), [(0.62, 6), (5.0, 5), (1000.0, 0), (1e-9, 9)])
def test_sampling_starts_at_the_smallest_noise_above_the_spread_of_the_data(sigma_data, expected):
    levels = karras.sigmas(10, math.exp(-1 - 7.5), math.exp(-1 + 7.5))

    assert karras.start_step(levels, sigma_data) == expected
