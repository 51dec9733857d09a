"""The contract every detector keeps. It imports no torch.

Higher scores are stranger. Frames are 0-based frames of the source; spans are half-open [start, stop).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detectors.phases import Phase
from detectors.video import UnreadableVideo, Video

__all__ = [
    "ABNORMAL",
    "LEFT_OUT",
    "NORMAL",
    "UNKNOWN",
    "UNUSUAL",
    "About",
    "Cancelled",
    "Config",
    "ConfigError",
    "Cost",
    "Detector",
    "DetectorError",
    "Device",
    "Heatmaps",
    "Meter",
    "MissingWeights",
    "NotFitted",
    "Patterns",
    "Person",
    "Phase",
    "Preset",
    "Progress",
    "ProgressCallback",
    "Refinement",
    "Supervision",
    "Track",
    "UnreadableVideo",
    "Video",
    "VideoScores",
    "ignore",
    "setting",
]

UNKNOWN, NORMAL, ABNORMAL = -1, 0, 1
LEFT_OUT = -2  # nobody decided, and unlike the rest of the footage it may not be taken for usual
UNUSUAL = (ABNORMAL, LEFT_OUT)

Device = Literal["auto", "cpu", "cuda"]


class DetectorError(Exception):
    """What can go wrong in a detector, said in sentences a person can act on.

    The other error of the contract, UnreadableVideo, comes from `detectors.video`.
    """


class ConfigError(DetectorError):
    """A setting, a name or a combination of inputs is not allowed."""


class NotFitted(DetectorError):
    """The detector was asked for scores before it had learned what is usual."""


class MissingWeights(DetectorError):
    """A pretrained file that the settings ask for is not there."""


class Cancelled(DetectorError):
    """Somebody asked for the work to stop; raised by a progress callback."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` units of `phase`, with what has been measured so far."""

    phase: str
    done: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)


ProgressCallback = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Do nothing with a progress report."""


class Meter:
    """Counts the units of one phase and reports them; `advance` raises what the callback raises."""

    def __init__(self, progress: ProgressCallback, phase: str, total: int) -> None:
        self._progress = progress
        self.phase = phase
        self.total = total
        self.done = 0

    def advance(self, units: int = 1, **metrics: float) -> None:
        self.done = min(self.done + units, self.total)
        self._progress(Progress(self.phase, self.done, self.total, metrics))

    def within(self, units: int) -> ProgressCallback:
        """Give a callback for work that is `units` of this phase, whatever it counts in itself."""
        before = self.done

        def report(part: Progress) -> None:
            share = min(part.done / part.total, 1.0) if part.total > 0 else 1.0
            self.done = min(before + round(units * share), self.total)
            self._progress(Progress(self.phase, self.done, self.total, part.metrics))

        return report


class Config(BaseModel):
    """What a detector can be told: every field typed, bounded and described with its place in the paper."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Make a config from plain values. Raises ConfigError naming each bad field and what it accepts."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(_sentence(cls, error)) from None


def _sentence(config: type[Config], error: ValidationError) -> str:
    problems = []
    for issue in error.errors(include_url=False):
        name = ".".join(map(str, issue["loc"]))
        if issue["type"] == "extra_forbidden":
            problems.append(
                f"there is no setting {name!r}; the settings are {', '.join(config.model_fields)}"
            )
        elif name:
            problems.append(f"{name}: {issue['msg'][0].lower()}{issue['msg'][1:]}, got {issue['input']!r}")
        else:
            problems.append(issue["msg"].removeprefix("Value error, "))
    return "; ".join(problems) + "."


def setting(group: str, default: Any, **about: Any) -> Any:
    """Make a field of a config that belongs to a group, by which a form can lay the settings out."""
    return Field(default, json_schema_extra={"group": group}, **about)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of work on one CPU core, measured; work = fixed + per_1000 * frames / 1000.

    measured_on: the processor and the size of the frames behind the numbers.
    """

    train_fixed_s: float
    train_s_per_1000_frames: float
    score_s_per_1000_frames: float
    measured_on: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A named config and what it is for; cost is None where nobody has measured it."""

    config: Config
    purpose: str
    cost: Cost | None
    needs_weights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What a person must know to choose a detector.

    Each detector's folder holds one as `config.ABOUT`, in a module that does not import torch. phases: everything that
    `fit` reports, in the order in which it does; phases that alternate are one. recommended: why this is the detector
    to begin with; of one detector alone.
    """

    title: str
    description: str
    paper: str
    sees: tuple[str, ...]
    cannot_see: tuple[str, ...]
    config_class: type[Config]
    presets: Mapping[str, Preset]
    phases: tuple[Phase, ...]
    recommended: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """A series along one video: values[i] (float32) belongs to frame offset + i * stride."""

    values: NDArray[np.float32]
    stride: int = 1
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Heatmaps:
    """Where the strangeness is.

    values: uint8 (M, gh, gw), where 0 stands for `low` and 255 for `high`; one scale for all
    videos of a model.
    frames: int64 (M,), the source frame of each map, ascending.
    region: (left, top, right, bottom) of the source frame that a map covers, as fractions.
    """

    values: NDArray[np.uint8]
    frames: NDArray[np.int64]
    low: float
    high: float
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Patterns:
    """One vector for each window of a video: what was there and, where a detector generates, its guesses.

    actual: float32 (K, D). generated: float32 (K, M, D), M guesses for each window, or None.
    starts: int64 (K,), first frame of each window, below 0 for a window that hangs over the first frame.
    length: frames in a window.
    """

    actual: NDArray[np.float32]
    starts: NDArray[np.int64]
    length: int
    generated: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Refinement:
    """How the pseudo-label of each window of a video came about, round by round.

    R rounds, K windows, N neighbours, B windows in the bank that the neighbours come from. A probability is that of
    being abnormal.
    starts: int64 (K,), first frame of each window. length: frames in a window.
    raw, refined: int8 (R, K), NORMAL or ABNORMAL: by the threshold alone, and after the neighbours' vote.
    distance: float32 (R, K), what `threshold` (R,) is compared with; higher is stranger.
    probability, vote, entropy, weight: float32 (R, K) in 0..1: the window's own probability, the soft vote of its
    neighbours, the binary entropy of the vote in bits, and the weight the window trains with.
    neighbours: int32 (R, K, N), rows of the bank, -1 where there is none. similarity: float16 (R, K, N), cosine.
    bank_videos: names of videos. bank_video: int32 (B,), places in it. bank_starts: int64 (B,), frames.
    clamped: int8 (K,), what people fixed for good, UNKNOWN elsewhere. disputed: bool (K,), people contradict.
    """

    starts: NDArray[np.int64]
    length: int
    raw: NDArray[np.int8]
    refined: NDArray[np.int8]
    distance: NDArray[np.float32]
    threshold: NDArray[np.float32]
    probability: NDArray[np.float32]
    vote: NDArray[np.float32]
    entropy: NDArray[np.float32]
    weight: NDArray[np.float32]
    neighbours: NDArray[np.int32]
    similarity: NDArray[np.float16]
    bank_videos: tuple[str, ...]
    bank_video: NDArray[np.int32]
    bank_starts: NDArray[np.int64]
    clamped: NDArray[np.int8]
    disputed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Person:
    """One tracked person of a video, seen in P frames.

    frames: int64 (P,). boxes: float32 (P, 4), left, top, right, bottom in source pixels.
    keypoints: float32 (P, J, 3), x, y in source pixels and confidence. scores: float32 (P,).
    """

    track: int
    frames: NDArray[np.int64]
    boxes: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VideoScores:
    """All that a detector says about one video.

    frames: float32 (N,), one finite score for each frame. notes: sentences a person should read beside the scores,
    such as that nobody is visible.
    """

    frames: NDArray[np.float32]
    tracks: Mapping[str, Track] = field(default_factory=dict)
    heatmaps: Heatmaps | None = None
    patterns: Patterns | None = None
    people: tuple[Person, ...] | None = None
    refinement: Refinement | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supervision:
    """What people decided: for each video, by its name, int8 (N,) of LEFT_OUT, UNKNOWN, NORMAL or ABNORMAL.

    What is UNKNOWN is learned from as usual, as without verdicts. LEFT_OUT is not: it stands for what nobody judged in
    footage that is learned from for its verdicts alone.
    disputed: for each video, bool (N,): frames on which people contradict each other, UNKNOWN in `labels`.
    """

    labels: Mapping[str, NDArray[np.int8]]
    disputed: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def disputed_in(self, video: Video) -> NDArray[np.bool_]:
        """Give the disputed frames of one video. Raises ConfigError."""
        disputed = self.disputed.get(video.name)
        if disputed is None:
            return np.zeros(video.n_frames, np.bool_)
        self._check_length(video, len(disputed))
        return disputed.astype(np.bool_, copy=False)

    def of(self, video: Video) -> NDArray[np.int8]:
        """Give the labels of one video, UNKNOWN where nobody decided. Raises ConfigError."""
        labels = self.labels.get(video.name)
        if labels is None:
            return np.full(video.n_frames, UNKNOWN, np.int8)
        self._check_length(video, len(labels))
        if not np.isin(labels, (LEFT_OUT, UNKNOWN, NORMAL, ABNORMAL)).all():
            raise ConfigError(f"The verdicts on {video.name} hold something else than -2, -1, 0 and 1.")
        return labels.astype(np.int8, copy=False)

    def usual_in(self, video: Video) -> NDArray[np.bool_]:
        """Say which frames of a video may be learned from as usual; bool (N,). Raises ConfigError."""
        return ~np.isin(self.of(video), UNUSUAL)

    @staticmethod
    def _check_length(video: Video, length: int) -> None:
        if length != video.n_frames:
            raise ConfigError(
                f"The verdicts on {video.name} cover {length} frames, the video has {video.n_frames}. "
                "Make them again from the video's present version."
            )


class Detector(ABC):
    """Learns what is usual in some videos, then says of any video how unusual each frame is.

    `__init__` only stores what it is given; what is learned ends in `_`.
    """

    name: ClassVar[str]

    def __init__(self, config: Config, *, seed: int = 0, device: Device = "auto") -> None:
        self.config = config
        self.seed = seed
        self.device = device

    @abstractmethod
    def fit(
        self,
        videos: Sequence[Video],
        *,
        supervision: Supervision | None = None,
        progress: ProgressCallback = ignore,
        checkpoint: Path | str | None = None,
        warm_start: Path | str | None = None,
    ) -> Self:
        """Learn from videos without labels.

        warm_start: the folder of a model of this detector; training begins from its weights. Raises ConfigError
        where its settings make another network.

        checkpoint: a folder. Training writes its state there after each epoch, and continues from what it
        finds there if the state belongs to the same settings, seed, videos and supervision; the result is
        the same as without the interruption.
        Raises UnreadableVideo, ConfigError, MissingWeights, or Cancelled from `progress`.
        """

    @abstractmethod
    def score(self, video: Video, *, progress: ProgressCallback = ignore) -> VideoScores:
        """Score every frame of a video. Raises NotFitted, UnreadableVideo, or Cancelled from `progress`."""

    @abstractmethod
    def save(self, folder: Path | str) -> str:
        """Write the model into a folder and give the SHA-256 of its file. Raises NotFitted."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path | str, *, device: Device = "auto") -> Self:
        """Read a model that `save` wrote. Raises ConfigError if it is damaged or made by another detector."""
