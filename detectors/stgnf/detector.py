"""STG-NF as a detector."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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
from detectors.stgnf import scoring, training
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.frozen import Frozen
from detectors.stgnf.network import JOINTS, StgNfNetwork
from detectors.stgnf.people import people_in
from detectors.stgnf.segments import Segments, segments_of

_AT_ONCE = 512
_NETWORK = ("segment_length", "steps", "permutation", "hidden", "temporal_kernel")


class StgNf(Detector):
    """Hirschorn & Avidan 2023: see README.md for what of the paper is here.

    After `fit`: network_, calibration_ (scores of usual people; None for released weights), supervised_ and losses_
    (mean loss of each epoch, bits per dimension).
    """

    name = "stgnf"
    config: StgNfConfig
    calibration_: scoring.Calibration | None

    def fit(
        self,
        videos: Sequence[Video],
        *,
        supervision: Supervision | None = None,
        progress: ProgressCallback = ignore,
        checkpoint: Path | str | None = None,
        warm_start: Path | str | None = None,
    ) -> Self:
        """Learn from videos, as `Detector.fit` says.

        warm_start: the folder of a model whose weights training begins from. Raises ConfigError if it is of another
        network.
        """
        if not videos:
            raise ConfigError("There is no footage to learn from; give at least one video.")
        where = devices.resolve(self.device)
        poses = training.gather(videos, self.config, supervision=supervision, progress=progress)
        network = training.make_network(self.config, seed=self.seed, supervised=poses.supervised)
        if warm_start is not None:
            self._begin_from(network, warm_start)
        told = artifacts.fingerprint(
            self.config, seed=self.seed, device=where.type, videos=videos, supervision=supervision
        )
        begun = "" if warm_start is None else artifacts.sha256_of(Path(warm_start) / artifacts.MODEL_FILE)
        with devices.repeatable():
            losses = training.train(
                network,
                poses,
                self.config,
                seed=self.seed,
                fresh=warm_start is None,
                device=where,
                progress=progress,
                checkpoint=None if checkpoint is None else Path(checkpoint),
                fingerprint=hashlib.sha256(f"{told}\n{poses.digest()}\n{begun}".encode()).hexdigest(),
            )
            self._take(network)
            self.calibration_ = self._calibrate(poses.usual())
        self.supervised_ = poses.supervised
        self.losses_ = losses
        return self

    def _begin_from(self, network: StgNfNetwork, folder: Path | str) -> None:
        model = artifacts.read_model(folder, detector=self.name, config_class=StgNfConfig)
        for name in _NETWORK:
            there, here = getattr(model.config, name), getattr(self.config, name)
            if there != here:
                raise ConfigError(
                    f"The model to begin from has another network: its {name} is {there}, here it is {here}. Begin from "
                    "another model, or set it alike."
                )
        own = {
            name: value.clone() for name, value in network.state_dict().items() if name.startswith("prior_h")
        }
        checkpoints.restore_module(network, _weights(model, network))
        network.load_state_dict(own, strict=False)  # the means of the priors are settings, not learned

    def _take(self, network: StgNfNetwork) -> None:
        self.network_ = network.eval()
        self._frozen = Frozen(network)

    def _calibrate(self, usual: NDArray[np.float32]) -> scoring.Calibration:
        bits = [
            self._frozen.bits(np.ascontiguousarray(usual[:, :, first : first + _AT_ONCE]))[0]
            for first in range(0, usual.shape[2], _AT_ONCE)
        ]
        return scoring.Calibration.of(np.concatenate(bits))

    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        self._need_network("This detector has not learned what is usual yet; fit it on some footage first.")
        n_frames = video.n_frames
        meter = Meter(progress, "scoring", n_frames)
        # judging people takes next to nothing beside finding them
        people = people_in(video, self.config, progress=meter.within(n_frames - n_frames // 10))
        cut = training.cut_of(self.config, stride=self.config.scoring_stride)
        with devices.repeatable():
            measured = scoring.measure(
                self._frozen, segments_of(people, cut, at_once=_AT_ONCE), length=cut.length, meter=meter
            )
        scores = scoring.judge(
            measured,
            people,
            self.config,
            calibration=self.calibration_,
            n_frames=n_frames,
            size=(video.height, video.width),
        )
        meter.advance(n_frames)
        return scores

    def log_likelihood(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the log-likelihood of normalised segments under the prior of normal poses, in bits per dimension, (N,).

        x: float32 (N, 2, T, 18), x and y of the joints of OpenPose with neck. Higher is more usual. Raises NotFitted, or
        ConfigError on another shape or numbers that are not finite.
        """
        self._need_network("This detector has no weights yet; fit it, or read some by from_reference.")
        x = np.asarray(x, np.float32)
        wanted = (2, self.config.segment_length, JOINTS)
        if x.ndim != 4 or x.shape[1:] != wanted:
            raise ConfigError(f"Segments must have shape (N, {', '.join(map(str, wanted))}), got {x.shape}.")
        if not np.isfinite(x).all():
            raise ConfigError(
                "Some segments hold numbers that are not finite, such as those of a pose without a height; leave them out."
            )
        found = [
            self._frozen.bits(np.ascontiguousarray(x[first : first + _AT_ONCE].transpose(1, 3, 0, 2)))[0]
            for first in range(0, len(x), _AT_ONCE)
        ]
        return -np.concatenate(found) if found else np.empty(0, np.float32)

    def segment_scores(self, segments: Segments) -> NDArray[np.float32]:
        """Give the log-likelihood of segments as `segments_of` cuts them, (N,)."""
        self._need_network("This detector has no weights yet; fit it, or read some by from_reference.")
        return -self._frozen.bits(segments.planes)[0]

    def _need_network(self, sentence: str) -> None:
        if not hasattr(self, "network_"):
            raise NotFitted(sentence)

    def save(self, folder: Path | str) -> str:
        self._need_network(
            "This detector has learned nothing yet, so there is nothing to save; fit it first."
        )
        arrays = {
            f"network.{name}": array for name, array in checkpoints.module_arrays(self.network_).items()
        }
        arrays["supervised"] = np.array(self.supervised_, np.uint8)
        arrays["losses"] = np.array(self.losses_, np.float64)
        if self.calibration_ is not None:
            arrays["calibration"] = self.calibration_.array()
        return artifacts.write_model(
            folder, detector=self.name, config=self.config, seed=self.seed, arrays=arrays
        )

    @classmethod
    def load(cls, folder: Path | str, *, device: Device = "auto") -> Self:
        model = artifacts.read_model(folder, detector=cls.name, config_class=StgNfConfig)
        assert isinstance(model.config, StgNfConfig)
        supervised = bool(model.take("supervised", shape=()))
        network = training.make_network(model.config, seed=0, supervised=supervised)
        checkpoints.restore_module(network, _weights(model, network))
        losses = model.arrays.get("losses", np.empty(0))
        calibration = None
        if "calibration" in model.arrays:
            calibration = scoring.Calibration.from_array(model.take("calibration", shape=(3,)))
        detector = cls(model.config, seed=model.seed, device=device)
        return detector.holding(
            network.to(devices.resolve(device)),
            supervised=supervised,
            calibration=calibration,
            losses=model.take("losses", shape=losses.shape).tolist(),
        )

    def holding(
        self,
        network: StgNfNetwork,
        *,
        supervised: bool,
        calibration: scoring.Calibration | None = None,
        losses: Sequence[float] = (),
    ) -> Self:
        """Take over a network that was trained elsewhere."""
        self._take(network)
        self.supervised_ = supervised
        self.calibration_ = calibration
        self.losses_ = list(losses)
        return self


def _weights(model: artifacts.Model, network: torch.nn.Module) -> dict[str, NDArray]:
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    return {name: model.take(f"network.{name}", shape=shape) for name, shape in shapes.items()}
