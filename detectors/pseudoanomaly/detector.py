"""The pseudo-anomaly autoencoder as a detector."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from detectors import artifacts, checkpoints
from detectors import device as devices
from detectors.base import (
    ABNORMAL,
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
from detectors.field_cache import FieldCache
from detectors.flow import CHUNK, fields
from detectors.pseudoanomaly import scoring, training
from detectors.pseudoanomaly.config import PseudoAnomalyConfig


class PseudoAnomaly(Detector):
    """Rai et al. 2024, temporal stream: see README.md for what of the paper is here.

    After `fit`: network_, calibration_ (scales of usual footage) and losses_ (mean loss of each epoch).
    """

    name = "pseudoanomaly"
    config: PseudoAnomalyConfig

    def fit(
        self,
        videos: Sequence[Video],
        *,
        supervision: Supervision | None = None,
        progress: ProgressCallback = ignore,
        checkpoint: Path | str | None = None,
    ) -> Self:
        if not videos:
            raise ConfigError("There is no footage to learn from; give at least one video.")
        where = devices.resolve(self.device)
        stretches = training.gather(
            videos,
            self.config,
            supervision=supervision,
            cache=FieldCache.from_environment(),
            progress=progress,
        )
        scale = training.speed_scale(stretches)
        network = training.make_network(self.config, seed=self.seed)
        with devices.repeatable():
            losses = training.train(
                network,
                training.Sampler(stretches, self.config, scale=scale, seed=self.seed),
                self.config,
                device=where,
                progress=progress,
                checkpoint=None if checkpoint is None else Path(checkpoint),
                fingerprint=artifacts.fingerprint(
                    self.config, seed=self.seed, device=where.type, videos=videos, supervision=supervision
                ),
            )
            self.network_ = network.eval()
            self.calibration_ = self._calibrate(stretches, scale=scale, progress=progress)
        self.losses_ = losses
        return self

    def _calibrate(
        self, stretches: Sequence[training.Stretch], *, scale: float, progress: ProgressCallback
    ) -> scoring.Calibration:
        meter = Meter(progress, "calibrating", sum(len(stretch.fields) for stretch in stretches))
        measured = []
        for stretch in stretches:
            pieces = (stretch.fields[first : first + CHUNK] for first in range(0, len(stretch.fields), CHUNK))
            measured.append(scoring.measure(self._rebuild(pieces, len(stretch.fields), scale=scale)))
            meter.advance(len(stretch.fields))
        return scoring.Calibration.of(
            scale,
            measured,
            [stretch.labels != ABNORMAL for stretch in stretches],
            perspective=self.config.perspective,
        )

    def _rebuild(self, pieces, n_frames: int, *, scale: float):
        return scoring.rebuild(
            self.network_,
            pieces,
            n_frames,
            scale=scale,
            stride=self.config.scoring_stride,
            device=next(self.network_.parameters()).device,
        )

    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        if not hasattr(self, "network_"):
            raise NotFitted("This detector has not learned what is usual yet; fit it on some footage first.")
        calibration = self.calibration_
        meter = Meter(progress, "scoring", video.n_frames)
        motion = fields(
            video,
            training.flow_settings(self.config),
            cache=FieldCache.from_environment(),
            meter=meter,
        )
        with devices.repeatable():
            rebuilt = self._rebuild((piece for _, piece in motion), video.n_frames, scale=calibration.scale)
            measured = scoring.measure(rebuilt, calibration=calibration, kinds=scoring.kinds_of(self.config))
        return scoring.judge(measured, calibration, self.config)

    def save(self, folder: Path | str) -> str:
        if not hasattr(self, "network_"):
            raise NotFitted(
                "This detector has learned nothing yet, so there is nothing to save; fit it first."
            )
        arrays = {
            f"network.{name}": array for name, array in checkpoints.module_arrays(self.network_).items()
        }
        arrays["calibration"] = self.calibration_.array()
        arrays["losses"] = np.array(self.losses_, np.float64)
        return artifacts.write_model(
            folder, detector=self.name, config=self.config, seed=self.seed, arrays=arrays
        )

    @classmethod
    def load(cls, folder: Path | str, *, device: Device = "auto") -> Self:
        model = artifacts.read_model(folder, detector=cls.name, config_class=PseudoAnomalyConfig)
        assert isinstance(model.config, PseudoAnomalyConfig)
        detector = cls(model.config, seed=model.seed, device=device)
        network = training.make_network(model.config, seed=0)
        shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        checkpoints.restore_module(
            network, {name: model.take(f"network.{name}", shape=shape) for name, shape in shapes.items()}
        )
        detector.network_ = network.eval().to(devices.resolve(device))
        detector.calibration_ = scoring.Calibration.from_array(
            model.take("calibration", shape=(scoring.LENGTH,))
        )
        detector.losses_ = model.take("losses", shape=(model.config.epochs,)).tolist()
        return detector
