"""How fast are the denoiser's sampler and training, and the encoders? `python -m tests.bench.bench_kdiffusion`

Compared to the method written down line by line: noise levels and Fourier factors for every row, layers one
after the other, coefficients integrated numerically in each call, rows picked one by one into batches. Both must
give the same numbers. Beside it stands the most that any exact way can gain: the time of the matrix products
alone, on warm memory of the best number of rows, without biases, activations, norms and noise. Times are of one
core's work, so that other work on the machine counts less. Prints one JSON line a figure.

The encoder r3d18, with random weights, is compared to its network alone on clips that lie in memory; these are
times by the clock, since decoding is to run beside the network. How fast the preset `fast` is from end to end
says `python -m tests.bench.bench_detectors --detector kdiffusion`.

    --part sampling|training|features   --rows 8192
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from scipy import integrate
from torch.utils.data import DataLoader, TensorDataset

from detectors import weights
from detectors.base import Meter, ignore
from detectors.diffusion import averages, karras
from detectors.features import clips, resnet3d
from detectors.features.pretrained import PretrainedEncoder
from detectors.kdiffusion import scoring, training
from detectors.kdiffusion.config import ABOUT, KDiffusionConfig
from detectors.kdiffusion.network import Denoiser
from detectors.kdiffusion.space import SPREAD, Space
from detectors.video import Video, VideoWriter

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
    losses: list[float] = []
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


def products(sizes: Sequence[int], rows: int, *, at_once: int, backward: bool = False) -> Callable[[], None]:
    """Give the matrix products of one pass through the layers and nothing else.

    backward: with those of the gradients, of all weights and of all inputs but the first layer's.
    """
    layers = [torch.randn(outputs, inputs) / inputs**0.5 for inputs, outputs in pairwise(sizes)]
    states = [torch.randn(at_once, size) for size in sizes]
    gradients = [torch.empty_like(layer) for layer in layers]

    def work() -> None:
        for _ in range(rows // at_once):
            for i, layer in enumerate(layers):
                torch.mm(states[i], layer.T, out=states[i + 1])
            for i in reversed(range(len(layers) if backward else 0)):
                torch.mm(states[i + 1].T, states[i], out=gradients[i])
                if i:
                    torch.mm(states[i + 1], layers[i], out=states[i])

    return work


def least_s(works: Sequence[Callable[[], object]], *, repeats: int) -> list[float]:
    """The least processor time of each of some works, in seconds; they take turns, so that all see the same machine."""
    found = [math.inf] * len(works)
    for turn in range(repeats + 1):
        for i, work in enumerate(works):
            began = time.process_time()
            work()
            if turn:  # the first time is to warm up
                found[i] = min(found[i], time.process_time() - began)
    return found


def layer_sizes(preset: str, config: KDiffusionConfig) -> list[int]:
    return [WIDTHS[preset], *config.widths, *config.widths[-2::-1], WIDTHS[preset]]


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
    alone = [products(layer_sizes(preset, config), rows, at_once=size) for size in at_once(rows)]
    with torch.inference_mode():
        fast, slow, *bounds = least_s([ours, plain, *alone], repeats=repeats)
    figure(
        f"sampling from t=6, {preset}, {rows} rows",
        rows / fast,
        slow / fast,
        slow / (min(bounds) * (len(levels) - 1 - 6)),
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
    alone = [
        products(layer_sizes(preset, config), batch * steps, at_once=size, backward=True)
        for size in at_once(batch)
    ]
    fast, slow, *bounds = least_s([ours, plain, *alone], repeats=repeats)
    figure(
        f"training at batch {batch}, {preset}",
        batch * steps / fast,
        slow / fast,
        slow / min(bounds),
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


def at_once(rows: int) -> list[int]:
    """Numbers of rows to try for the products: they divide `rows`, or are all of them."""
    return sorted({rows, *(size for size in (256, 512, 1024, 2048) if rows % size == 0)})


def features(folder: Path, *, clips_of: int, repeats: int) -> None:
    """Compare the encoder r3d18 to its network alone, both with all cores, by the clock."""
    torch.manual_seed(0)
    os.environ[weights.FOLDER_VARIABLE] = str(folder)
    save_file(resnet3d.R3D18().state_dict(), weights.place("r3d18"))
    with VideoWriter(folder / "street.mp4", fps=Fraction(25), preset="veryfast") as writer:
        random = np.random.default_rng(0)
        street = random.integers(0, 255, (240, 360, 3), dtype=np.uint8)
        for n in range(clips_of * clips.LENGTH):
            writer.write(np.roll(street, (n, 2 * n), (0, 1)) // 2 + 64)
    video = Video(folder / "street.mp4")
    encoder = PretrainedEncoder("r3d18")
    batches = torch.randn(clips_of // 8, 8, 3, clips.LENGTH, 112, 112)

    def alone() -> None:
        with torch.inference_mode():
            for batch in batches:
                encoder.network(batch)

    def whole() -> None:
        meter = Meter(ignore, "features", video.n_frames)
        for _ in clips.encoded(encoder, video, stride=clips.LENGTH, cache=None, meter=meter):
            pass

    def decode() -> None:
        for _ in video.frames(size=112):
            pass

    assert video.n_frames  # counted before the clock starts
    found = [math.inf] * 3
    for turn in range(repeats + 1):
        for i, work in enumerate((alone, whole, decode)):
            began = time.perf_counter()
            work()
            if turn:
                found[i] = min(found[i], time.perf_counter() - began)
    line = {
        "figure": f"features by r3d18, squares of 112, {torch.get_num_threads()} threads",
        "value": round(clips_of / found[1], 2),
        "unit": "clips/s",
        "compared_to": f"{found[0] / found[1]:.2f} of the network alone; decoding alone takes "
        f"{found[2] / found[0]:.2f} of its time (goal: 0.9)",
    }
    print(json.dumps(line), flush=True)


def figure(name: str, value: float, times: float, most: float, same: str) -> None:
    line = {
        "figure": name,
        "value": round(value),
        "unit": "rows/s on one core",
        "compared_to": f"{times:.2f} times as fast as line by line, of {most:.2f} if only the matrix products were "
        f"left; {same}",
    }
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["sampling", "training", "features"])
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    if asked.part in (None, "features"):
        with tempfile.TemporaryDirectory() as folder:
            features(Path(folder), clips_of=asked.clips, repeats=min(asked.repeats, 2))
    torch.set_num_threads(1)
    for preset, about in ABOUT.presets.items():
        config = about.config
        assert isinstance(config, KDiffusionConfig)
        if asked.part in (None, "sampling"):
            for rows in (asked.rows // 4, asked.rows):
                sampling(preset, config, rows=rows, repeats=asked.repeats)
        if asked.part in (None, "training"):
            train(preset, config, rows=asked.rows * 2, repeats=asked.repeats)


if __name__ == "__main__":
    main()
