"""The pseudo-anomaly autoencoders as a detector."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from detectors import artifacts, checkpoints
from detectors import device as devices
from detectors.base import (
    ConfigError,
    Detector,
    Device,
    Meter,
    NotFitted,
    ProgressCallback,
    Supervision,
    Video,
    VideoScores,
    ignore,
)
from detectors.cuts import Shots, by_shot, find_shots, without_jumps
from detectors.field_cache import FieldCache
from detectors.flow import fields
from detectors.pictures import pictures
from detectors.pseudoanomaly import (
    discriminator,
    gate,
    inpainting,
    lingering,
    material,
    motion,
    plain,
    rebuilding,
    scoring,
    training,
)
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.masks import MaskProvider
from detectors.pseudoanomaly.pairs import AppearancePairs, MotionPairs

_STREAMS = ("motion", "appearance")
_LEAST_SPREAD = 0.004  # half a gray level, in the network's units
_UNKNOWN_GATE = -1.0


class PseudoAnomaly(Detector):
    """Rai et al. 2024: see README.md for what of the paper is here.

    mask_provider: finds things in pictures for the setting masks=provider. After `fit`: networks_ (by stream),
    calibration_ (scales of usual footage), discriminator_ (or None) and losses_ (mean loss of each epoch).
    """

    name = "pseudoanomaly"
    config: PseudoAnomalyConfig
    mask_provider: MaskProvider | None = None

    def fit(
        self,
        videos: Sequence[Video],
        *,
        supervision: Supervision | None = None,
        progress: ProgressCallback = ignore,
        checkpoint: Path | str | None = None,
        warm_start: Path | str | None = None,
    ) -> Self:
        """Learn from videos without labels; see `Detector.fit`.

        warm_start: the folder of a model whose networks training begins with. Raises ConfigError if they are
        others than these settings make.
        """
        if not videos:
            raise ConfigError("There is no footage to learn from; give at least one video.")
        where, config = devices.resolve(self.device), self.config
        networks = training.make_networks(config, seed=self.seed)
        identity = artifacts.fingerprint(
            config, seed=self.seed, device=where.type, videos=videos, supervision=supervision
        )
        if warm_start is not None:
            identity += self._begin_with(networks, Path(warm_start))
        if self.mask_provider is not None:
            identity += self.mask_provider.fingerprint
        inpainter = inpainting.make(config, device=where)
        clip = discriminator.clip_of(config, device=where)
        cache = FieldCache.from_environment()
        stretches = material.gather(
            videos,
            config,
            supervision=supervision,
            cache=cache,
            progress=progress,
            provider=self.mask_provider,
        )
        material.check_usual(stretches)
        samplers: dict[str, training.Sampler] = {}
        scale = 1.0
        with devices.repeatable():
            if config.uses_motion:
                scale = material.speed_scale(stretches)
                samplers["motion"] = training.Sampler(
                    stretches,
                    MotionPairs(stretches, config, scale=scale),
                    config,
                    ratio=config.motion_ratio,
                    seed=self.seed,
                )
            if config.uses_appearance:
                generated = None
                if inpainter is not None:
                    generated = inpainting.precompute(
                        stretches, config, inpainter, seed=self.seed, cache=cache, progress=progress
                    )
                samplers["appearance"] = training.Sampler(
                    stretches,
                    AppearancePairs(stretches, config, generated=generated),
                    config,
                    ratio=config.appearance_ratio,
                    seed=self.seed,
                )
            losses = training.train(
                networks,
                samplers,
                config,
                device=where,
                progress=progress,
                checkpoint=None if checkpoint is None else Path(checkpoint),
                fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
            )
            networks.eval()
            if config.recompute_norms:
                for name, sampler in samplers.items():
                    training.recompute_norms(training.of(networks, name), sampler, device=where)
            found = None
            if config.discriminator:
                found = discriminator.train(
                    training.of(networks, "appearance"),
                    samplers["appearance"],
                    config,
                    describe=discriminator.describing(clip),
                    seed=self.seed,
                    device=where,
                    progress=progress,
                )
            checking = Meter(progress, "checking", gate.TRIES * len(samplers))
            gates = {
                name: gate.auc(
                    training.of(networks, name),
                    stretches,
                    sampler.pairs,
                    config,
                    seed=self.seed,
                    device=where,
                    meter=checking,
                )
                for name, sampler in samplers.items()
                if config.gate > 0
            }
            self.networks_, self.discriminator_, self.losses_ = networks, found, losses
            self.clip_fingerprint_ = None if clip is None else clip.fingerprint
            self.calibration_ = self._calibrate(stretches, scale=scale, gates=gates, progress=progress)
        return self

    def _begin_with(self, networks: torch.nn.ModuleDict, folder: Path) -> str:
        """Put the weights of a model into new networks; give what tells the model from others."""
        before = type(self).load(folder, device="cpu")
        mine, theirs = networks.state_dict(), before.networks_.state_dict()
        if {k: v.shape for k, v in mine.items()} != {k: v.shape for k, v in theirs.items()}:
            raise ConfigError(
                "The model to begin with has other networks than these settings make; use the same streams, "
                f"widths and colour (streams={before.config.streams}, widths={before.config.widths}, "
                f"appearance_colour={before.config.appearance_colour}), or begin anew."
            )
        networks.load_state_dict(theirs)
        return artifacts.sha256_of(folder / artifacts.MODEL_FILE)

    def _calibrate(
        self,
        stretches: Sequence[material.Stretch],
        *,
        scale: float,
        gates: dict[str, float],
        progress: ProgressCallback,
    ) -> scoring.Calibration:
        frames = (self.config.uses_motion + self.config.uses_appearance) * sum(map(len, stretches))
        meter = Meter(progress, "calibrating", frames)
        judged = material.judged_frames(stretches)
        moving = looking = None
        if self.config.uses_motion:
            measured = []
            for stretch in stretches:
                rebuilt = self._rebuild_motion(
                    material.pieces(stretch.fields, meter), len(stretch), scale=scale
                )
                measured.append(motion.measure(rebuilt))
            moving = motion.Calibration.of(scale, measured, judged, perspective=self.config.perspective)
        if self.config.uses_appearance:
            strongest, error = [], []
            for stretch, chosen in zip(stretches, judged, strict=True):
                found = plain.measure(
                    self._rebuild_appearance(material.pieces(stretch.pictures, meter), len(stretch))
                )
                strongest.append(found.strongest[chosen])
                error.append(found.error[chosen])
            looking = plain.Scale.of(
                np.concatenate(strongest), np.concatenate(error), least_spread=_LEAST_SPREAD
            )
        stays = [s.lingering[s.usual] for s in stretches if s.lingering is not None]
        return scoring.Calibration(
            motion=moving,
            appearance=looking,
            lingering=plain.Scale.of(np.concatenate(stays), least_spread=lingering.LEAST_SPREAD),
            gates=gates,
            without_things=material.without_things(stretches),
        )

    def _rebuild_motion(
        self, pieces: Iterator[NDArray], n_frames: int, *, scale: float
    ) -> Iterator[rebuilding.Rebuilt]:
        network = training.of(self.networks_, "motion")
        return rebuilding.rebuild(
            network,
            pieces,
            n_frames,
            units=lambda windows: windows / scale,
            look=motion.look,
            config=self.config,
            device=next(network.parameters()).device,
        )

    def _rebuild_appearance(
        self,
        pieces: Iterator[NDArray],
        n_frames: int,
        *,
        describe: rebuilding.Describe = rebuilding.of_bottleneck,
    ) -> Iterator[rebuilding.Rebuilt]:
        network = training.of(self.networks_, "appearance")
        return rebuilding.rebuild(
            network,
            pieces,
            n_frames,
            units=plain.units,
            look=plain.look,
            config=self.config,
            device=next(network.parameters()).device,
            describe=describe,
        )

    def _describing(self) -> rebuilding.Describe:
        clip = discriminator.clip_of(self.config, device=next(self.networks_.parameters()).device)
        if clip is not None and clip.fingerprint != self.clip_fingerprint_:
            raise ConfigError(
                f"This model was made with other weights of {self.config.discriminator_features} than those on this "
                "machine. Get the same ones, or make the model again."
            )
        return discriminator.describing(clip)

    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        if not hasattr(self, "networks_"):
            raise NotFitted("This detector has not learned what is usual yet; fit it on some footage first.")
        config, cache, describe = self.config, FieldCache.from_environment(), self._describing()
        meter = Meter(progress, "scoring", (1 + config.uses_motion + config.uses_appearance) * video.n_frames)
        with lingering.Samples(float(video.fps)) as samples, devices.repeatable():
            shots = find_shots(video, cache=cache, meter=meter, watch=samples.take)
            stays = lingering.measure(samples, shots, seconds=config.lingering_s)
            seen = scoring.Seen(
                starts=[start for start, _ in shots.spans],
                lingering=stays,
                motion=self._measure_motion(video, shots, cache, meter) if config.uses_motion else None,
                appearance=self._measure_appearance(video, shots, cache, meter, describe)
                if config.uses_appearance
                else None,
            )
        return scoring.judge(self._with_semantics(seen, shots), self.calibration_, config)

    def _measure_motion(
        self, video: Video, shots: Shots, cache: FieldCache | None, meter: Meter
    ) -> list[motion.Measured]:
        calibration, kinds = self.calibration_.motion, scoring.kinds_of(self.config)
        assert calibration is not None
        stream = fields(video, material.flow_settings(self.config), cache=cache, meter=meter)
        of_shots = by_shot(without_jumps(stream, shots), shots)
        return [
            motion.measure(
                self._rebuild_motion(pieces, stop - start, scale=calibration.scale),
                calibration=calibration,
                kinds=kinds,
            )
            for (start, stop), pieces in zip(shots.spans, of_shots, strict=True)
        ]

    def _measure_appearance(
        self,
        video: Video,
        shots: Shots,
        cache: FieldCache | None,
        meter: Meter,
        describe: rebuilding.Describe,
    ) -> list[plain.PlainMeasured]:
        stream = pictures(
            video,
            side=self.config.size,
            colour=self.config.appearance_colour == "rgb",
            cache=cache,
            meter=meter,
        )
        return [
            plain.measure(self._rebuild_appearance(pieces, stop - start, describe=describe))
            for (start, stop), pieces in zip(shots.spans, by_shot(stream, shots), strict=True)
        ]

    def _with_semantics(self, seen: scoring.Seen, shots: Shots) -> scoring.Seen:
        if self.discriminator_ is None or seen.appearance is None:
            return seen
        semantic = [
            discriminator.along(self.discriminator_.probabilities(shot.patterns), shot.starts, stop - start)
            for shot, (start, stop) in zip(seen.appearance, shots.spans, strict=True)
        ]
        return scoring.with_semantic(seen, semantic)

    def save(self, folder: Path | str) -> str:
        if not hasattr(self, "networks_"):
            raise NotFitted(
                "This detector has learned nothing yet, so there is nothing to save; fit it first."
            )
        arrays = {
            f"network.{name}": array for name, array in checkpoints.module_arrays(self.networks_).items()
        }
        if self.discriminator_ is not None:
            arrays |= {
                f"discriminator.{name}": array
                for name, array in checkpoints.module_arrays(self.discriminator_).items()
            }
        if self.clip_fingerprint_ is not None:
            arrays["clip"] = np.frombuffer(self.clip_fingerprint_.encode(), np.uint8)
        calibration = self.calibration_
        for name, part in (
            ("motion", calibration.motion),
            ("appearance", calibration.appearance),
            ("lingering", calibration.lingering),
        ):
            if part is not None:
                arrays[f"calibration.{name}"] = part.array()
        gates = [calibration.gates.get(name, np.nan) for name in _STREAMS]
        arrays["gates"] = np.nan_to_num(np.array(gates), nan=_UNKNOWN_GATE)
        arrays["without_things"] = np.array(calibration.without_things, np.float64)
        arrays["losses"] = np.array(self.losses_, np.float64)
        return artifacts.write_model(
            folder, detector=self.name, config=self.config, seed=self.seed, arrays=arrays
        )

    @classmethod
    def load(cls, folder: Path | str, *, device: Device = "auto") -> Self:
        model = artifacts.read_model(folder, detector=cls.name, config_class=PseudoAnomalyConfig)
        config = model.config
        assert isinstance(config, PseudoAnomalyConfig)
        detector, where = cls(config, seed=model.seed, device=device), devices.resolve(device)
        networks = training.make_networks(config, seed=0)
        _restore(networks, model, "network")
        networks.to(where, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        detector.networks_ = networks.eval()
        detector.discriminator_ = detector.clip_fingerprint_ = None
        if config.discriminator:
            found = discriminator.Discriminator(discriminator.dimension(config))
            _restore(found, model, "discriminator")
            detector.discriminator_ = found.eval().to(where)
            if config.discriminator_features != "bottleneck":
                detector.clip_fingerprint_ = bytes(model.take("clip", shape=(16,))).decode("ascii", "replace")
        gates = model.take("gates", shape=(len(_STREAMS),))
        detector.calibration_ = scoring.Calibration(
            motion=motion.Calibration.from_array(model.take("calibration.motion", shape=(motion.LENGTH,)))
            if config.uses_motion
            else None,
            appearance=plain.Scale.from_array(model.take("calibration.appearance", shape=(plain.LENGTH,)))
            if config.uses_appearance
            else None,
            lingering=plain.Scale.from_array(model.take("calibration.lingering", shape=(plain.LENGTH,))),
            gates={
                name: float(value)
                for name, value in zip(_STREAMS, gates, strict=True)
                if value != _UNKNOWN_GATE
            },
            without_things=bool(model.take("without_things", shape=())),
        )
        detector.losses_ = model.take("losses", shape=(config.epochs,)).tolist()
        return detector


def _restore(module: torch.nn.Module, model: artifacts.Model, prefix: str) -> None:
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    checkpoints.restore_module(
        module, {name: model.take(f"{prefix}.{name}", shape=shape) for name, shape in shapes.items()}
    )
