"""Training: a warm-up on all windows, then rounds of labels and of learning from what they leave (section 3.4)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors import checkpoints
from detectors.base import ABNORMAL, ConfigError, Meter, ProgressCallback
from detectors.diffusion import averages
from detectors.diffvad.bank import Bank, Round
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.distance import Calibration, distances, smooth_l1
from detectors.diffvad.encoders import Floats, FrameEncoder
from detectors.diffvad.footage import Footage, Units, Windows, split
from detectors.diffvad.network import Denoiser
from detectors.diffvad.sampling import GROUP, Sampler

_LEG = 50
"""Steps between checkpoints, at most."""

IGNORANCE = 0.4245
"""Mean Smooth-L1 of a standard normal number against 0: what somebody who knows nothing loses. The push away from
abnormal windows ends there; without an end it destroys the network."""

_GROUP_ON_GPU = 256
_EVALUATIONS = 8  # of the folded network, that take as long as learning from one window (measured)
_LATER = 1 / 3  # of the highest learning rate, at the start of the rounds
_FIRST_HINGE_ROUND = 2


@dataclass(frozen=True, slots=True)
class Task:
    """What does not change during a training."""

    footage: Footage
    units: Units
    encoder: FrameEncoder
    config: DiffVADConfig
    seed: int
    device: torch.device
    normed: bool
    sizes: NDArray[np.float64] | None

    @property
    def bank_windows(self) -> Windows:
        return self.footage.windows(self.config, stride=self.config.label_stride)

    @property
    def training_windows(self) -> Windows:
        return self.footage.windows(self.config, stride=self.config.training_stride, whole=True)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What each training window teaches: indices (k,) of windows, and of each its weights.

    weight: float32 (k,), of its loss. push: float32 (k,), of the push away. swap: bool (k,), whether it is taught the
    future of another window.
    """

    indices: NDArray[np.int64]
    weight: Floats
    push: Floats
    swap: NDArray[np.bool_]


def train(
    network: Denoiser,
    task: Task,
    bank: Bank,
    *,
    progress: ProgressCallback,
    checkpoint: Path | None,
    fingerprint: str,
) -> tuple[Denoiser, list[float], Calibration]:
    """Train, on from the last checkpoint, and fill the rounds of `bank`.

    Gives the averaged network, the mean loss of each stretch of steps, and how usual windows measure at the end.
    """
    config, device = task.config, task.device
    network.to(device).train()
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    bank_windows, windows = task.bank_windows, task.training_windows
    rows = task.footage.nearest_rows(windows, bank_windows)
    usual = task.footage.usual(windows)
    if not usual.any():
        raise ConfigError(
            f"No {config.length} frames in a row are left to learn from once the abnormal ones are taken out. Add "
            "footage, or take back some verdicts."
        )
    legs = plan(config, int(usual.sum()))
    losses: list[float] = []
    if checkpoint is not None:
        extra: dict[str, NDArray[Any]] = {}
        state = checkpoints.resume(
            checkpoint, fingerprint=fingerprint, model=network, optimiser=optimiser, extra=extra
        )
        if state:
            losses = state["losses"]
            checkpoints.restore_module(average, _under(extra, "average."))
            bank.restore_rounds(_under(extra, "round."))
    total = sum(steps for _, steps in legs)
    work = _Work(progress, legs, bank, config)
    work.go_on_after(len(losses))
    taken = sum(steps for _, steps in legs[: len(losses)])
    for leg in range(len(losses), len(legs)):
        number, steps = legs[leg]
        if number > len(bank.rounds):
            _label(average, task, bank, bank_windows, patterns=config.label_patterns, meter=work.labels())
        last = bank.rounds[-1] if bank.rounds and config.mode != "one_class" else None
        lesson = plan_lesson(last, number, bank, rows, usual, config)
        batches = _batches(len(lesson.indices), steps, config, seed=[task.seed, leg])
        random = torch.Generator(device).manual_seed(
            int(np.random.default_rng([task.seed, leg, 1]).integers(2**62))
        )
        summed = torch.zeros((), device=device, dtype=torch.float64)
        for step, chosen in enumerate(batches):
            done, taken = taken, taken + 1
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * _rate(done, config, total)
            summed += _step(network, optimiser, task, windows, lesson, chosen, random)
            averages.update(average, network, decay=min(config.ema, (1 + done) / (10 + done)))
            metrics = {"loss": summed.item() / (step + 1)} if step % 10 == 9 or step + 1 == steps else {}
            work.meter.advance(1, epoch=leg + 1, **metrics, **_told(bank, config))
        losses.append(summed.item() / steps)
        if not math.isfinite(losses[-1]):
            raise ConfigError(
                f"Training went wrong after {taken} steps: its loss is not finite. Choose a lower learning_rate "
                f"than {config.learning_rate:g}, or the treatment drop."
            )
        if checkpoint is not None:
            kept = {f"average.{name}": array for name, array in checkpoints.module_arrays(average).items()}
            kept |= {f"round.{name}": array for name, array in bank.round_arrays().items()}
            checkpoints.save(
                checkpoint,
                fingerprint=fingerprint,
                model=network,
                optimiser=optimiser,
                extra=kept,
                state={"losses": losses},
            )
    average.eval()
    calibration = _label(average, task, bank, bank_windows, patterns=config.patterns, meter=work.labels())
    work.meter.advance(0, epoch=len(legs) + 1, **_told(bank, config))
    return average, losses, calibration


def plan(config: DiffVADConfig, windows: int) -> list[tuple[int, int]]:
    """List the stretches of steps between checkpoints: (round, steps), round 0 being the warm-up."""
    in_round = config.round_steps or max(1, math.ceil(windows / config.batch_size))
    legs: list[tuple[int, int]] = []
    for number, steps in [(0, config.warmup_steps), *((n + 1, in_round) for n in range(config.rounds))]:
        number = 0 if config.mode == "one_class" else number
        leg = min(_LEG, math.ceil(steps / 2))
        legs += [(number, min(leg, steps - first)) for first in range(0, steps, leg)]
    return legs


class _Work:
    """Counts steps and the making of labels, which take turns, in one unit: the work of a step."""

    def __init__(
        self, progress: ProgressCallback, legs: list[tuple[int, int]], bank: Bank, config: DiffVADConfig
    ) -> None:
        self._legs, self._bank = legs, bank
        one_pattern = len(bank.first) * config.diffusion_steps / (_EVALUATIONS * config.batch_size)
        passes = 1 if config.mode == "one_class" else config.rounds + 1
        patterns = [config.label_patterns] * (passes - 1) + [config.patterns]
        self._worth = [math.ceil(count * one_pattern) for count in patterns]
        self.meter = Meter(progress, "training", sum(steps for _, steps in legs) + sum(self._worth))

    def go_on_after(self, legs: int) -> None:
        """Count what an interrupted training had done."""
        self.meter.done = sum(steps for _, steps in self._legs[:legs])
        self.meter.done += sum(self._worth[: len(self._bank.rounds)])

    def labels(self) -> Meter:
        """Give the meter of the next labels, which counts windows."""
        windows = len(self._bank.first)
        return Meter(self.meter.within(self._worth[len(self._bank.rounds)]), "labels", windows)


def _told(bank: Bank, config: DiffVADConfig) -> dict[str, float]:
    """Say how many windows the labels in force call abnormal, and how many changed theirs in the last round."""
    if config.mode == "one_class" or not bank.rounds:
        return {}
    labels = [made.refined for made in bank.rounds[-2:]]
    told = {"abnormal_share": float((labels[-1] == ABNORMAL).mean())}
    return told | ({"changed_share": float((labels[-1] != labels[0]).mean())} if len(labels) == 2 else {})


def plan_lesson(
    labels: Round | None,
    number: int,
    bank: Bank,
    rows: NDArray[np.int64],
    usual: NDArray[np.bool_],
    config: DiffVADConfig,
) -> Lesson:
    """Decide what each training window teaches in a round, by the labels of its row in the bank.

    What a person found abnormal is never learned from as if it were usual.
    """
    count = len(rows)
    weight, push, swap = np.ones(count, np.float32), np.zeros(count, np.float32), np.zeros(count, np.bool_)
    if labels is not None:
        weight = labels.weight[rows].copy()
        abnormal = labels.refined[rows] == ABNORMAL
        if config.treatment == "replace":
            swap = abnormal & usual
        elif config.treatment != "none":
            if (abnormal | ~usual).all():  # nothing would be left: keep the half that looks most usual
                abnormal = labels.vote[rows] > np.median(labels.vote[rows][usual])
            weight[abnormal] = 0
        if config.treatment == "hinge" and number >= _FIRST_HINGE_ROUND:
            agreed = (labels.raw[rows] == ABNORMAL) & (labels.refined[rows] == ABNORMAL)
            push[agreed] = config.hinge_weight * labels.weight[rows][agreed]
            push[bank.verdicts.clamped[rows] == ABNORMAL] = 1.0
    weight[~usual] = 0
    indices = np.flatnonzero((weight > 0) | (push > 0))
    return Lesson(indices, weight[indices], push[indices], swap[indices])


def _batches(count: int, steps: int, config: DiffVADConfig, *, seed: list[int]) -> NDArray[np.int64]:
    """Draw the windows of each batch, (steps, batch); each occurs as often as every other, or once more."""
    random = np.random.default_rng(seed)
    size = config.batch_size
    order = np.concatenate([random.permutation(count) for _ in range(math.ceil(steps * size / count))])
    return order[: steps * size].reshape(steps, size)


def _rate(done: int, config: DiffVADConfig, total: int) -> float:
    """Compute the factor on the learning rate: up and down in the warm-up, then down from a third."""
    if config.schedule == "constant":
        return 1.0
    if done >= config.warmup_steps:
        left = (total - done) / max(1, total - config.warmup_steps)
        return _LATER * left
    share, rise = done / config.warmup_steps, 0.3
    if share < rise:
        return 0.04 + 0.96 * 0.5 * (1 - math.cos(math.pi * share / rise))
    return max(1e-4, 0.5 * (1 + math.cos(math.pi * (share - rise) / (1 - rise))))


def _step(
    network: Denoiser,
    optimiser: torch.optim.Optimizer,
    task: Task,
    windows: Windows,
    lesson: Lesson,
    chosen: NDArray[np.int64],
    random: torch.Generator,
) -> Tensor:
    config, device = task.config, task.device
    seen = task.units.enter(task.footage.latents[windows.rows[lesson.indices[chosen]]]).to(device)
    history, future = split(seen, config)
    swap = torch.from_numpy(lesson.swap[chosen]).to(device)
    if swap.any() and not swap.all():
        # the future of a usual window of the batch, in turn
        givers = torch.nonzero(~swap)[:, 0]
        takers = torch.nonzero(swap)[:, 0]
        future = future.index_copy(
            0, takers, future[givers[torch.arange(len(takers), device=device) % len(givers)]]
        )
    first = 0 if config.sampler == "posterior" else 1
    t = torch.randint(first, config.diffusion_steps, (len(chosen),), generator=random, device=device)
    noise = torch.randn(future.shape, generator=random, device=device)
    kept = network.alpha_hat[t][:, None, None, None]
    noisy = kept.sqrt() * future + (1 - kept).sqrt() * noise
    wanted = noise if config.prediction == "eps" else future
    by_window = smooth_l1(network(noisy, t, history), wanted).mean((1, 2, 3))
    loss = (torch.from_numpy(lesson.weight[chosen]).to(device) * by_window).mean()
    if lesson.push.any():
        push = torch.from_numpy(lesson.push[chosen]).to(device)
        loss = loss + (push * (IGNORANCE - by_window).clamp(min=0)).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), config.gradient_clip)
    optimiser.step()
    return loss.detach().double()


def _label(
    average: Denoiser, task: Task, bank: Bank, windows: Windows, *, patterns: int, meter: Meter
) -> Calibration:
    """Measure all windows of the bank with the averaged network and label them."""
    config = task.config
    training, _ = average.training, average.eval()
    sampler = Sampler(average, config, seed=task.seed)
    together = group_of(task.device)
    maps = []
    for first in range(0, len(windows.first), together):
        part = slice(first, first + together)
        seen = task.units.enter(task.footage.latents[windows.rows[part]]).to(task.device)
        history, future = split(seen, config)
        generated = sampler.sample(history, windows.first[part], patterns=patterns)
        maps.append(distances(generated, future, task.encoder, config).maps)
        meter.advance(len(maps[-1]))
    average.train(training)
    measured = np.concatenate(maps)
    usual = (bank.verdicts.clamped != ABNORMAL) & task.footage.usual(windows)
    calibration = Calibration.of(measured, usual, normed=task.normed, sizes=task.sizes)
    bank.label(calibration.windows(measured, config), config, seed=task.seed)
    return calibration


def group_of(device: torch.device) -> int:
    """Say how many windows are sampled together."""
    return GROUP if device.type == "cpu" else _GROUP_ON_GPU


def _under(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
