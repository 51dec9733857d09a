"""k-diffusion on clip features as a detector."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors import artifacts, checkpoints, segments
from detectors import device as devices
from detectors.base import (
    ConfigError,
    Detector,
    Device,
    Heatmaps,
    Meter,
    NotFitted,
    Patterns,
    ProgressCallback,
    Supervision,
    Track,
    Video,
    VideoScores,
    ignore,
)
from detectors.features import clips
from detectors.features.clips import LENGTH, ClipEncoder, Floats
from detectors.features.footage import SPEED, FootageEncoder
from detectors.field_cache import FieldCache
from detectors.kdiffusion import scoring, training
from detectors.kdiffusion.config import KDiffusionConfig
from detectors.kdiffusion.network import Denoiser
from detectors.kdiffusion.space import Space
from detectors.windows import time_means

# what must be the same for the weights of one model to mean something in another
NETWORK_SETTINGS = (
    "encoder", "unit", "picture", "picture_side", "flow_preset", "flow_long_side", "scaling", "feature_scale",
    "widths", "film",
)  # fmt: skip

_CALIBRATION_CLIPS = 1024
_CLIPS_AT_ONCE = 64


class KDiffusion(Detector):
    """Tur et al. 2023: see README.md for what of the paper is here.

    After `fit`: network_ (averaged weights), noise_ (the shared noise vectors), space_ (units of the
    features), mean_map_ (usual features of each cell), calibration_ (usual scores) and losses_.
    """

    name = "kdiffusion"
    config: KDiffusionConfig
    network_: Denoiser
    space_: Space

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

        warm_start: folder of a model of this detector to begin from: its averaged weights, and the units that they
        were learned in. Raises ConfigError if the settings make another network than that model's.
        """
        if not videos:
            raise ConfigError("There is no footage to learn from; give at least one video.")
        where, encoder = devices.resolve(self.device), self._encoder()
        before = None if warm_start is None else self._before(warm_start, encoder)
        with devices.repeatable():
            found = training.gather(
                videos,
                encoder,
                self.config,
                supervision=supervision,
                cache=FieldCache.from_environment(),
                progress=progress,
            )
            rows = found.rows(self.config.unit)
            space = Space.of(rows, self.config) if before is None else before.space_
            fingerprint = artifacts.fingerprint(
                self.config, seed=self.seed, device=where.type, videos=videos, supervision=supervision
            )
            network = training.make_network(encoder.dimension, self.config, seed=self.seed)
            if before is not None:
                assert warm_start is not None
                network.load_state_dict(before.network_.state_dict())
                fingerprint += f"-{artifacts.sha256_of(Path(warm_start) / artifacts.MODEL_FILE)}"
            network, losses = training.train(
                network,
                space.enter(rows),
                self.config,
                sigma_data=space.sigma_data,
                seed=self.seed,
                device=where,
                progress=progress,
                checkpoint=None if checkpoint is None else Path(checkpoint),
                fingerprint=f"{fingerprint}-{encoder.fingerprint}",
            )
            self.network_, self.space_, self.losses_ = network, space, losses
            self.noise_ = scoring.draw_noise(encoder.dimension, self.config, seed=self.seed)
            self.mean_map_ = found.cells.mean(0, dtype=np.float64).astype(np.float32)
            self.encoder_fingerprint_ = encoder.fingerprint
            self._calibrate(found.cells, progress=progress)
        return self

    def _before(self, folder: Path | str, encoder: ClipEncoder) -> Self:
        """Load the model to begin from. Raises ConfigError if its network is not the one of these settings."""
        before = self.load(folder, device="cpu")
        for name in NETWORK_SETTINGS:
            theirs, ours = getattr(before.config, name), getattr(self.config, name)
            if theirs != ours:
                raise ConfigError(
                    f"Training cannot begin from that model: it has {name} = {theirs}, these settings have {ours}. Use "
                    "its settings, or train from the start."
                )
        if before.encoder_fingerprint_ != encoder.fingerprint:
            raise ConfigError(
                f"Training cannot begin from that model: it was made with other weights or another version of the "
                f"encoder {self.config.encoder}. Train from the start."
            )
        return before

    def _calibrate(self, cells: Floats, *, progress: ProgressCallback) -> None:
        rebuilder = self._rebuilder()
        if rebuilder.sigma < self.space_.sigma_data:
            warnings.warn(
                f"Sampling starts at noise {rebuilder.sigma:.2g}, below the spread of the features "
                f"({self.space_.sigma_data:.2g}): scores may rank usual clips above unusual ones.",
                stacklevel=3,
            )
        oblique = (
            self.config.region_norm == "auto"
            and self.config.encoder == "footage"
            and scoring.looks_along(cells)
        )
        chosen = cells[
            np.linspace(0, len(cells) - 1, min(len(cells), _CALIBRATION_CLIPS)).round().astype(int)
        ]
        meter = Meter(progress, "calibrating", len(chosen))
        rebuilt = []
        for first in range(0, len(chosen), _CLIPS_AT_ONCE):
            rebuilt.append(rebuilder.rebuild(chosen[first : first + _CLIPS_AT_ONCE]))
            meter.advance(len(rebuilt[-1].regions))
        self.calibration_ = scoring.calibrate(
            np.concatenate([part.regions for part in rebuilt]), self.config, oblique=oblique
        )
        parts = zip(rebuilt, range(0, len(chosen), _CLIPS_AT_ONCE), strict=True)
        heat = [self._heat(part, chosen[first : first + _CLIPS_AT_ONCE]) for part, first in parts]
        self.calibration_ = scoring.with_heat(self.calibration_, np.concatenate(heat))

    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        if not hasattr(self, "network_"):
            raise NotFitted("This detector has not learned what is usual yet; fit it on some footage first.")
        speeds: list[Floats] = []
        encoder = self._encoder(watch=lambda found: speeds.append(found[..., SPEED]))
        if self.config.encoder != "footage" and encoder.fingerprint != self.encoder_fingerprint_:
            raise ConfigError(
                f"This model was made with other weights of {self.config.encoder} than those on this machine. Get "
                "the same ones, or make the model again."
            )
        meter = Meter(progress, "scoring", video.n_frames)
        rebuilder = self._rebuilder()
        starts, rebuilt, heat, norms = [], [], [], []
        with devices.repeatable():
            for places, cells in clips.encoded(
                encoder,
                video,
                stride=self.config.scoring_stride,
                cache=FieldCache.from_environment(),
                meter=meter,
            ):
                training.check_finite(cells, video)
                part = rebuilder.rebuild(cells)
                heat.append(self._draw(self._heat(part, cells)))
                norms.append(np.square(self.space_.enter(training.units(cells, self.config.unit))).mean(2))
                starts.append(places)
                rebuilt.append(part)
        return self._judge(
            video,
            np.concatenate(starts),
            regions=np.concatenate([part.regions for part in rebuilt]),
            norms=np.concatenate(norms),
            patterns=(
                np.concatenate([part.actual for part in rebuilt]),
                np.concatenate([part.reconstructions for part in rebuilt]),
            ),
            heat=np.concatenate(heat),
            speeds=speeds,
            region=encoder.region(video),
        )

    def _judge(
        self,
        video: Video,
        starts: NDArray[np.int64],
        *,
        regions: Floats,
        norms: Floats,
        patterns: tuple[Floats, Floats],
        heat: NDArray[np.uint8],
        speeds: list[Floats],
        region: tuple[float, float, float, float],
    ) -> VideoScores:
        config, count, n_frames = self.config, self.config.top_regions, video.n_frames
        of_clips = scoring.strangest(self.calibration_.normed(regions), count)
        over = of_clips > scoring.thresholds(of_clips, self.calibration_, config, seed=self.seed)
        frames = scoring.over_frames(of_clips, starts, n_frames)
        if config.smoothing:
            frames = segments.smooth(frames, sigma_frames=config.smoothing).astype(np.float32)
        tracks = {
            "reconstruction_error": scoring.over_frames(
                scoring.strangest(regions.astype(np.float64), count), starts, n_frames
            ),
            "feature_distance": scoring.over_frames(
                scoring.strangest(norms.astype(np.float64), count), starts, n_frames
            ),
            "over_threshold": scoring.over_frames(over.astype(np.float64), starts, n_frames),
        }
        if speeds:
            means = time_means(speeds, LENGTH)
            tracks["motion_strongest_cell"] = np.concatenate([piece.max((1, 2)) for piece in speeds])
            tracks["motion_mean"] = np.concatenate([piece.mean((1, 2)) for piece in speeds])
            tracks["motion_time_mean_16"] = np.concatenate([piece.max((1, 2)) for piece in means])
        actual, reconstructions = patterns
        return VideoScores(
            frames=frames,
            tracks={name: Track(values.astype(np.float32)) for name, values in tracks.items()},
            heatmaps=Heatmaps(
                values=heat,
                frames=np.minimum(starts + LENGTH // 2, n_frames - 1),
                low=0.0,
                high=self.calibration_.high,
                region=region,
            ),
            patterns=Patterns(actual=actual, starts=starts, length=LENGTH, generated=reconstructions),
        )

    def _heat(self, rebuilt: scoring.Rebuilt, cells: Floats) -> Floats:
        return scoring.heat_of(
            rebuilt,
            cells,
            self.mean_map_,
            self.config,
            space=self.space_,
            calibration=self.calibration_,
        )

    def _draw(self, heat: Floats) -> NDArray[np.uint8]:
        return np.clip(np.rint(heat * (255 / self.calibration_.high)), 0, 255).astype(np.uint8)

    def _rebuilder(self) -> scoring.Rebuilder:
        return scoring.Rebuilder(self.network_, self.space_, self.config, noise=self.noise_, seed=self.seed)

    def _encoder(self, watch: Callable[[Floats], None] | None = None) -> ClipEncoder:
        config = self.config
        if config.encoder == "footage":
            return FootageEncoder(
                flow_preset=config.flow_preset, flow_long_side=config.flow_long_side, watch=watch
            )
        from detectors.features.pretrained import PretrainedEncoder

        kept: PretrainedEncoder | None = getattr(self, "_pretrained", None)
        if kept is None:
            kept = self._pretrained = PretrainedEncoder(
                config.encoder,
                fit=config.picture,
                side=config.picture_side,
                device=devices.resolve(self.device),
            )
        return kept

    def save(self, folder: Path | str) -> str:
        if not hasattr(self, "network_"):
            raise NotFitted(
                "This detector has learned nothing yet, so there is nothing to save; fit it first."
            )
        arrays: dict[str, NDArray[np.generic]] = {
            f"network.{name}": array for name, array in checkpoints.module_arrays(self.network_).items()
        }
        arrays |= {f"space.{name}": array for name, array in self.space_.arrays().items()}
        arrays |= {
            "noise": self.noise_,
            "mean_map": self.mean_map_,
            "calibration": self.calibration_.array(),
            "losses": np.array(self.losses_, np.float64),
            "encoder": np.frombuffer(self.encoder_fingerprint_.encode(), np.uint8),
        }
        return artifacts.write_model(
            folder, detector=self.name, config=self.config, seed=self.seed, arrays=arrays
        )

    @classmethod
    def load(cls, folder: Path | str, *, device: Device = "auto") -> Self:
        model = artifacts.read_model(folder, detector=cls.name, config_class=KDiffusionConfig)
        config = model.config
        assert isinstance(config, KDiffusionConfig)
        mean_map = model.arrays.get("mean_map", np.empty(0))
        if mean_map.ndim != 3:
            raise ConfigError("The model file does not hold the usual features; make the model again.")
        rows, columns, width = mean_map.shape
        regions = rows * columns if config.unit == "regions" else 1
        detector = cls(config, seed=model.seed, device=device)
        network = training.make_network(width, config, seed=0)
        shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        checkpoints.restore_module(
            network, {name: model.take(f"network.{name}", shape=shape) for name, shape in shapes.items()}
        )
        space: dict[str, tuple[int, ...]] = {"centre": (width,), "units": (2,)}
        if config.scaling == "global":
            space["axes"] = (width, width)
        detector.network_ = network.eval().to(devices.resolve(device))
        detector.space_ = Space.from_arrays(
            {name: model.take(f"space.{name}", shape=shape) for name, shape in space.items()}
        )
        detector.noise_ = model.take("noise", shape=(config.noise_vectors, width))
        detector.mean_map_ = model.take("mean_map", shape=(rows, columns, width))
        detector.calibration_ = scoring.Calibration.from_array(
            model.take("calibration", shape=(4 + 2 * regions,))
        )
        detector.losses_ = model.take("losses", shape=(config.epochs,)).tolist()
        detector.encoder_fingerprint_ = bytes(model.take("encoder", shape=(16,))).decode("ascii", "replace")
        return detector
