"""How people are found, followed and posed. It imports no model and no torch."""

from __future__ import annotations

from typing import Literal

from detectors.base import Config, setting


class PoseSettings(Config):
    """How people are found, followed and posed in a video."""

    people: Literal["yolox"] = setting(
        "Finding people",
        "yolox",
        description="What finds people: YOLOX-Nano (Ge et al. 2021), through onnxruntime.",
    )
    estimator: Literal["movenet"] = setting(
        "Finding people", "movenet", description="What finds joints: MoveNet Lightning, int8, through LiteRT."
    )
    detect_every: int = setting(
        "Finding people",
        4,
        ge=1,
        le=60,
        description="People are looked for in every k-th frame and followed between.",
    )
    person_threshold: float = setting(
        "Finding people",
        0.35,
        ge=0.05,
        le=0.95,
        description="A new person needs a detection of at least this score.",
    )
    weak_threshold: float = setting(
        "Finding people",
        0.1,
        ge=0.01,
        le=0.95,
        description="A person who is known is followed by detections down to this score (ByteTrack, section 3).",
    )
    overlap: float = setting(
        "Finding people",
        0.65,
        ge=0.1,
        le=0.95,
        description="Of two detections that overlap more (IoU), the better one counts.",
    )
    least_height: int = setting(
        "Finding people",
        24,
        ge=8,
        le=1000,
        description="Smaller people are left out, in pixels: they have no joints that can be seen.",
    )
    joint_threshold: float = setting(
        "Finding people",
        0.2,
        ge=0.0,
        le=0.95,
        description="A pose counts where the mean confidence of its joints is at least this. People whom the detector "
        "misses are followed by their joints while it is.",
    )
    tiles: int = setting(
        "Finding people",
        2,
        ge=1,
        le=6,
        description="Small people are looked for in this many square tiles of the picture, too, side by side; 1: in the "
        "whole picture alone. Each tile is one more look.",
    )
    lying: bool = setting(
        "Finding people",
        True,
        description="Somebody whom the detector loses is looked for in the picture turned to both sides, too: it hardly "
        "knows people who lie.",
    )
    follow_s: float = setting(
        "Finding people",
        1.5,
        ge=0.0,
        le=30.0,
        description="How long a person is followed by joints alone, without a detection, in seconds.",
    )
    gap_s: float = setting(
        "Finding people",
        2.0,
        ge=0.0,
        le=30.0,
        description="A person who comes back within this many seconds, near where expected and dressed alike, is the "
        "same.",
    )
    least_s: float = setting(
        "Finding people",
        0.4,
        ge=0.0,
        le=10.0,
        description="People who are seen for less than this many seconds are left out.",
    )
    pose_device: Literal["auto", "cpu", "cuda"] = setting(
        "Finding people", "auto", description="Where people are looked for; a GPU needs onnxruntime-gpu."
    )

    @property
    def weights(self) -> tuple[str, ...]:
        """Name the pretrained files that these settings need, as `detectors.weights` does."""
        return ("yolox-nano", "movenet-lightning")
