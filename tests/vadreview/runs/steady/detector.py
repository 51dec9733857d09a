"""The test detector: keeps the contract of `detectors.base`, checkpoints and all."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from detectors import artifacts
from detectors.base import (
    ConfigError,
    Detector,
    Heatmaps,
    MissingWeights,
    Progress,
    ProgressCallback,
    Supervision,
    Track,
    Video,
    VideoScores,
    ignore,
)
from tests.vadreview.runs.steady import NAME, insight
from tests.vadreview.runs.steady.config import SteadyConfig

STEPS = 4
TROUBLE = {
    "config": ConfigError("size must be 32 or more, got 1."),
    "weights": MissingWeights("The file encoder.safetensors is missing; see “python -m detectors weights”."),
    "bug": KeyError("a detail that only programmers understand"),
    "memory": MemoryError(),
}


class Steady(Detector):
    """`trained_by_` is the process id that trained each epoch."""

    name = NAME
    config: SteadyConfig

    def fit(
        self,
        videos: Sequence[Video],
        *,
        supervision: Supervision | None = None,
        progress: ProgressCallback = ignore,
        checkpoint: Path | str | None = None,
        warm_start: Path | str | None = None,
    ) -> Self:
        if self.config.trouble:
            raise TROUBLE[self.config.trouble]
        mark = artifacts.fingerprint(
            self.config, seed=self.seed, device="cpu", videos=videos, supervision=supervision
        )
        kept = artifacts.read_checkpoint(checkpoint, fingerprint=mark) if checkpoint else None
        self.trained_by_: list[int] = kept[1]["trained_by"] if kept else []
        total = STEPS * self.config.epochs
        for epoch in range(len(self.trained_by_), self.config.epochs):
            for step in range(STEPS):
                time.sleep(self.config.step_s)
                loss = 1 / (epoch * STEPS + step + 1)
                progress(
                    Progress("training", epoch * STEPS + step + 1, total, {"epoch": epoch + 1, "loss": loss})
                )
            self.trained_by_.append(os.getpid())
            if checkpoint:
                artifacts.write_checkpoint(
                    checkpoint,
                    fingerprint=mark,
                    arrays={"nothing": np.zeros(1, np.float32)},
                    state={"trained_by": self.trained_by_},
                )
        return self

    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        brightness = []
        for picture in video.frames(gray=True):
            time.sleep(self.config.frame_s)
            brightness.append(picture[:, -16:].mean())  # the square of the clip arrives there at the end
            progress(Progress("scoring", len(brightness), video.n_frames))
        frames = np.array(brightness, np.float32)
        places = np.arange(0, len(frames), 4)
        return VideoScores(
            frames=frames,
            tracks={"half": Track(frames[::2], stride=2)},
            heatmaps=Heatmaps(
                values=np.full((len(places), 3, 4), 7, np.uint8), frames=places, low=0.0, high=255.0
            ),
            patterns=insight.patterns_of(frames),
            refinement=insight.refinement_of(frames, name=video.name),
            notes=("The light is steady.",),
        )

    def save(self, folder: Path | str) -> str:
        return artifacts.write_model(
            folder,
            detector=NAME,
            config=self.config,
            seed=self.seed,
            arrays={"trained_by": np.array(self.trained_by_, np.int64)},
        )

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "auto") -> Self:
        model = artifacts.read_model(folder, detector=NAME, config_class=SteadyConfig)
        made = cls(model.config, seed=model.seed)
        made.trained_by_ = model.arrays["trained_by"].tolist()
        return made
