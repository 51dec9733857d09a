"""Discrete diffusion: equal to vectors made with the reference implementation."""

import numpy as np
import pytest
import torch

from detectors.diffusion import ddpm

from ..diffvad.parity import NEEDS_VECTORS, tensors


@NEEDS_VECTORS
@pytest.mark.parametrize("steps", [10, 50, 100])
def test_the_cosine_schedule_is_the_reference_one(steps):
    found, expected = ddpm.Schedule.cosine(steps), tensors(f"sched{steps}/")

    torch.testing.assert_close(found.beta, expected["beta_f64"], rtol=0, atol=1e-12)
    torch.testing.assert_close(found.alpha_hat, expected["alpha_hat_f64"], rtol=0, atol=1e-12)
    for name in ("beta", "alpha", "alpha_hat"):
        torch.testing.assert_close(getattr(found, name).float(), expected[name], rtol=1e-5, atol=1e-6)


def test_the_last_step_of_ten_keeps_almost_nothing():
    schedule = ddpm.Schedule.cosine(10)

    assert float(schedule.beta[9]) == 0.999
    assert float(schedule.alpha_hat[9]) == pytest.approx(2.40917e-05, rel=1e-4)


@NEEDS_VECTORS
def test_steps_are_encoded_as_in_the_reference():
    expected = tensors("temb/")
    for width in (16, 64):
        found = ddpm.sinusoids(expected["t"], width)
        torch.testing.assert_close(found, expected[f"dim{width}"], rtol=0, atol=1e-6)


@NEEDS_VECTORS
def test_noising_is_that_of_the_reference():
    v = tensors("qsample/")

    found = ddpm.noised(v["x0"], v["eps"], v["t"], ddpm.Schedule.cosine(10))

    torch.testing.assert_close(found, v["xt"], rtol=0, atol=1e-6)


@NEEDS_VECTORS
def test_each_step_back_is_that_of_the_reference():
    v, schedule = tensors("reverse/"), ddpm.Schedule.cosine(10)
    for i, t in enumerate(v["t"].tolist()):
        z = v["z"][i] if t > 1 else None
        found = ddpm.ddpm_step(v["x_t"][i], v["eps_hat"][i], z, t, schedule)
        torch.testing.assert_close(found, v["x_prev"][i], rtol=1e-5, atol=1e-5)


def test_the_noise_of_a_step_implies_what_was_clean():
    schedule, random = ddpm.Schedule.cosine(5), torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 4, 6, generator=random)
    x = ddpm.noised(clean, noise, torch.full((4,), 3), schedule)

    torch.testing.assert_close(ddpm.clean_of(x, noise, 3, schedule), clean, rtol=1e-4, atol=1e-5)


def test_the_posterior_has_the_mean_and_variance_of_bayes_rule():
    schedule, t, clean = ddpm.Schedule.cosine(5), 2, 0.7
    random = np.random.default_rng(0)
    ah, a = schedule.alpha_hat.numpy(), schedule.alpha.numpy()
    before = np.sqrt(ah[t - 1]) * clean + np.sqrt(1 - ah[t - 1]) * random.standard_normal(400_000)
    after = np.sqrt(a[t]) * before + np.sqrt(1 - a[t]) * random.standard_normal(400_000)
    near = np.abs(after - 0.5) < 0.02
    here = torch.full((int(near.sum()),), 0.5, dtype=torch.float64)
    z = torch.from_numpy(random.standard_normal(len(here)))

    found = ddpm.posterior_step(here, torch.full_like(here, clean), z, t, schedule).numpy()

    assert found.mean() == pytest.approx(before[near].mean(), abs=0.02)
    assert found.std() == pytest.approx(before[near].std(), abs=0.02)
