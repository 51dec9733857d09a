"""Training of the autoencoders: rebuild normal windows from normal and pseudo-anomalous ones (eq. 4 and 5)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors import checkpoints
from detectors.base import NORMAL, ConfigError, Meter, ProgressCallback
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.network import WINDOW, ConvAutoencoder, computing

_NORM_BATCHES = 100

Batch = tuple[Tensor, Tensor]


class Pairs(Protocol):
    """Makes training pairs; each window is (C, 16, S, S) in the units of the network."""

    def normal(self, index: int, start: int) -> NDArray[np.float32]:
        """Give the window of a stretch from `start` on."""
        ...

    def pseudo(
        self, index: int, start: int, *, random: np.random.Generator, freely: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Make a pseudo-anomaly and the normal window it came from, or None where the footage has none.

        freely: frames that are held out may be used.
        """
        ...


class Sampler:
    """Draws training batches; what it draws in an epoch depends on the seed and the epoch alone."""

    def __init__(
        self,
        stretches: Sequence[Stretch],
        pairs: Pairs,
        config: PseudoAnomalyConfig,
        *,
        ratio: float,
        seed: int,
    ) -> None:
        self._stretches = stretches
        self.pairs = pairs
        self._config = config
        self._ratio = ratio
        self._seed = seed
        self._starts = [stretch.starts() for stretch in stretches]
        windows = sum(math.ceil(len(starts) / config.training_stride) for starts in self._starts)
        if not windows:
            raise ConfigError(
                f"No {WINDOW} frames in a row are left to learn from once the abnormal ones are taken out. "
                "Add footage, or take back some verdicts."
            )
        self.steps = max(math.ceil(windows / config.batch_size), math.ceil(config.min_steps / config.epochs))
        """Batches in an epoch."""

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the (input, target) batches of an epoch, each (B, C, 16, S, S)."""
        random = np.random.default_rng([self._seed, number])
        batch = self._config.batch_size
        windows = self._windows(random)
        rounds = math.ceil(self.steps * batch / len(windows))
        order = np.concatenate([random.permutation(len(windows)) for _ in range(rounds)])
        for step in range(self.steps):
            drawn = [self._pair(*windows[i], random=random) for i in order[step * batch : (step + 1) * batch]]
            seen, target = (np.stack(side) for side in zip(*drawn, strict=True))
            yield torch.from_numpy(seen), torch.from_numpy(target)

    def normal(self, steps: int) -> Iterator[Tensor]:
        """Yield batches of normal windows, (B, C, 16, S, S)."""
        random = np.random.default_rng([self._seed, 1, 1])
        windows = self._windows(random)
        for _ in range(steps):
            drawn = random.integers(len(windows), size=self._config.batch_size)
            yield torch.from_numpy(np.stack([self.pairs.normal(*windows[i]) for i in drawn]))

    def pseudo_pairs(self, count: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Yield up to `count` pseudo-anomalies and the normal windows they came from, (C, 16, S, S)."""
        random = np.random.default_rng([self._seed, 1, 2])
        windows = self._windows(random)
        for i in random.integers(len(windows), size=count):
            made = self.pairs.pseudo(*windows[i], random=random)
            if made is not None:
                yield made

    def _windows(self, random: np.random.Generator) -> list[tuple[int, int]]:
        stride = self._config.training_stride
        windows = []
        for i, (stretch, starts) in enumerate(zip(self._stretches, self._starts, strict=True)):
            drawn = starts[starts % stride == random.integers(stride)]
            for start in drawn if len(drawn) else starts[:1]:
                confirmed = (stretch.labels[start : start + WINDOW] == NORMAL).any()
                windows += [(i, int(start))] * (self._config.confirmed_weight if confirmed else 1)
        return windows

    def _pair(
        self, index: int, start: int, *, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if random.random() < self._ratio:
            made = self.pairs.pseudo(index, start, random=random)
            if made is not None:
                return made
        normal = self.pairs.normal(index, start)
        return normal, normal


def make_networks(config: PseudoAnomalyConfig, *, seed: int) -> nn.ModuleDict:
    """Make the network of each stream, with weights that depend on the seed alone."""
    networks = nn.ModuleDict()
    with torch.random.fork_rng(devices=[]):
        for name, channels, used in (
            ("motion", 3, config.uses_motion),
            ("appearance", config.channels, config.uses_appearance),
        ):
            torch.manual_seed(seed)
            if used:
                networks[name] = ConvAutoencoder(channels, config.widths, tanh=config.output == "tanh")
    return networks


def of(networks: nn.ModuleDict, stream: str) -> ConvAutoencoder:
    """Give the network of a stream."""
    network = networks[stream]
    assert isinstance(network, ConvAutoencoder)
    return network


def train(
    networks: nn.ModuleDict,
    samplers: Mapping[str, Sampler],
    config: PseudoAnomalyConfig,
    *,
    device: torch.device,
    progress: ProgressCallback,
    checkpoint: Path | None,
    fingerprint: str,
) -> list[float]:
    """Train in place, on from the last epoch in `checkpoint`, and give the mean loss of each epoch.

    The loss of an epoch is the mean over the streams.
    """
    networks.to(device, memory_format=torch.channels_last_3d).train()  # type: ignore[call-overload]
    # One optimiser for both: Adam leaves parameters without a gradient alone, so neither stream moves the other.
    # Not fused: that goes through memory as it lies, and restored moments lie in another order than channels-last.
    optimiser = torch.optim.Adam(networks.parameters(), lr=config.learning_rate)
    losses: list[float] = []
    if checkpoint is not None:
        state = checkpoints.resume(checkpoint, fingerprint=fingerprint, model=networks, optimiser=optimiser)
        losses = state.get("losses", [])
    steps = sum(sampler.steps for sampler in samplers.values())
    meter = Meter(progress, "training", config.epochs * steps)
    meter.done = len(losses) * steps
    for epoch in range(len(losses), config.epochs):
        total = 0.0
        for name, sampler in samplers.items():
            sum_of_losses = 0.0
            for step, (seen, target) in enumerate(sampler.epoch(epoch)):
                for group in optimiser.param_groups:
                    done = (epoch + step / sampler.steps) / config.epochs
                    group["lr"] = _learning_rate(config, done)
                with computing(config, device):
                    loss = _loss(networks[name], seen.to(device), target.to(device))
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                sum_of_losses += loss.item()
                meter.advance(loss=sum_of_losses / (step + 1), epoch=epoch + 1)
            total += sum_of_losses / sampler.steps
        losses.append(total / len(samplers))
        if checkpoint is not None:
            checkpoints.save(
                checkpoint,
                fingerprint=fingerprint,
                model=networks,
                optimiser=optimiser,
                state={"losses": losses},
            )
    return losses


def _learning_rate(config: PseudoAnomalyConfig, done: float) -> float:
    if config.schedule == "constant":
        return config.learning_rate
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def _loss(network: nn.Module, seen: Tensor, target: Tensor) -> Tensor:
    output = network(seen.contiguous(memory_format=torch.channels_last_3d))
    return nn.functional.mse_loss(output.float(), target)


@torch.no_grad()
def recompute_norms(network: nn.Module, sampler: Sampler, *, device: torch.device) -> None:
    """Measure mean and variance of each BatchNorm anew, on normal windows alone."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm3d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    network.train()
    for batch in sampler.normal(min(_NORM_BATCHES, sampler.steps)):
        network(batch.to(device).contiguous(memory_format=torch.channels_last_3d))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    network.eval()
