"""Settings, presets and description of STG-NF. Imports no torch."""

from typing import Any, Literal, Self

from pydantic import ConfigDict, model_validator

from detectors.base import About, Cost, Phase, Preset, setting
from detectors.pose.config import PoseSettings


def _own_settings_first(schema: dict[str, Any]) -> None:
    """Put the settings of the flow before the inherited ones, in the order in which a form shows them."""
    every = schema["properties"]
    schema["properties"] = {
        name: every[name] for name in sorted(every, key=lambda name: name in PoseSettings.model_fields)
    }


class StgNfConfig(PoseSettings):
    """Settings of the normalising flow over poses; those of `PoseSettings` say how people are found."""

    model_config = ConfigDict(json_schema_extra=_own_settings_first)

    poses: Literal["auto", "estimate", "beside"] = setting(
        "What matters most",
        "auto",
        description="Where poses come from. beside: a file of poses next to the video (CLIP.json, "
        "CLIP_alphapose_tracked_person.json or a folder CLIP_poses of CSV trajectories); estimate: the people are "
        "found in the pictures; auto: beside if there is such a file, else estimate.",
    )
    segment_length: int = setting(
        "What matters most",
        24,
        ge=4,
        le=64,
        description="Frames of one person that are judged together (paper, section 4.2: 24 for ShanghaiTech, 16 for "
        "UBnormal).",
    )
    prior: Literal["auto", "unsupervised", "supervised"] = setting(
        "What matters most",
        "auto",
        description="supervised: poses in accepted segments are pushed to a Gaussian of their own (paper, section 3.4); "
        "unsupervised: they are only left out of training; auto: supervised where there are such poses.",
    )
    smoothing: Literal["released", "none"] = setting(
        "What matters most",
        "released",
        description="released: six Gaussians of 1 to 6 frames, one after the other, as in the code (about one of 9.5 "
        "frames); the paper does not say.",
    )

    normalisation: Literal["height", "each"] = setting(
        "Segments of a person",
        "height",
        description="A segment is moved to mean 0 and divided by the deviation of y, as the released code does, or each "
        "axis by its own (a reading of the paper, section 3.1: zero mean and unit variance).",
    )
    min_confidence: float = setting(
        "Segments of a person",
        0.0,
        ge=0,
        le=10,
        description="Segments whose poses have a mean confidence of at most this are left out; 0 takes all. On the scale "
        "of the estimator, where a file of poses says it (train_seg_conf_th of the released code).",
    )
    fill_gaps: int = setting(
        "Segments of a person",
        6,
        ge=0,
        le=60,
        description="A person who is missed in at most this many frames in a row gets poses in between, on a straight "
        "line. The released code fills nothing, and takes no segment in which more than 2 frames are missing.",
    )
    whole_tracks: bool = setting(
        "Segments of a person",
        True,
        description="The first and last frames of a person, which are the middle of no segment, get the score of the "
        "nearest segment. The released code leaves them without a score.",
    )
    scoring_stride: int = setting(
        "Segments of a person",
        1,
        ge=1,
        le=16,
        description="Frames between the starts of scored segments (released code: 1).",
    )
    max_training_segments: int = setting(
        "Segments of a person",
        100_000,
        ge=256,
        le=2_000_000,
        description="Of more segments than this, as many are taken, evenly. Bounds memory: 350 MB.",
    )

    steps: int = setting(
        "Network and training", 8, ge=1, le=32, description="Steps of the flow (K; paper, section 4.2: 8)."
    )
    permutation: Literal["swap", "learned"] = setting(
        "Network and training",
        "swap",
        description="How x and y take turns: learned is the 1x1 convolution of the paper (section 3.2); swap is what "
        "the released code does and all released models were trained with.",
    )
    hidden: int = setting(
        "Network and training",
        0,
        ge=0,
        le=64,
        description="Channels between two graph blocks in each step; 0 means a single block (paper, section 4.2).",
    )
    temporal_kernel: int | None = setting(
        "Network and training",
        None,
        ge=1,
        le=63,
        description="Frames that the convolution over time sees, odd; null: half of the segment (released code).",
    )
    prior_mean: float = setting(
        "Network and training",
        3.0,
        gt=0,
        le=50,
        description="Mean of the Gaussian of normal poses, unsupervised (R of the released code: 3).",
    )
    supervised_prior_mean: float = setting(
        "Network and training",
        10.0,
        gt=0,
        le=50,
        description="Mean of the Gaussian of normal poses, and minus that of abnormal ones (R of the released code: 10).",
    )
    optimiser: Literal["adamax", "adam"] = setting(
        "Network and training",
        "adamax",
        description="adamax as in the released code, or adam as in the paper (section 4.2).",
    )
    learning_rate: float = setting(
        "Network and training",
        5e-4,
        gt=0,
        le=0.1,
        description="First learning rate (paper, section 4.2: 5e-4).",
    )
    learning_rate_decay: float = setting(
        "Network and training",
        0.99,
        gt=0,
        le=1,
        description="The learning rate of each epoch after the second, as a share of the one before (released code: 0.99; the "
        "paper calls it momentum).",
    )
    batch_size: int = setting(
        "Network and training",
        256,
        ge=2,
        le=4096,
        description="Segments in a training step (paper, section 4.2: 256).",
    )
    epochs: int = setting(
        "Network and training",
        8,
        ge=1,
        le=200,
        description="Passes over the training segments (paper, section 4.2: 8).",
    )
    min_steps: int = setting(
        "Network and training",
        1,
        ge=1,
        le=100_000,
        description="Little footage is passed over again until training has had this many steps.",
    )
    clip_norm: float = setting(
        "Network and training",
        100.0,
        gt=0,
        le=1e6,
        description="Longest gradient that is followed as it is (released code: 100).",
    )
    training_stride: int = setting(
        "Network and training",
        6,
        ge=1,
        le=64,
        description="Frames between the starts of training segments (released code: 6).",
    )
    flip: bool = setting(
        "Network and training",
        True,
        description="Train on mirrored poses, too (released code; the paper does not say).",
    )

    abnormal_overlap: float = setting(
        "People's verdicts",
        0.5,
        gt=0,
        le=1,
        description="A segment is abnormal if at least this share of its frames was accepted; one that has fewer such "
        "frames is left out. The released code looks at the first frame only.",
    )
    confirmed_weight: int = setting(
        "People's verdicts",
        3,
        ge=1,
        le=20,
        description="How many times as often a segment is drawn in which a person found nothing abnormal.",
    )

    @model_validator(mode="after")
    def _odd_kernel(self) -> Self:
        if self.temporal_kernel is not None and self.temporal_kernel % 2 == 0:
            raise ValueError(f"temporal_kernel must be odd, got {self.temporal_kernel}")
        return self

    @property
    def pose_settings(self) -> PoseSettings:
        """What of this concerns the finding of people."""
        return PoseSettings(**{name: getattr(self, name) for name in PoseSettings.model_fields})


WEIGHTS = PoseSettings().weights
"""Pretrained files that find people and joints; poses in a file need none of them."""


ABOUT = About(
    title="STG-NF: likelihood of poses",
    description=(
        "Finds people, follows their joints, and learns which movements of a body are usual here, as a probability over "
        "one second of joints. A frame scores high where the least likely person in it is. Only the shape and the "
        "movement of bodies count: not faces, clothes or places."
    ),
    paper="Hirschorn & Avidan, Normalizing Flows for Human Pose Anomaly Detection, ICCV 2023, arXiv:2211.10946",
    sees=(
        "People who move as nobody did while it learned: running, falling, fighting, jumping, riding.",
        "Who it was: each person has a score of their own.",
    ),
    cannot_see=(
        "Anything that is not a person: vehicles, left objects, smoke.",
        "People whose body is smaller than about 50 pixels, mostly hidden, or seen for less than a second.",
        "Where something happens: a usual walk in a forbidden place is usual.",
    ),
    config_class=StgNfConfig,
    presets={
        "fast": Preset(
            StgNfConfig(prior="unsupervised", min_steps=500, learning_rate=2e-3, batch_size=128),
            purpose="The released network for little footage: at least 500 steps, faster steps, gaps filled.",
            cost=Cost(
                train_fixed_s=20,
                train_s_per_1000_frames=107,
                score_s_per_1000_frames=107,
                measured_on="one busy core of an AMD EPYC, seven people in frames of 480 x 360",
            ),
            needs_weights=WEIGHTS,
        ),
        "paper": Preset(
            StgNfConfig(fill_gaps=0, whole_tracks=False),
            purpose="What the released code does: 8 epochs, no gaps filled, only the middle of a segment scored.",
            cost=None,
            needs_weights=WEIGHTS,
        ),
    },
    phases=(
        Phase("people", "Finding people", 0.93),
        Phase("training", "Training", 0.07),
    ),
)
