"""Noise by counter, and ways back that do what they say."""

import numpy as np
import pytest
import torch

from detectors.diffusion import ddpm
from detectors.diffvad import network, sampling
from detectors.diffvad.config import DiffVADConfig

SMALL = {"widths": (4, 4, 4, 4), "embedding": 8, "diffusion_steps": 4}


def sampler(seed=0, **settings):
    config = DiffVADConfig(**{**SMALL, **settings})
    made = network.make(4, config, seed=0)
    for _ in range(2):
        made(torch.randn(8, 4, 3, 64), torch.randint(1, 4, (8,)), torch.randn(8, 4, 3, 64))
    return sampling.Sampler(made.eval(), config, seed=seed), made, config


def history(rows=3):
    return torch.randn(rows, 4, 3, 64, generator=torch.Generator().manual_seed(5))


def test_noise_depends_on_seed_and_frame_alone():
    both = sampling.noise_of(np.array([0, 6]), patterns=2, draws=3, size=8, seed=1)

    one = sampling.noise_of(np.array([6]), patterns=2, draws=3, size=8, seed=1)

    np.testing.assert_array_equal(one[0], both[1])
    assert not np.array_equal(both[0], both[1])
    other = sampling.noise_of(np.array([6]), patterns=2, draws=3, size=8, seed=2)
    assert not np.array_equal(other, one)


def test_fewer_patterns_are_the_first_of_more():
    more = sampling.noise_of(np.array([-3]), patterns=5, draws=3, size=8, seed=1)
    fewer = sampling.noise_of(np.array([-3]), patterns=2, draws=3, size=8, seed=1)

    np.testing.assert_array_equal(fewer, more[:, :2])


def test_patterns_have_a_shape_and_stay_within_the_limit():
    work, _, _ = sampler(clip=1.5)

    found = work.sample(history(), np.arange(3), patterns=5)

    assert found.shape == (3, 5, 4, 3, 64)
    assert float(found.abs().max()) <= 1.5
    assert float(found.std(1).mean()) > 0


def test_the_same_window_gives_the_same_patterns():
    work, _, _ = sampler()

    one = work.sample(history(), np.array([3, 6, 9]), patterns=2)

    assert torch.equal(one, work.sample(history(), np.array([3, 6, 9]), patterns=2))


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({"prediction": "eps", "sampler": "ddpm", "clip": None}, 1),
        ({"prediction": "x0", "sampler": "posterior", "clip": None}, 0),
        ({"prediction": "eps", "sampler": "posterior", "clip": 2.0, "condition": "both"}, 0),
    ],
)
def test_samples_are_those_of_the_network_step_by_step(settings, last):
    work, made, config = sampler(**settings)
    first, given = np.array([9]), history(1)
    draws = config.diffusion_steps - last
    noise = sampling.noise_of(first, patterns=1, draws=draws, size=3 * 64 * 4, seed=0)
    noise = torch.from_numpy(noise).view(draws, 1, 3, 64, 4).permute(0, 1, 4, 2, 3)
    schedule, x = ddpm.Schedule.cosine(config.diffusion_steps), noise[0]
    with torch.no_grad():
        for place, t in enumerate(range(config.diffusion_steps - 1, last - 1, -1)):
            estimate = made(x, torch.tensor([t]), given)
            z = noise[place + 1] if t > last else None
            if config.sampler == "ddpm":
                x = ddpm.ddpm_step(x, estimate, z, t, schedule)
                continue
            if config.prediction == "eps":
                estimate = ddpm.clean_of(x, estimate, t, schedule)
            if config.clip:
                estimate = estimate.clamp(-config.clip, config.clip)
            x = estimate if z is None else ddpm.posterior_step(x, estimate, z, t, schedule)

    found = work.sample(given, first, patterns=1)

    torch.testing.assert_close(found[:, 0], x, rtol=1e-3, atol=1e-3 * float(x.abs().max()))


def test_a_history_that_is_embedded_changes_the_patterns():
    work, _, _ = sampler(condition="embedding")

    one = work.sample(history(), np.array([3, 6, 9]), patterns=2)

    assert not torch.allclose(one, work.sample(history() * 2, np.array([3, 6, 9]), patterns=2))
