"""How fast are the denoiser's sampler and training? `python -m tests.bench.bench_kdiffusion [--rows 8192]`

Compared to the method written down line by line: noise levels and Fourier factors for every row, layers one
after the other, coefficients integrated numerically in each call, rows picked one by one into batches. Both must
give the same numbers. Times are of one core's work, so that other work on the machine counts less. Prints one
JSON line a figure.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy import integrate
from torch.utils.data import DataLoader, TensorDataset

from detectors.diffusion import averages, karras
from detectors.kdiffusion import scoring, training
from detectors.kdiffusion.config import ABOUT, KDiffusionConfig
from detectors.kdiffusion.network import Denoiser
from detectors.kdiffusion.space import SPREAD, Space

WIDTHS = {"fast": 36, "paper": 512}


def plain_film(film, features, sigma):
    c_noise = sigma.log() / 4
    angle = 2 * math.pi * c_noise[:, None] * film.frequencies[None, :]
    return torch.cos(angle) * features + torch.sin(angle)


def plain_network(network, scaled, sigma):
    latent = network.encoder(plain_film(network.film_input, scaled, sigma))
    return network.decoder(plain_film(network.film_latent, latent, sigma))


def plain_denoise(network, y, sigma):
    c_skip = SPREAD**2 / (sigma**2 + SPREAD**2)
    c_out = sigma * SPREAD / (sigma**2 + SPREAD**2) ** 0.5
    c_in = 1 / (sigma**2 + SPREAD**2) ** 0.5
    return c_skip[:, None] * y + c_out[:, None] * plain_network(network, c_in[:, None] * y, sigma)


def plain_coefficient(order, levels, i, j):
    def polynomial(tau):
        product = 1.0
        for k in range(order):
            if k != j:
                product *= (tau - levels[i - k]) / (levels[i - j] - levels[i - k])
        return product

    return integrate.quad(polynomial, levels[i], levels[i + 1], epsrel=1e-4)[0]


@torch.inference_mode()
def plain_scores(network, x, noise, levels):
    """Sample from the first level and give the mean squared difference of each row."""
    ones, values, slopes = x.new_ones(len(x)), levels.double().numpy(), []
    y = x + noise * levels[0]
    for i in range(len(levels) - 1):
        denoised = plain_denoise(network, y, levels[i] * ones)
        slopes.append((y - denoised) / levels[i])
        slopes = slopes[-karras.ORDER :]
        order = min(i + 1, karras.ORDER)
        coefficients = [plain_coefficient(order, values, i, j) for j in range(order)]
        y = y + sum(c * d for c, d in zip(coefficients, reversed(slopes), strict=True))
    return (x - y).square().mean(1)


def plain_epoch(network, average, loader, config, optimiser, generator, scheduler, done=0):
    """Train for one pass and give the losses."""
    losses = []
    for (batch,) in loader:
        sigma = (torch.randn(len(batch), generator=generator) * config.p_std + config.p_mean).exp()
        noise = torch.randn(batch.shape, generator=generator)
        c_skip = SPREAD**2 / (sigma**2 + SPREAD**2)
        c_out = sigma * SPREAD / (sigma**2 + SPREAD**2) ** 0.5
        c_in = 1 / (sigma**2 + SPREAD**2) ** 0.5
        noised = batch + noise * sigma[:, None]
        target = (batch - c_skip[:, None] * noised) / c_out[:, None]
        output = plain_network(network, c_in[:, None] * noised, sigma)
        loss = (output - target).pow(2).mean(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        scheduler.step()
        decay = averages.ema_decay(done + len(losses))
        with torch.no_grad():
            for kept, now in zip(average.parameters(), network.parameters(), strict=True):
                kept.mul_(decay).add_(now, alpha=1 - decay)
            for kept, now in zip(average.buffers(), network.buffers(), strict=True):
                kept.copy_(now)
        losses.append(loss.item())
    return losses


def best_s(work: Callable[[], object], *, repeats: int) -> float:
    """The least processor time of a few runs, in seconds."""
    work()
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def sampling(preset: str, config: KDiffusionConfig, *, rows: int, repeats: int) -> None:
    network, features = trained(preset, config, rows=rows)
    levels = karras.sigmas(config.steps, config.sigma_min, config.sigma_max, config.rho)
    noise = scoring.draw_noise(features.shape[1], config, seed=0)
    x = torch.from_numpy(features)
    unit = Space(np.zeros(features.shape[1]), None, 1.0, SPREAD)
    one = config.model_copy(update={"unit": "regions", "start_step": 6})
    cells = features.reshape(rows, 1, 1, -1)

    def ours():
        return scoring.Rebuilder(network, unit, one, noise=noise, seed=0).rebuild(cells).regions[:, 0]

    def plain():
        return plain_scores(network, x, torch.from_numpy(noise), levels[6:].float()).numpy()

    apart = float((np.abs(ours() - plain()) / plain()).max())
    assert apart < 1e-4, f"scores differ by {apart:g} of themselves"
    fast, slow = best_s(ours, repeats=repeats), best_s(plain, repeats=repeats)
    figure(
        f"sampling from t=6, {preset}, {rows} rows",
        rows / fast,
        "rows/s on one core",
        slow / fast,
        f"scores within {apart:.0e}",
    )


def train(preset: str, config: KDiffusionConfig, *, rows: int, repeats: int) -> None:
    batch, steps = 8192, max(2, rows // 8192)
    settings = config.model_copy(update={"batch_size": batch, "epochs": 1, "epoch_steps": steps})
    features = random_features(WIDTHS[preset], rows=batch * steps)

    def ours():
        return training.train(
            training.make_network(features.shape[1], settings, seed=0),
            features,
            settings,
            sigma_data=SPREAD,
            seed=0,
            device=torch.device("cpu"),
            progress=lambda p: None,
            checkpoint=None,
            fingerprint="",
        )

    def plain():
        network = training.make_network(features.shape[1], settings, seed=0).train()
        average = copy.deepcopy(network)
        optimiser = torch.optim.AdamW(
            network.parameters(),
            lr=settings.learning_rate,
            betas=(0.95, 0.999),
            eps=1e-6,
            weight_decay=settings.weight_decay,
        )
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, averages.inverse_lr)
        # The same rows and noise as ours, so that the losses can be compared.
        order = training._batches(len(features), batch, steps, random=np.random.default_rng([0, 0]))
        loader = DataLoader(
            TensorDataset(torch.from_numpy(features)), batch_sampler=[chosen.tolist() for chosen in order]
        )
        seed = int(np.random.default_rng([0, 0, 1]).integers(2**62))
        losses = plain_epoch(
            network, average, loader, settings, optimiser, torch.Generator().manual_seed(seed), scheduler
        )
        return average, [sum(losses) / len(losses)]

    (ours_network, (ours_loss,)), (plain_network_, (plain_loss,)) = ours(), plain()
    apart = abs(ours_loss - plain_loss) / plain_loss
    assert apart < 1e-4, f"losses differ by {apart:g} of themselves"
    weights = max(
        float((a - b).detach().abs().max())
        for a, b in zip(ours_network.parameters(), plain_network_.parameters(), strict=True)
    )
    assert weights < 1e-3, f"averaged weights differ by {weights:g}"
    fast, slow = best_s(ours, repeats=repeats), best_s(plain, repeats=repeats)
    figure(
        f"training at batch {batch}, {preset}",
        batch * steps / fast,
        "rows/s on one core",
        slow / fast,
        f"loss within {apart:.0e}",
    )


def random_features(width: int, *, rows: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.gamma(2.0, size=(rows, width)) * SPREAD / math.sqrt(2)).astype(np.float32)


def trained(preset: str, config: KDiffusionConfig, *, rows: int) -> tuple[Denoiser, np.ndarray]:
    """A network that has seen a few batches, and rows to score."""
    features = random_features(WIDTHS[preset], rows=rows)
    quick = config.model_copy(update={"batch_size": 256, "epochs": 1, "epoch_steps": 20})
    network, _ = training.train(
        training.make_network(features.shape[1], quick, seed=0),
        features,
        quick,
        sigma_data=SPREAD,
        seed=0,
        device=torch.device("cpu"),
        progress=lambda p: None,
        checkpoint=None,
        fingerprint="",
    )
    return network, features


def figure(name: str, value: float, unit: str, times: float, same: str) -> None:
    line = {
        "figure": name,
        "value": round(value),
        "unit": unit,
        "compared_to": f"{times:.2f} times as fast as line by line, {same}",
    }
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for preset, about in ABOUT.presets.items():
        config = about.config
        assert isinstance(config, KDiffusionConfig)
        for rows in (asked.rows // 5, asked.rows):
            sampling(preset, config, rows=rows, repeats=asked.repeats)
        train(preset, config, rows=asked.rows * 2, repeats=asked.repeats)


if __name__ == "__main__":
    main()
