"""Settings, presets and description of k-diffusion on clip features. Imports no torch."""

from math import exp
from typing import Literal, Self

from pydantic import model_validator

from detectors.base import About, Config, Cost, Phase, Preset, setting


class KDiffusionConfig(Config):
    """Settings of a denoiser of clip features whose reconstructions say what is usual."""

    encoder: Literal["footage", "r3d18", "r3d18-kinetics700", "resnext101"] = setting(
        "What matters most",
        "footage",
        description="What describes a clip of 16 frames: footage = its motion, without pretrained weights; the "
        "others = a 3D network whose weights you fetch or supply (paper, section 3.1: r3d18-kinetics700 and "
        "resnext101).",
    )
    unit: Literal["regions", "frame"] = setting(
        "What matters most",
        "regions",
        description="What is scored: each cell of the picture on its own, or the picture as a whole (paper).",
    )
    region_norm: Literal["auto", "none", "score_z"] = setting(
        "What matters most",
        "auto",
        description="score_z measures each region against its own usual scores, for cameras that look along a "
        "street; auto does so if in training things move steadily faster towards one end of the picture's "
        "height (only with the encoder footage).",
    )
    top_regions: int = setting(
        "What matters most",
        3,
        ge=1,
        le=256,
        description="A clip's score is the mean of this many of its strangest regions.",
    )
    smoothing: float = setting(
        "What matters most",
        0.0,
        ge=0,
        le=100,
        description="Sigma, in frames, of a Gaussian over the scores; 0 is none (paper).",
    )
    threshold_k: float = setting(
        "What matters most",
        0.7,
        ge=0,
        le=20,
        description="The track over_threshold marks clips above mean + k deviations (section 3.3; paper: 0.1 to "
        "1).",
    )

    picture: Literal["squash", "crop"] = setting(
        "What it looks at",
        "squash",
        description="What a pretrained encoder sees: the whole picture squashed to a square (the released "
        "code), or its centre, as when the network was trained.",
    )
    picture_side: Literal[112, 160, 224, 256] = setting(
        "What it looks at", 112, description="Side of that square in pixels (released code: 256)."
    )
    flow_preset: Literal["ultrafast", "fast", "medium"] = setting(
        "What it looks at", "medium", description="Quality of the DIS optical flow of the encoder footage."
    )
    flow_long_side: int = setting(
        "What it looks at",
        384,
        ge=128,
        le=1024,
        description="Frames whose longer side has more pixels than this are shrunk before motion is estimated.",
    )
    scaling: Literal["global", "none"] = setting(
        "What it looks at",
        "global",
        description="global centres the features, turns them to their main axes and brings them to a spread of "
        "0.62 by one factor; none leaves them as they are (paper).",
    )
    feature_scale: float = setting(
        "What it looks at",
        1.0,
        gt=0,
        le=1000,
        description="Without scaling, features are multiplied by this (released code: 2.1 for resnext101).",
    )
    max_training_clips: int = setting(
        "What it looks at",
        20_000,
        ge=16,
        le=10_000_000,
        description="From longer footage clips are taken further apart. Bounds memory: 9 KB a clip with the "
        "encoder footage.",
    )

    p_mean: float = setting(
        "Diffusion",
        -1.0,
        ge=-6,
        le=2,
        description="Mean of the logarithm of the training noise (P_mean, table 1).",
    )
    p_std: float = setting(
        "Diffusion",
        1.5,
        ge=0.1,
        le=3,
        description="Deviation of the logarithm of the training noise (P_std, table 1).",
    )
    steps: int = setting(
        "Diffusion", 10, ge=1, le=100, description="Noise levels of the sampler (n; paper: 10)."
    )
    rho: float = setting(
        "Diffusion", 7.0, ge=1, le=20, description="How the noise levels crowd at the low end."
    )
    start_step: int | None = setting(
        "Diffusion",
        None,
        ge=0,
        le=99,
        description="Step t at which a clip is noised and sampling starts (section 3.3). Empty: the smallest "
        "noise that is no less than the spread of the features, found without labels.",
    )
    noise: Literal["shared", "per_segment"] = setting(
        "Diffusion",
        "shared",
        description="One noise vector for all clips, kept with the model (released code), or new ones.",
    )
    noise_vectors: Literal[1, 2, 4, 8, 16] = setting(
        "Diffusion",
        1,
        description="Scores are averaged over this many noise vectors, which come in pairs +n and -n.",
    )

    widths: tuple[int, int, int] = setting(
        "Network and training",
        (512, 256, 128),
        description="Units of the encoder's layers, 4 to 4096 each; the decoder mirrors them (paper: 1024, "
        "512, 256).",
    )
    film: Literal["fourier", "learned"] = setting(
        "Network and training",
        "fourier",
        description="How the network is told the noise level: raw Fourier features (released code), or a "
        "learned layer on them.",
    )
    batch_size: int = setting(
        "Network and training", 256, ge=2, le=65_536, description="Rows in a training step (paper: 8192)."
    )
    learning_rate: float = setting(
        "Network and training", 2e-4, gt=0, le=0.1, description="AdamW's learning rate (released code)."
    )
    weight_decay: float = setting(
        "Network and training", 1e-4, ge=0, le=1, description="AdamW's weight decay (released code)."
    )
    epochs: int = setting(
        "Network and training",
        6,
        ge=1,
        le=1000,
        description="Rounds of training; each is kept as a checkpoint.",
    )
    epoch_steps: int | None = setting(
        "Network and training",
        50,
        ge=1,
        le=100_000,
        description="Training steps in a round. Empty: one pass over the footage (paper). A longer training "
        "learns to rebuild unusual clips as well.",
    )
    min_steps: int = setting(
        "Network and training",
        300,
        ge=1,
        le=1_000_000,
        description="Where a round is one pass, little footage is passed over again until training has had this "
        "many steps in all.",
    )
    training_stride: int = setting(
        "Network and training",
        4,
        ge=1,
        le=16,
        description="Frames between the starts of training clips (paper: 16, released code: 1).",
    )

    scoring_stride: int = setting(
        "Score",
        8,
        ge=1,
        le=16,
        description="Frames between scored clips; a frame's score is the mean of the clips over it (paper: 16).",
    )
    threshold_over: Literal["training", "video", "groups"] = setting(
        "Score",
        "training",
        description="Whose scores give that mean and deviation: the training footage, the scored video, or "
        "each of its random groups of 8192 clips (released code).",
    )

    @model_validator(mode="after")
    def _values_fit_together(self) -> Self:
        if not all(4 <= width <= 4096 for width in self.widths):
            raise ValueError(f"widths must lie from 4 to 4096, got {self.widths}")
        if self.start_step is not None and self.start_step >= self.steps:
            raise ValueError(f"start_step must be below steps ({self.steps}), got {self.start_step}")
        return self

    @property
    def sigma_min(self) -> float:
        """Smallest noise level, exp(P_mean - 5 P_std)."""
        return exp(self.p_mean - 5 * self.p_std)

    @property
    def sigma_max(self) -> float:
        """Largest noise level, exp(P_mean + 5 P_std)."""
        return exp(self.p_mean + 5 * self.p_std)


ABOUT = About(
    title="Diffusion on clip features",
    description=(
        "Describes each short clip by its motion, region by region, and trains a small diffusion model to tell "
        "such descriptions from noise. To score a clip it buries the description in noise and lets the model "
        "rebuild it: what is usual comes back, what is not comes back changed."
    ),
    paper="Tur et al., Exploring Diffusion Models for Unsupervised Video Anomaly Detection, ICIP 2023, "
    "arXiv:2304.05841",
    sees=(
        "Things that move faster than usual or where usually nothing moves: cycling or driving among "
        "pedestrians.",
        "Sudden motion that lasts for about half a second or more.",
    ),
    cannot_see=(
        "Odd things that stand still or move like everything else: without pretrained weights it sees only "
        "motion.",
        "Events of a few frames: a score speaks of clips of 16.",
        "Anything reliably under a moving camera, where the whole picture moves.",
    ),
    config_class=KDiffusionConfig,
    presets={
        "fast": Preset(
            KDiffusionConfig(),
            purpose="A minute or two on two CPU cores, without pretrained weights.",
            cost=Cost(
                train_fixed_s=6.5,
                train_s_per_1000_frames=10.5,
                score_s_per_1000_frames=9.5,
                measured_on="one core of an AMD EPYC with AVX-512, frames of 360 x 240",
            ),
        ),
        "paper": Preset(
            KDiffusionConfig(
                encoder="r3d18",
                unit="frame",
                top_regions=1,
                region_norm="none",
                picture_side=256,
                scaling="none",
                widths=(1024, 512, 256),
                batch_size=8192,
                epochs=50,
                epoch_steps=None,
                min_steps=1000,
                training_stride=1,
                max_training_clips=1_000_000,
                scoring_stride=16,
                threshold_over="groups",
            ),
            purpose="The paper's denoiser and training on whole clips, with torchvision's R3D-18 in place of "
            "the paper's encoder; needs its weights and a GPU.",
            cost=None,
            needs_weights=("r3d18",),
        ),
    },
    phases=(
        Phase("features", "Describing clips", 0.75),
        Phase("training", "Training", 0.2),
        Phase("calibrating", "Learning the usual range of scores", 0.05),
    ),
)
