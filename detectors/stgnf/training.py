"""Training of the flow: the likelihood of usual poses is raised (section 3.2), as the released code does it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors import checkpoints
from detectors.base import (
    ABNORMAL,
    LEFT_OUT,
    NORMAL,
    UNKNOWN,
    ConfigError,
    Meter,
    ProgressCallback,
    Supervision,
    Video,
)
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.fused import Flat, Fused
from detectors.stgnf.network import Architecture, Planes, StgNfNetwork
from detectors.stgnf.people import people_in
from detectors.stgnf.segments import Cut, Segments, joined, segments_of

BETWEEN = 2
"""Of a segment: too few of its frames were accepted for an abnormal one, and it may not be taken for a usual one."""


@dataclass(frozen=True, slots=True)
class Poses:
    """What there is to learn from.

    planes: float32 (2, V, N, T). labels: int8 (N,), UNKNOWN, NORMAL or ABNORMAL.
    """

    planes: NDArray[np.float32]
    labels: NDArray[np.int8]

    @property
    def supervised(self) -> bool:
        return bool((self.labels == ABNORMAL).any())

    def usual(self) -> NDArray[np.float32]:
        return self.planes[:, :, self.labels != ABNORMAL]

    def digest(self) -> str:
        """Tell sets of poses apart."""
        total = hashlib.sha256(self.labels.tobytes())
        total.update(self.planes.tobytes())
        return total.hexdigest()


def gather(
    videos: Sequence[Video],
    config: StgNfConfig,
    *,
    supervision: Supervision | None,
    progress: ProgressCallback,
) -> Poses:
    """Find the people of all videos and cut their tracks. Raises ConfigError if there is nobody to learn from."""
    cut = cut_of(config, stride=config.training_stride)
    parts: list[Segments] = []
    labels: list[NDArray[np.int8]] = []
    meter = Meter(progress, "people", sum(video.n_frames for video in videos))
    seen = 0
    for video in videos:
        people = people_in(video, config, progress=meter.within(video.n_frames))
        seen += len(people)
        verdicts = (supervision or Supervision({})).of(video)
        for part in segments_of(people, cut):
            parts.append(part)
            labels.append(label(part, verdicts, overlap=config.abnormal_overlap))
    if not seen:
        raise ConfigError(
            "No person is visible in the footage to learn from, and this detector learns from people alone. Add "
            "footage with people, or choose another detector."
        )
    if not sum(map(len, parts)):
        raise ConfigError(
            f"No person is seen for {config.segment_length} frames in a row in the footage to learn from, which is what "
            "this detector learns from. Add footage, or make segment_length smaller."
        )
    every = joined(parts)
    marks = np.concatenate(labels)
    wanted = np.flatnonzero(marks != BETWEEN)
    if config.prior == "unsupervised":
        wanted = wanted[marks[wanted] != ABNORMAL]
    elif config.prior == "supervised" and not (marks == ABNORMAL).any():
        raise ConfigError(
            "prior=supervised needs people in accepted segments, and there are none. Accept some first, or set prior=auto."
        )
    if not (marks[wanted] != ABNORMAL).any():
        raise ConfigError(
            "Every person in the training footage was found abnormal: there is nothing usual to learn from. Add footage "
            "in which nothing happens, or take back some verdicts."
        )
    if len(wanted) > config.max_training_segments:
        wanted = wanted[np.linspace(0, len(wanted) - 1, config.max_training_segments).round().astype(int)]
    return Poses(every.planes[:, :, wanted], marks[wanted])


def label(segments: Segments, verdicts: NDArray[np.int8], *, overlap: float) -> NDArray[np.int8]:
    """Say of each segment what people decided of its frames: UNKNOWN, NORMAL, ABNORMAL or BETWEEN."""
    lengths = segments.lasts + 1 - segments.starts
    abnormal = _count(verdicts == ABNORMAL, segments) / lengths
    normal = _count(verdicts == NORMAL, segments)
    marks = np.where(normal > 0, NORMAL, UNKNOWN)
    marks = np.where((abnormal > 0) | (_count(verdicts == LEFT_OUT, segments) > 0), BETWEEN, marks)
    return np.where(abnormal >= overlap, ABNORMAL, marks).astype(np.int8)


def _count(frames: NDArray[np.bool_], segments: Segments) -> NDArray[np.int64]:
    sums = np.concatenate([[0], np.cumsum(frames)])
    return sums[segments.lasts + 1] - sums[segments.starts]


def cut_of(config: StgNfConfig, *, stride: int) -> Cut:
    """Say how tracks are cut under this config."""
    return Cut(
        config.segment_length,
        stride,
        each=config.normalisation == "each",
        confidence=config.min_confidence,
    )


def architecture(config: StgNfConfig) -> Architecture:
    """Say which network this config describes."""
    return Architecture.released(
        config.segment_length,
        config.steps,
        permutation=config.permutation,
        hidden=config.hidden,
        temporal_kernel=config.temporal_kernel,
    )


def make_network(config: StgNfConfig, *, seed: int, supervised: bool) -> StgNfNetwork:
    """Make the network with weights that depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean = config.supervised_prior_mean if supervised else config.prior_mean
        return StgNfNetwork(architecture(config), prior_mean=mean)


class Sampler:
    """Draws training batches; what it draws in an epoch depends on the seed and the epoch alone."""

    def __init__(self, poses: Poses, config: StgNfConfig, *, seed: int) -> None:
        self._planes = torch.from_numpy(poses.planes)
        self._labels = poses.labels
        self._config = config
        self._seed = seed
        items = np.repeat(
            np.arange(len(poses.labels)), np.where(poses.labels == NORMAL, config.confirmed_weight, 1)
        )
        # of each item, whether it is mirrored
        self._items = np.stack(
            [np.tile(items, 1 + config.flip), np.repeat(range(1 + config.flip), len(items))]
        )
        passes = max(
            1,
            math.ceil(math.ceil(config.min_steps / config.epochs) * config.batch_size / self._items.shape[1]),
        )
        self._passes = passes
        self.steps = math.ceil(self._items.shape[1] * passes / config.batch_size)
        """Batches in an epoch."""

    def epoch(self, number: int) -> Iterator[tuple[Planes, Tensor]]:
        """Yield planes (V, B, T) and the sign of the prior's mean (B,), -1 for abnormal, of each batch."""
        random = np.random.default_rng([self._seed, number])
        order = np.concatenate([random.permutation(self._items.shape[1]) for _ in range(self._passes)])
        for first in range(0, len(order), self._config.batch_size):
            chosen, flipped = self._items[:, order[first : first + self._config.batch_size]]
            x, y = self._planes.index_select(2, torch.from_numpy(chosen)).unbind(0)
            x = x * torch.from_numpy(1 - 2 * flipped).float()[:, None]
            sign = np.where(self._labels[chosen] == ABNORMAL, -1, 1)
            yield (x, y), torch.from_numpy(sign).float()


def train(
    network: StgNfNetwork,
    poses: Poses,
    config: StgNfConfig,
    *,
    seed: int,
    fresh: bool,
    device: torch.device,
    progress: ProgressCallback,
    checkpoint: Path | None,
    fingerprint: str,
) -> list[float]:
    """Train in place, on from the last epoch in `checkpoint`, and give the mean loss of each epoch, bits/dimension.

    fresh: whether ActNorm still has to be set from a first batch.
    """
    network.to(device).train()
    sampler = Sampler(poses, config, seed=seed)
    flat = Flat(network)
    fused = Fused(network, flat) if Fused.fits(network) else None
    kind = torch.optim.Adamax if config.optimiser == "adamax" else torch.optim.Adam
    optimiser = kind([flat.vector], lr=config.learning_rate, foreach=False)
    losses: list[float] = []
    if checkpoint is not None:
        state = checkpoints.resume(checkpoint, fingerprint=fingerprint, model=network, optimiser=optimiser)
        losses = state.get("losses", [])
    meter = Meter(progress, "training", config.epochs * sampler.steps)
    meter.done = len(losses) * sampler.steps
    for epoch in range(len(losses), config.epochs):
        for group in optimiser.param_groups:
            # the released code lowers the rate at the end of each epoch by its number, so that two have the first
            group["lr"] = config.learning_rate * config.learning_rate_decay ** max(epoch - 1, 0)
        total = 0.0
        for step, (planes, sign) in enumerate(sampler.epoch(epoch)):
            planes = planes[0].to(device), planes[1].to(device)
            if fresh and not meter.done:
                network.start(planes)
            means = sign.to(device) * network.prior_mean if poses.supervised else network.prior_mean
            if fused is not None:
                loss = fused.loss(planes, means=means)
            else:
                loss = _loss(network, flat, planes, means)
            nn.utils.clip_grad_norm_([flat.vector], config.clip_norm)
            optimiser.step()
            total += loss
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


def _loss(network: StgNfNetwork, flat: Flat, planes: Planes, means: Tensor | float) -> float:
    """Give the loss and write its gradient to the flat vector, by autograd."""
    flat.grad.zero_()
    loss = network.bits(planes, means=means).mean()
    loss.backward()
    return loss.item()
