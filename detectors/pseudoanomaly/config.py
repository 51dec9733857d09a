"""Settings, presets and description of the pseudo-anomaly autoencoder. Imports no torch."""

from typing import Literal, Self

from pydantic import Field, model_validator

from detectors.base import About, Config, Cost, Preset


class PseudoAnomalyConfig(Config):
    """Settings of the temporal stream: an autoencoder on optical flow that learns from pseudo-anomalies."""

    size: Literal[32, 64, 128, 256] = Field(
        64,
        description="Height and width, in cells, of the motion field that the network sees (paper: 256, "
        "implementation details). Half the size takes a quarter of the time.",
    )
    widths: tuple[int, int, int, int] = Field(
        (24, 32, 64, 64),
        description="Channels of the four convolutions, 4 to 512 each (paper: 96, 128, 256, 256, "
        "supplementary).",
    )
    output: Literal["linear", "tanh"] = Field(
        "linear",
        description="Last layer. The paper's tanh cuts off speeds beyond the fastest usual ones, which are "
        "the anomalies; linear keeps them.",
    )
    flow_preset: Literal["ultrafast", "fast", "medium"] = Field(
        "medium",
        description="Quality of the DIS optical flow, in place of the paper's TV-L1.",
    )
    flow_long_side: int = Field(
        384,
        ge=128,
        le=1024,
        description="Frames whose longer side has more pixels than this are shrunk before motion is "
        "estimated.",
    )
    pseudo_anomaly_ratio: float = Field(
        0.5,
        ge=0,
        le=0.95,
        description="Share of training windows that are made abnormal (p_t, implementation details).",
    )
    skip_strides: tuple[int, ...] = Field(
        (2, 3, 4, 5),
        min_length=1,
        max_length=8,
        description="A pseudo-anomaly plays the footage at one of these speeds, 2 to 8 (skip-frame "
        "pseudo-anomalies of Astrid et al. 2021, compared in table 1).",
    )
    learning_rate: float = Field(
        1e-3, gt=0, le=0.1, description="Adam's first learning rate (paper: 1e-4, implementation details)."
    )
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="How the learning rate goes on: down to zero, or constant as in the paper."
    )
    batch_size: int = Field(4, ge=1, le=64, description="Windows in a training step (paper: 24).")
    epochs: int = Field(6, ge=1, le=200, description="Passes over the training windows (paper: 25).")
    min_steps: int = Field(
        700,
        ge=1,
        le=100_000,
        description="Little footage is passed over again until training has had this many steps.",
    )
    training_stride: int = Field(
        4,
        ge=1,
        le=64,
        description="Frames between the starts of training windows; the exact start is drawn anew in each "
        "epoch (paper: 1).",
    )
    max_training_frames: int = Field(
        12_000,
        ge=64,
        le=1_000_000,
        description="Longer footage is learned from stretches spread evenly over it, this many frames in "
        "all. Bounds memory: 24 KB a frame at size 64.",
    )
    confirmed_weight: int = Field(
        3,
        ge=1,
        le=20,
        description="How many times as often a window is drawn in which a person found nothing abnormal.",
    )
    scoring_stride: Literal[1, 2, 4, 8, 16] = Field(
        4,
        description="Frames between scored windows; each gives its central frames (paper: 1, of which "
        "each gives its 9th frame; inference).",
    )
    perspective: bool = Field(
        True,
        description="Judge motion by the size that things have in that row of the picture, as learned from the "
        "usual speeds there. Turn it off for a camera that looks straight down.",
    )
    score: Literal["fused", "unexpected_motion", "faster", "error"] = Field(
        "fused",
        description="What the score is. unexpected_motion: the cell with the most motion that was not rebuilt, "
        "averaged over 16 frames; faster: only where motion is faster than rebuilt; error: the mean squared "
        "error of the whole frame (omega_2 of the paper); fused: unexpected_motion plus the speed in the cell.",
    )

    @model_validator(mode="after")
    def _bounds_of_items(self) -> Self:
        if not all(4 <= width <= 512 for width in self.widths):
            raise ValueError(f"widths must lie from 4 to 512, got {self.widths}")
        if not all(2 <= stride <= 8 for stride in self.skip_strides):
            raise ValueError(f"skip_strides must lie from 2 to 8, got {self.skip_strides}")
        return self


ABOUT = About(
    title="Pseudo-anomaly autoencoder",
    description=(
        "Learns how things usually move in this scene by compressing short pieces of motion and rebuilding "
        "them. While it learns, half of the pieces are played too fast and it must still rebuild the normal "
        "ones, so that it becomes bad at rebuilding motion it has not seen. A frame scores high where the real "
        "motion differs most from the rebuilt one, and where it is fast."
    ),
    paper="Rai et al., Video Anomaly Detection via Spatio-Temporal Pseudo-Anomaly Generation: A Unified "
    "Approach, CVPR Workshops 2024, arXiv:2311.16514",
    sees=(
        "Things that move faster than usual, or move where little moves: running, cycling or driving among "
        "pedestrians.",
        "Things that move in another direction than usual there: against a stream of people or traffic.",
    ),
    cannot_see=(
        "Odd things that stand still or move like everything else, such as a bag left behind: it sees motion, "
        "not colours or shapes.",
        "Somebody who lies on the ground; of a fall it can only see the moment itself, and often misses that.",
        "Anything reliably under a moving camera, where the whole picture moves.",
    ),
    config_class=PseudoAnomalyConfig,
    presets={
        "fast": Preset(
            PseudoAnomalyConfig(),
            purpose="Minutes on two CPU cores, without pretrained weights.",
            cost=Cost(
                train_fixed_s=35.0,
                train_s_per_1000_frames=28.0,
                score_s_per_1000_frames=11.0,
                measured_on="one AMD EPYC core, frames of 360 x 240 to 480 x 270",
            ),
        ),
        "paper": Preset(
            PseudoAnomalyConfig(
                size=256,
                widths=(96, 128, 256, 256),
                output="tanh",
                learning_rate=1e-4,
                schedule="constant",
                batch_size=24,
                epochs=25,
                min_steps=1,
                training_stride=1,
                scoring_stride=1,
                perspective=False,
                score="error",
            ),
            purpose="The widths, size and schedule of the paper's temporal stream; needs a GPU.",
            cost=None,
        ),
    },
)
