"""DiffVAD as a detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray

from detectors import artifacts, checkpoints, perspective, segments, spans
from detectors import device as devices
from detectors.base import (
    UNKNOWN,
    UNUSUAL,
    ConfigError,
    Detector,
    Device,
    Heatmaps,
    Meter,
    NotFitted,
    Patterns,
    ProgressCallback,
    Supervision,
    Video,
    VideoScores,
    ignore,
)
from detectors.diffvad import encoders, footage, network, scoring, training
from detectors.diffvad.axes import Axes, directions
from detectors.diffvad.bank import Bank
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.distance import Calibration, distances
from detectors.diffvad.footage import Places, Units, split
from detectors.diffvad.refinement import Floats, Verdicts
from detectors.diffvad.sampling import Sampler
from detectors.field_cache import FieldCache

OBLIQUE_NORM: Literal["zf", "perspective"] = "zf"
"""What `cell_norm=auto` takes for a camera that looks along the scene."""


class DiffVAD(Detector):
    """Zhang et al. 2024: see README.md for what of the paper is here.

    After `fit`: network_ (averaged weights), encoder_, units_, bank_ (training windows with their labels of each
    round), calibration_ (how usual cells measure), feature_axes_, pattern_axes_ and losses_.
    """

    name = "diffvad"
    config: DiffVADConfig
    network_: network.Denoiser
    encoder_: encoders.FrameEncoder
    units_: Units
    bank_: Bank
    calibration_: Calibration
    feature_axes_: Axes
    pattern_axes_: Axes
    losses_: list[float]

    def fit(
        self,
        videos: Sequence[Video],
        *,
        supervision: Supervision | None = None,
        progress: ProgressCallback = ignore,
        checkpoint: Path | str | None = None,
        warm_start: Path | str | None = None,
    ) -> Self:
        """Learn from videos; see `Detector.fit`.

        warm_start: the folder of a model to begin from: its weights, units and encoder. Raises ConfigError if that is
        no model of this detector or has another network.
        """
        if not videos:
            raise ConfigError("There is no footage to learn from; give at least one video.")
        config, where = self.config, devices.resolve(self.device)
        before = None if warm_start is None else self._model_to_begin_from(warm_start)
        encoder = encoders.make(config)
        chosen = spans.spread(videos, most_frames=config.max_training_frames)
        with devices.repeatable():
            if before is None:
                encoder.learn(chosen, seed=self.seed, device=where, progress=progress)
            else:
                encoder = before.encoder_
            found = footage.gather(
                videos,
                chosen,
                encoder,
                supervision=supervision,
                cache=FieldCache.from_environment(),
                progress=progress,
            )
            usual = found.latents[~np.isin(found.labels, UNUSUAL)]
            units = Units.of(usual, config) if before is None else before.units_
            normed, sizes = self._norm(encoder, usual)
            task = training.Task(
                footage=found,
                units=units,
                encoder=encoder,
                config=config,
                seed=self.seed,
                device=where,
                normed=normed,
                sizes=sizes,
            )
            self.encoder_, self.units_ = encoder, units
            self._learn_axes(task)
            self.bank_ = self._fill_bank(videos, task)
            learner = network.make(encoder.channels, config, seed=self.seed)
            if before is not None:
                learner.load_state_dict(before.network_.state_dict())
            fingerprint = artifacts.fingerprint(
                config, seed=self.seed, device=where.type, videos=videos, supervision=supervision
            )
            if warm_start is not None:
                fingerprint += f"-{artifacts.sha256_of(Path(warm_start) / artifacts.MODEL_FILE)}"
            self.network_, self.losses_, self.calibration_ = training.train(
                learner,
                task,
                self.bank_,
                progress=progress,
                checkpoint=None if checkpoint is None else Path(checkpoint),
                fingerprint=fingerprint,
            )
        return self

    def _model_to_begin_from(self, folder: Path | str) -> DiffVAD:
        before = type(self).load(folder, device=self.device)
        shapes = [
            {name: value.shape for name, value in one.state_dict().items()}
            for one in (before.network_, network.make(before.encoder_.channels, self.config, seed=0))
        ]
        same = (
            "encoder",
            "nodes",
            "cells",
            "encoder_channels",
            "history",
            "future",
            "prediction",
            "condition",
        )
        other = [name for name in same if getattr(before.config, name) != getattr(self.config, name)]
        if other or shapes[0] != shapes[1]:
            said = ", ".join(other) or "the sizes of its layers"
            raise ConfigError(
                f"The model to begin from has another network than these settings describe ({said}). Begin from a "
                "model made with the same, or without one."
            )
        return before

    def _norm(
        self, encoder: encoders.FrameEncoder, usual: NDArray[np.float16]
    ) -> tuple[bool, NDArray[np.float64] | None]:
        """Say whether cells are measured against themselves, or how large things are at each height."""
        wanted = self.config.cell_norm
        if self.config.encoder != "motion" or wanted in ("raw", "zf"):
            return wanted == "zf", None
        speed = encoder.cells(torch.from_numpy(usual.astype(np.float32))).numpy()
        if wanted == "auto":
            wanted = OBLIQUE_NORM if perspective.looks_along(speed, top=True) else "raw"
        return wanted == "zf", perspective.sizes(speed) if wanted == "perspective" else None

    def _learn_axes(self, task: training.Task) -> None:
        windows = task.bank_windows
        chosen = np.linspace(0, len(windows.first) - 1, min(len(windows.first), 1024)).round().astype(int)
        seen = task.units.enter(task.footage.latents[windows.rows[chosen]])
        self.feature_axes_ = Axes.of(seen.numpy(), self.config.feature_size)
        self.pattern_axes_ = Axes.of(split(seen, self.config)[1].numpy(), self.config.descriptor_size)

    def _fill_bank(self, videos: Sequence[Video], task: training.Task) -> Bank:
        windows = task.bank_windows
        features = []
        for first in range(0, len(windows.first), 512):
            seen = task.units.enter(task.footage.latents[windows.rows[first : first + 512]])
            features.append(directions(self.feature_axes_.project(seen.numpy())))
        verdicts = Verdicts(*task.footage.verdicts(windows, self.config))
        return Bank.of(videos, windows, np.concatenate(features), verdicts, self.config)

    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        self._check_fitted("This detector has not learned what is usual yet; fit it on some footage first.")
        meter = Meter(progress, "scoring", video.n_frames)
        speeds: list[Floats] = []
        pieces = self.encoder_.encode(
            video, 0, video.n_frames, cache=FieldCache.from_environment(), meter=meter
        )
        if self.config.encoder == "motion":
            pieces = scoring.watched(pieces, self.encoder_, speeds)
        with devices.repeatable():
            groups = list(self._groups(pieces, video.n_frames))
        return self._judge(video, groups, speeds)

    def _groups(self, pieces: Iterator[Floats], n_frames: int) -> Iterator[scoring.Group]:
        sampler = Sampler(self.network_, self.config, seed=self.seed)
        size = training.group_of(self._where)
        for first, windows in footage.streamed(pieces, n_frames, self.config, group=size):
            yield self._measure(sampler, first, windows)

    def _measure(self, sampler: Sampler, first: Places, windows: NDArray[np.float16]) -> scoring.Group:
        seen = self.units_.enter(windows).to(self._where)
        history, future = split(seen, self.config)
        generated = sampler.sample(history, first, patterns=self.config.patterns)
        rows, count = generated.shape[:2]
        described = self.pattern_axes_.project(generated.flatten(0, 1).cpu().numpy())
        return scoring.Group(
            first=first,
            distances=distances(generated, future, self.encoder_, self.config),
            features=directions(self.feature_axes_.project(seen.cpu().numpy())),
            actual=self.pattern_axes_.project(future.cpu().numpy()),
            generated=described.reshape(rows, count, -1),
        )

    @property
    def _where(self) -> torch.device:
        return next(self.network_.parameters()).device

    def patterns_of(self, video: Video, start: int) -> Patterns:
        """Make the patterns of one scored window again, bit for bit what `score` gave on the same device.

        start: one of `score(video).patterns.starts`. Raises ConfigError if no window starts there.
        """
        self._check_fitted("This detector has learned nothing yet, so it has no patterns; fit it first.")
        config, size = self.config, training.group_of(self._where)
        first = start + config.history
        if not 0 <= first < video.n_frames or first % config.scoring_stride:
            raise ConfigError(
                f"No scored window of {video.name} starts at frame {start}; they start every "
                f"{config.scoring_stride} frames from {-config.history} on."
            )
        place = first // config.scoring_stride
        lead = place - place % size
        firsts = np.arange(lead, lead + size) * config.scoring_stride
        firsts = firsts[firsts < video.n_frames]
        frames = footage.frames_of(firsts, video.n_frames, config)
        begin, stop = int(frames.min()), int(frames.max()) + 1
        meter = Meter(ignore, "patterns", stop - begin)
        cache = FieldCache.from_environment()
        pieces = self.encoder_.encode(video, begin, stop, cache=cache, meter=meter)
        latents = np.concatenate([piece.astype(np.float16) for piece in pieces])
        with devices.repeatable():
            found = self._measure(
                Sampler(self.network_, config, seed=self.seed), firsts, latents[frames - begin]
            )
        own = slice(place - lead, place - lead + 1)
        return Patterns(
            actual=found.actual[own],
            starts=found.first[own] - config.history,
            length=config.length,
            generated=found.generated[own],
        )

    def _judge(self, video: Video, groups: list[scoring.Group], speeds: list[Floats]) -> VideoScores:
        config = self.config
        first = np.concatenate([group.first for group in groups])
        maps = np.concatenate([group.distances.maps for group in groups])
        distance = self.calibration_.windows(maps, config)
        features = np.concatenate([group.features for group in groups])
        asked = self.bank_.ask(video, first, features, distance, config)
        frames = scoring.over_frames(distance, first, video.n_frames, config)
        if config.smoothing:
            frames = segments.smooth(frames, sigma_frames=config.smoothing).astype(np.float32)
        return VideoScores(
            frames=frames,
            tracks=scoring.tracks(groups, asked, config) | scoring.motion_tracks(speeds),
            heatmaps=Heatmaps(
                values=self.calibration_.heat(maps), frames=first, low=0.0, high=self.calibration_.high
            ),
            patterns=Patterns(
                actual=np.concatenate([group.actual for group in groups]),
                starts=first - config.history,
                length=config.length,
                generated=np.concatenate([group.generated for group in groups]),
            ),
            refinement=self.bank_.history_of(video, config) or asked,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        clamped = int((self.bank_.verdicts.clamped != UNKNOWN).sum())
        disputed = int(self.bank_.verdicts.disputed.sum())
        notes = []
        if clamped or disputed:
            said = f"Human in the loop: {clamped} of {len(self.bank_.first)} training windows have labels that people set"
            said += f", and on {disputed} people contradict each other" if disputed else ""
            notes.append(f"{said}. Figures of this run are not those of an unsupervised detector.")
        if len(self.bank_.first) <= self.config.neighbours:
            notes.append(
                f"The training footage has {len(self.bank_.first)} windows, no more than the {self.config.neighbours} "
                "neighbours that vote on a label: votes say little. Add footage."
            )
        return tuple(notes)

    def _check_fitted(self, sentence: str) -> None:
        if not hasattr(self, "calibration_"):
            raise NotFitted(sentence)

    def save(self, folder: Path | str) -> str:
        self._check_fitted(
            "This detector has learned nothing yet, so there is nothing to save; fit it first."
        )
        parts: dict[str, dict[str, NDArray[Any]]] = {
            "network": checkpoints.module_arrays(self.network_),
            "units": {"centre": self.units_.centre, "scale": self.units_.scale},
            "features": {"centre": self.feature_axes_.centre, "axes": self.feature_axes_.axes},
            "patterns": {"centre": self.pattern_axes_.centre, "axes": self.pattern_axes_.axes},
            "bank": self.bank_.arrays(),
        }
        if module := self.encoder_.module():
            parts["encoder"] = checkpoints.module_arrays(module)
        arrays = {f"{part}.{name}": array for part, named in parts.items() for name, array in named.items()}
        arrays |= {"calibration": self.calibration_.array(), "losses": np.array(self.losses_, np.float64)}
        return artifacts.write_model(
            folder, detector=self.name, config=self.config, seed=self.seed, arrays=arrays
        )

    @classmethod
    def load(cls, folder: Path | str, *, device: Device = "auto") -> Self:
        model = artifacts.read_model(folder, detector=cls.name, config_class=DiffVADConfig)
        config = model.config
        assert isinstance(config, DiffVADConfig)
        detector, where = cls(config, seed=model.seed, device=device), devices.resolve(device)
        encoder = encoders.make(config)
        channels, nodes = encoder.channels, config.nodes**2
        loaded = network.make(channels, config, seed=0)
        for prefix, module in (("network", loaded), ("encoder", encoder.module())):
            if module is not None:
                shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
                checkpoints.restore_module(
                    module,
                    {name: model.take(f"{prefix}.{name}", shape=shape) for name, shape in shapes.items()},
                )
                module.eval().to(where)
        detector.encoder_, detector.network_ = encoder, loaded
        detector.units_ = Units(
            *(model.take(f"units.{name}", shape=(channels,)) for name in ("centre", "scale"))
        )

        def axes(name: str, count: int, width: int) -> Axes:
            return Axes(
                model.take(f"{name}.centre", shape=(width,)), model.take(f"{name}.axes", shape=(count, width))
            )

        detector.feature_axes_ = axes("features", config.feature_size, channels * config.length * nodes)
        detector.pattern_axes_ = axes("patterns", config.descriptor_size, channels * config.future * nodes)
        side = config.cells if config.encoder == "motion" else config.nodes
        detector.calibration_ = Calibration.from_array(
            model.take("calibration", shape=(2 + 2 * side * side,)), side
        )
        losses = model.arrays.get("losses", np.empty(0))
        detector.losses_ = model.take("losses", shape=losses.shape).tolist()
        detector.bank_ = Bank.from_model(model, config)
        return detector
