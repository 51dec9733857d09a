"""The bank: windows of the training footage, their features, and their labels in each round.

The features come from a frozen encoder, so neighbours stay the same in all rounds; what is renewed in each round are
the probabilities, which the averaged (momentum) network gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.artifacts import Model
from detectors.base import ConfigError, Refinement, Video
from detectors.diffvad import refinement
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.footage import Places, Windows
from detectors.diffvad.refinement import Floats, Labels, Neighbours, Verdicts


@dataclass(frozen=True, slots=True)
class Round:
    """What a round made of the B windows: see `detectors.base.Refinement`; threshold is float32 (B,) here.

    level: float64 (cameras + 1, 2), mean and deviation of the distances of each camera, and of all.
    """

    distance: Floats
    threshold: Floats
    raw: Labels
    probability: Floats
    vote: Floats
    refined: Labels
    weight: Floats
    level: NDArray[np.float64]


_OF_WINDOWS = [name for name in (part.name for part in fields(Round)) if name != "level"]


@dataclass(slots=True)
class Bank:
    """B windows of V videos.

    names, hashes: of the videos. rates: float64 (V,), frames a second. cameras: int64 (cameras, 2), height and width,
    and camera: int32 (V,), places in it. video: int32 (B,). first: int64 (B,), first future frame.
    features: float32 (B, d), of length 1.
    """

    names: tuple[str, ...]
    hashes: tuple[str, ...]
    rates: NDArray[np.float64]
    cameras: NDArray[np.int64]
    camera: NDArray[np.int32]
    video: NDArray[np.int32]
    first: Places
    features: Floats
    verdicts: Verdicts
    neighbours: Neighbours
    rounds: list[Round] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        videos: Sequence[Video],
        windows: Windows,
        features: Floats,
        verdicts: Verdicts,
        config: DiffVADConfig,
    ) -> Bank:
        """Put windows into a bank and find their neighbours."""
        sizes = [(video.height, video.width) for video in videos]
        cameras = sorted(set(sizes))
        rates = np.array([float(video.fps) for video in videos])
        features = features.astype(np.float16).astype(np.float32)  # as the model file keeps them
        seconds = windows.first / rates[windows.video]
        return cls(
            names=tuple(video.name for video in videos),
            hashes=tuple(video.sha256 for video in videos),
            rates=rates,
            cameras=np.array(cameras, np.int64),
            camera=np.array([cameras.index(size) for size in sizes], np.int32),
            video=windows.video,
            first=windows.first,
            features=features,
            verdicts=verdicts,
            neighbours=refinement.nearest(
                features,
                features,
                seconds=(seconds, seconds),
                video=(windows.video, windows.video),
                config=config,
            ),
        )

    def label(self, distance: Floats, config: DiffVADConfig, *, seed: int) -> Round:
        """Make the labels of a round from the distances of all windows, and keep them."""
        level = refinement.levels(distance, self.camera[self.video], config)
        of_windows = level[self.camera[self.video]]
        if config.threshold_over == "batch":
            of_windows = refinement.batch_levels(distance, config, seed=seed + len(self.rounds))
        threshold = refinement.threshold(of_windows, config)
        probability = self.verdicts.hold(refinement.probability(distance, of_windows, config))
        vote = refinement.vote(probability, self.neighbours, probability, self.verdicts.clamped, config)
        weight = self.verdicts.weigh(refinement.weight(refinement.entropy(vote)))
        made = Round(
            distance=distance,
            threshold=threshold,
            raw=(distance >= threshold).astype(np.int8),
            probability=probability,
            vote=vote,
            refined=self.verdicts.label(refinement.refined(vote)),
            weight=np.ones_like(weight) if config.mode == "one_class" else weight,
            level=level,
        )
        self.rounds.append(made)
        return made

    def history_of(self, video: Video, config: DiffVADConfig) -> Refinement | None:
        """Give the rounds of a video that was in training, or None."""
        rows = np.flatnonzero(self.video == self._number(video))
        if not len(rows):
            return None
        stacked = {
            name: np.stack([getattr(made, name)[rows] for made in self.rounds]) for name in _OF_WINDOWS
        }
        count = len(self.rounds)
        return Refinement(
            starts=self.first[rows] - config.history,
            length=config.length,
            entropy=refinement.entropy(stacked["vote"]),
            threshold=stacked.pop("threshold").mean(1),
            neighbours=np.repeat(self.neighbours.places[None, rows], count, axis=0),
            similarity=np.repeat(self.neighbours.similarity[None, rows], count, axis=0),
            clamped=self.verdicts.clamped[rows],
            disputed=self.verdicts.disputed[rows],
            **(self._places(config) | stacked),
        )

    def ask(
        self, video: Video, first: Places, features: Floats, distance: Floats, config: DiffVADConfig
    ) -> Refinement:
        """Let the bank vote on windows (Q,) of any video; what people decided on them in training holds."""
        number = self._number(video)
        rate = float(video.fps) if number < 0 else self.rates[number]
        found = refinement.nearest(
            features,
            self.features,
            seconds=(first / rate, self.first / self.rates[self.video]),
            video=(np.full(len(first), number, np.int32), self.video),
            config=config,
        )
        level = self.level_of(video)
        threshold = refinement.threshold(level, config)
        verdicts = self._verdicts(number, first)
        probability = verdicts.hold(refinement.probability(distance, level, config))
        vote = refinement.vote(probability, found, self.rounds[-1].probability, self.verdicts.clamped, config)
        entropy = refinement.entropy(vote)
        return Refinement(
            starts=first - config.history,
            length=config.length,
            raw=(distance >= threshold).astype(np.int8)[None],
            refined=verdicts.label(refinement.refined(vote))[None],
            distance=distance[None],
            threshold=threshold[None],
            probability=probability[None],
            vote=vote[None],
            entropy=entropy[None],
            weight=verdicts.weigh(refinement.weight(entropy))[None],
            neighbours=found.places[None],
            similarity=found.similarity[None],
            clamped=verdicts.clamped,
            disputed=verdicts.disputed,
            **self._places(config),
        )

    def level_of(self, video: Video) -> NDArray[np.float64]:
        """Give mean and deviation of the last distances of a video's camera; of all if it is a new camera."""
        same = (self.cameras == (video.height, video.width)).all(1)
        return self.rounds[-1].level[int(same.argmax()) if same.any() else -1]

    def _number(self, video: Video) -> int:
        """Find a video of the training footage by name and content: its place, or -1."""
        for number, (name, sha256) in enumerate(zip(self.names, self.hashes, strict=True)):
            if name == video.name and sha256 == video.sha256:
                return number
        return -1

    def _verdicts(self, number: int, first: Places) -> Verdicts:
        found = Verdicts.none(len(first))
        rows = np.flatnonzero(self.video == number)
        row_of = {int(frame): row for row, frame in zip(rows, self.first[rows], strict=True)}
        for place, frame in enumerate(first.tolist()):
            if (row := row_of.get(frame)) is not None:
                found.clamped[place] = self.verdicts.clamped[row]
                found.disputed[place] = self.verdicts.disputed[row]
        return found

    def _places(self, config: DiffVADConfig) -> dict[str, Any]:
        return {
            "bank_videos": self.names,
            "bank_video": self.video,
            "bank_starts": self.first - config.history,
        }

    def round_arrays(self) -> dict[str, NDArray[Any]]:
        """Give all rounds by name."""
        return {
            f"{number}.{part.name}": getattr(made, part.name)
            for number, made in enumerate(self.rounds)
            for part in fields(Round)
        }

    def restore_rounds(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Put back what `round_arrays` gave."""
        count = len(arrays) // len(fields(Round))
        self.rounds = [
            Round(**{part.name: arrays[f"{number}.{part.name}"] for part in fields(Round)})
            for number in range(count)
        ]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give everything by name."""
        videos = json.dumps({"names": self.names, "hashes": self.hashes})
        kept: dict[str, NDArray[Any]] = {
            "videos": np.frombuffer(videos.encode(), np.uint8),
            "rates": self.rates,
            "cameras": self.cameras,
            "camera": self.camera,
            "video": self.video,
            "first": self.first,
            "features": self.features.astype(np.float16),
            "clamped": self.verdicts.clamped,
            "disputed": self.verdicts.disputed,
            "neighbours": self.neighbours.places,
            "similarity": self.neighbours.similarity,
        }
        return kept | {f"round.{name}": array for name, array in self.round_arrays().items()}

    @classmethod
    def from_model(cls, model: Model, config: DiffVADConfig) -> Bank:
        """Read a bank from a model. Raises ConfigError if its parts do not fit each other."""
        arrays = model.arrays
        try:
            videos = json.loads(bytes(arrays["bank.videos"]).decode())
            names, hashes = tuple(map(str, videos["names"])), tuple(map(str, videos["hashes"]))
            count, cameras = len(arrays["bank.first"]), len(arrays["bank.cameras"])
        except (KeyError, ValueError, TypeError, UnicodeDecodeError):
            raise ConfigError(
                "The model file does not hold its bank of windows; make the model again."
            ) from None

        def take(name: str, *shape: int) -> NDArray[Any]:
            return model.take(f"bank.{name}", shape=shape)

        neighbours = Neighbours(
            take("neighbours", count, config.neighbours), take("similarity", count, config.neighbours)
        )
        found = cls(
            names=names,
            hashes=hashes,
            rates=take("rates", len(names)),
            cameras=take("cameras", cameras, 2),
            camera=take("camera", len(names)),
            video=take("video", count),
            first=take("first", count),
            features=take("features", count, config.feature_size).astype(np.float32),
            verdicts=Verdicts(take("clamped", count), take("disputed", count)),
            neighbours=neighbours,
        )
        parts = dict.fromkeys(_OF_WINDOWS, (count,)) | {"level": (cameras + 1, 2)}
        rounds = range(1 if config.mode == "one_class" else config.rounds + 1)
        found.rounds = [
            Round(**{name: take(f"round.{number}.{name}", *shape) for name, shape in parts.items()})
            for number in rounds
        ]
        places = (found.video, found.camera[found.video], neighbours.places)
        for indices, most in zip(places, (len(names), cameras, count), strict=True):
            if indices.min() < -1 or indices.max() >= most:
                raise ConfigError("The model file's bank points at windows that it does not have.")
        return found
