"""Training of the denoiser: features of all clips that nobody found abnormal, noised and restored."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors import checkpoints
from detectors.base import (
    ConfigError,
    Meter,
    ProgressCallback,
    Supervision,
    Video,
)
from detectors.diffusion import averages, karras
from detectors.features import clips
from detectors.features.clips import ClipEncoder, Floats
from detectors.field_cache import FieldCache
from detectors.kdiffusion.config import KDiffusionConfig
from detectors.kdiffusion.network import Denoiser


@dataclass(frozen=True, slots=True)
class Clips:
    """Features of the clips to learn from: (K, rows, columns, D)."""

    cells: Floats

    def rows(self, unit: str) -> Floats:
        """Give what the denoiser learns from, (n, D): each cell, or the mean of each clip."""
        return units(self.cells, unit).reshape(-1, self.cells.shape[-1])


def units(cells: Floats, unit: str) -> Floats:
    """Give what is scored of each clip: (k, rows, columns, D) -> (k, R, D), cells or their mean."""
    flat = cells.reshape(len(cells), -1, cells.shape[-1])
    return flat if unit == "regions" else flat.mean(1, keepdims=True)


def gather(
    videos: Sequence[Video],
    encoder: ClipEncoder,
    config: KDiffusionConfig,
    *,
    supervision: Supervision | None,
    cache: FieldCache | None,
    progress: ProgressCallback,
) -> Clips:
    """Describe the clips to learn from, without those that hold a frame that may not be taken for usual."""
    frames = [video.n_frames for video in videos]
    stride = max(config.training_stride, math.ceil(sum(frames) / config.max_training_clips))
    meter = Meter(progress, "features", sum(frames))
    kept: list[Floats] = []
    for i, video in enumerate(videos):
        good = (supervision or Supervision({})).usual_in(video)
        own = Meter(meter.within(frames[i]), meter.phase, frames[i])
        for starts, cells in clips.encoded(encoder, video, stride=stride, cache=cache, meter=own):
            check_finite(cells, video)
            usual = [good[start : start + clips.LENGTH].all() for start in starts]
            kept.append(cells[usual])
    found = np.concatenate(kept)
    if not len(found):
        raise ConfigError(
            "Every clip of the training footage holds a frame that was found abnormal: there is nothing usual to "
            "learn from. Add footage in which nothing happens, or take back some verdicts."
        )
    return Clips(found)


def check_finite(cells: Floats, video: Video) -> None:
    """Raise ConfigError if a feature is not a number."""
    if not np.isfinite(cells).all():
        raise ConfigError(
            f"The encoder gave values for {video.name} that are not finite, so nothing can be learned or scored. "
            "If it uses pretrained weights, they are damaged or not for this encoder: get them again."
        )


def make_network(dimension: int, config: KDiffusionConfig, *, seed: int) -> Denoiser:
    """Make the denoiser with weights that depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Denoiser(dimension, config.widths, film=config.film)


def steps_in_epoch(rows: int, config: KDiffusionConfig) -> int:
    """Count the batches of a round; at least one, however few rows there are."""
    if config.epoch_steps is not None:
        return config.epoch_steps
    return max(rows // config.batch_size, math.ceil(config.min_steps / config.epochs))


def train(
    network: Denoiser,
    rows: Floats,
    config: KDiffusionConfig,
    *,
    sigma_data: float,
    seed: int,
    device: torch.device,
    progress: ProgressCallback,
    checkpoint: Path | None,
    fingerprint: str,
) -> tuple[Denoiser, list[float]]:
    """Train on rows (n, D), on from the last round in `checkpoint`.

    Gives the network with averaged weights (EMA), and the mean loss of each round. With fewer rows than a
    batch holds, rows occur in it several times, each with its own noise.
    """
    network.to(device).train()
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=config.learning_rate,
        betas=(0.95, 0.999),
        eps=1e-6,
        weight_decay=config.weight_decay,
        fused=True,
    )
    losses: list[float] = []
    if checkpoint is not None:
        extra: dict[str, NDArray[np.generic]] = {}
        state = checkpoints.resume(
            checkpoint, fingerprint=fingerprint, model=network, optimiser=optimiser, extra=extra
        )
        if state:
            losses = state["losses"]
            checkpoints.restore_module(average, extra)
    steps = steps_in_epoch(len(rows), config)
    meter = Meter(progress, "training", config.epochs * steps)
    meter.done = len(losses) * steps
    held = torch.from_numpy(rows).to(device)
    for epoch in range(len(losses), config.epochs):
        batches = _batches(len(rows), config.batch_size, steps, random=np.random.default_rng([seed, epoch]))
        generator = torch.Generator(device).manual_seed(
            int(np.random.default_rng([seed, epoch, 1]).integers(2**62))
        )
        total = torch.zeros((), device=device, dtype=torch.float64)
        for step, chosen in enumerate(batches, start=epoch * steps):
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * averages.inverse_lr(step)
            batch = held[torch.from_numpy(chosen).to(device)]
            total += training_step(
                network, optimiser, batch, config, sigma_data=sigma_data, generator=generator
            )
            averages.update(average, network, decay=averages.ema_decay(step))
            last = step + 1 - epoch * steps
            metrics = {"loss": total.item() / last} if last % 10 == 0 or last == steps else {}
            meter.advance(1, epoch=epoch + 1, **metrics)
        losses.append(total.item() / steps)
        if not math.isfinite(losses[-1]):
            raise ConfigError(
                f"Training went wrong in round {epoch + 1}: its loss is not finite. Choose a lower learning_rate "
                f"than {config.learning_rate:g}."
            )
        if checkpoint is not None:
            checkpoints.save(
                checkpoint,
                fingerprint=fingerprint,
                model=network,
                optimiser=optimiser,
                extra=checkpoints.module_arrays(average),
                state={"losses": losses},
            )
    return average.eval(), losses


def training_step(
    network: Denoiser,
    optimiser: torch.optim.Optimizer,
    batch: Tensor,
    config: KDiffusionConfig,
    *,
    sigma_data: float,
    generator: torch.Generator,
) -> Tensor:
    """Take one step on a batch (B, D) and give its loss."""
    sigma = karras.draw_sigmas(
        len(batch), mean=config.p_mean, std=config.p_std, generator=generator, like=batch
    )
    noise = torch.randn(batch.shape, generator=generator, device=batch.device, dtype=batch.dtype)
    loss = karras.row_losses(network, batch, noise, sigma, sigma_data=sigma_data).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.detach()


def _batches(rows: int, size: int, steps: int, *, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw the rows of each batch, (steps, size); every row occurs as often as every other, or once more."""
    rounds = math.ceil(steps * size / rows)
    order = np.concatenate([random.permutation(rows) for _ in range(rounds)])
    return order[: steps * size].reshape(steps, size)
