"""Training of the temporal stream: rebuild normal motion from normal and pseudo-anomalous motion (eq. 5).

A pseudo-anomaly is the same footage played two to five times as fast (skip-frame, Astrid et al. 2021); the
target is always the normal window from the same start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors import checkpoints
from detectors.base import (
    ABNORMAL,
    NORMAL,
    ConfigError,
    Meter,
    ProgressCallback,
    Supervision,
    Video,
)
from detectors.field_cache import FieldCache
from detectors.flow import CHUNK, Fields, FlowSettings, fields
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.network import WINDOW, ConvAutoencoder
from detectors.windows import reflected

LEAST_SCALE = 0.25
"""Pixels a frame. Slower motion than this is the noise of the flow, and must not be blown up to size one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive frames of one video: fields float16 (n, 3, size, size) and verdicts int8 (n,)."""

    fields: Fields
    labels: NDArray[np.int8]

    def window(self, start: int, *, stride: int = 1) -> NDArray[np.float32]:
        """Give 16 fields from `start` on, `stride` frames apart, as motion over that many frames.

        Shape (3, 16, size, size). A stretch that is too short goes on backwards at its end.
        """
        chosen = reflected(start + stride * np.arange(WINDOW), len(self.fields))
        return self.fields[chosen].transpose(1, 0, 2, 3).astype(np.float32) * stride

    def is_usual(self, start: int, stop: int) -> bool:
        """Say whether nobody found anything abnormal in [start, stop)."""
        return not (self.labels[start:stop] == ABNORMAL).any()

    def starts(self) -> NDArray[np.int64]:
        """List where a training window may start: wherever it holds no frame that somebody found abnormal."""
        last = max(1, len(self.fields) - WINDOW + 1)
        return np.flatnonzero([self.is_usual(start, start + WINDOW) for start in range(last)])


def gather(
    videos: Sequence[Video],
    config: PseudoAnomalyConfig,
    *,
    supervision: Supervision | None,
    cache: FieldCache | None,
    progress: ProgressCallback,
) -> list[Stretch]:
    """Compute the motion to learn from: all of it, or stretches spread evenly if there is too much."""
    chunks = [(video, first) for video in videos for first in range(0, video.n_frames, CHUNK)]
    frames = sum(video.n_frames for video in videos)
    if frames > config.max_training_frames:
        keep = max(1, len(chunks) * config.max_training_frames // frames)
        chunks = [chunks[i] for i in np.linspace(0, len(chunks) - 1, keep).round().astype(int)]
    spans = _joined(chunks)
    meter = Meter(progress, "motion", sum(stop - start for _, start, stop in spans))
    settings = flow_settings(config)
    stretches = []
    for video, start, stop in spans:
        found = np.empty((stop - start, 3, config.size, config.size), np.float16)
        for first, piece in fields(video, settings, start=start, stop=stop, cache=cache, meter=meter):
            found[first - start : first - start + len(piece)] = piece
        labels = (supervision or Supervision({})).of(video)[start:stop]
        stretches.append(Stretch(found, labels))
    return stretches


def _joined(chunks: list[tuple[Video, int]]) -> list[tuple[Video, int, int]]:
    spans: list[tuple[Video, int, int]] = []
    for video, first in chunks:
        stop = min(first + CHUNK, video.n_frames)
        if spans and spans[-1][0] is video and spans[-1][2] == first:
            spans[-1] = (video, spans[-1][1], stop)
        else:
            spans.append((video, first, stop))
    return spans


def flow_settings(config: PseudoAnomalyConfig) -> FlowSettings:
    """Say how the motion for this config is estimated."""
    return FlowSettings(grid=config.size, preset=config.flow_preset, long_side=config.flow_long_side)


def speed_scale(stretches: Sequence[Stretch]) -> float:
    """Compute the 99.9th percentile of the usual speed, in pixels a frame: what the network sees as 1."""
    usual = [stretch.fields[stretch.labels != ABNORMAL, 2] for stretch in stretches]
    step = max(1, sum(len(speeds) for speeds in usual) // 1000)
    sample = np.concatenate([speeds[::step].ravel() for speeds in usual])
    if not sample.size:
        raise ConfigError(
            "Every frame of the training footage was found abnormal: there is nothing usual to learn from. "
            "Add footage in which nothing happens, or take back some verdicts."
        )
    return max(LEAST_SCALE, float(np.percentile(sample.astype(np.float32), 99.9)))


class Sampler:
    """Draws training batches; what it draws in an epoch depends on the seed and the epoch alone."""

    def __init__(
        self, stretches: Sequence[Stretch], config: PseudoAnomalyConfig, *, scale: float, seed: int
    ) -> None:
        self._stretches = stretches
        self._config = config
        self._scale = scale
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

    def epoch(self, number: int):
        """Yield the (input, target) batches of an epoch, each (B, 3, 16, size, size)."""
        random = np.random.default_rng([self._seed, number])
        batch = self._config.batch_size
        windows = self._windows(random)
        rounds = math.ceil(self.steps * batch / len(windows))
        order = np.concatenate([random.permutation(len(windows)) for _ in range(rounds)])
        for step in range(self.steps):
            pairs = [self._pair(*windows[i], random=random) for i in order[step * batch : (step + 1) * batch]]
            seen, target = (np.stack(side) / self._scale for side in zip(*pairs, strict=True))
            yield torch.from_numpy(seen), torch.from_numpy(target)

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
        self, stretch_index: int, start: int, *, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        stretch = self._stretches[stretch_index]
        normal = stretch.window(start)
        fitting = [
            stride
            for stride in self._config.skip_strides
            if start + stride * (WINDOW - 1) < len(stretch.fields)
            and stretch.is_usual(start, start + stride * (WINDOW - 1) + 1)
        ]
        if random.random() >= self._config.pseudo_anomaly_ratio or not fitting:
            return normal, normal
        return stretch.window(start, stride=int(random.choice(fitting))), normal


def make_network(config: PseudoAnomalyConfig, *, seed: int) -> ConvAutoencoder:
    """Make the network with weights that depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ConvAutoencoder(3, config.widths, tanh=config.output == "tanh")


def train(
    network: ConvAutoencoder,
    sampler: Sampler,
    config: PseudoAnomalyConfig,
    *,
    device: torch.device,
    progress: ProgressCallback,
    checkpoint: Path | None,
    fingerprint: str,
) -> list[float]:
    """Train in place, on from the last epoch in `checkpoint`, and give the mean loss of each epoch."""
    network.to(device, memory_format=torch.channels_last_3d).train()  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    losses: list[float] = []
    if checkpoint is not None:
        state = checkpoints.resume(checkpoint, fingerprint=fingerprint, model=network, optimiser=optimiser)
        losses = state.get("losses", [])
    meter = Meter(progress, "training", config.epochs * sampler.steps)
    meter.done = len(losses) * sampler.steps
    for epoch in range(len(losses), config.epochs):
        total = 0.0
        for step, (seen, target) in enumerate(sampler.epoch(epoch)):
            for group in optimiser.param_groups:
                group["lr"] = _learning_rate(config, meter.done / meter.total)
            total += _step(network, optimiser, seen.to(device), target.to(device))
            meter.advance(loss=total / (step + 1), epoch=epoch + 1)
        losses.append(total / sampler.steps)
        if checkpoint is not None:
            checkpoints.save(
                checkpoint,
                fingerprint=fingerprint,
                model=network,
                optimiser=optimiser,
                state={"losses": losses},
            )
    return losses


def _learning_rate(config: PseudoAnomalyConfig, done: float) -> float:
    if config.schedule == "constant":
        return config.learning_rate
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def _step(network: nn.Module, optimiser: torch.optim.Optimizer, seen: Tensor, target: Tensor) -> float:
    optimiser.zero_grad(set_to_none=True)
    loss = nn.functional.mse_loss(network(seen.contiguous(memory_format=torch.channels_last_3d)), target)
    loss.backward()
    optimiser.step()
    return loss.item()
