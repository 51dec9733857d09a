"""Settings, presets and description of DiffVAD. Imports no torch.

Ambiguities of the paper are named where a setting resolves them.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from detectors.base import About, Config, Cost, Preset


class DiffVADConfig(Config):
    """Settings of a denoiser that guesses what comes next, and of the labels it gives itself."""

    mode: Literal["merged", "partial", "one_class"] = Field(
        "merged",
        description="What the footage to learn from is (section 4.1): merged = usual and unusual mixed, partial = the "
        "very footage to be scored, one_class = nothing unusual, so that no labels are made up in training. merged and "
        "partial differ only in the footage you give.",
    )
    encoder: Literal["motion", "footage"] = Field(
        "motion",
        description="What a frame is described by. motion = mean speed of cells, without any weights; footage = a small "
        "convolutional autoencoder of the picture, trained on the footage and frozen. The paper diffuses pixels of "
        "256 x 256, which a graph network cannot: a layer would have 13 billion parameters.",
    )
    nodes: Literal[8, 16] = Field(
        8, description="Nodes of the graph along each side of the picture; footage sees 16 pixels a node."
    )
    cells: Literal[16, 32] = Field(
        16,
        description="Cells along each side whose speed is measured (encoder motion); several share a node.",
    )
    encoder_channels: int = Field(
        16, ge=2, le=64, description="Numbers that describe a node of the encoder footage."
    )
    encoder_steps: int = Field(
        600, ge=1, le=100_000, description="Training steps of the encoder footage, before it is frozen."
    )
    flow_preset: Literal["ultrafast", "fast", "medium"] = Field(
        "medium", description="Quality of the DIS optical flow of the encoder motion."
    )
    flow_long_side: int = Field(
        384,
        ge=128,
        le=1024,
        description="Frames whose longer side has more pixels than this are shrunk before motion is estimated.",
    )
    target: Literal["absolute", "delta"] = Field(
        "absolute",
        description="What is generated: the future itself, or its difference from the last frame of the history.",
    )
    history: int = Field(
        3, ge=1, le=16, description="Frames of a window that are given (k; not in the paper, 3 in MoCoDAD)."
    )
    future: int = Field(
        3, ge=1, le=16, description="Frames that are generated (N - k; not in the paper, 3 in MoCoDAD)."
    )
    condition: Literal["history", "embedding", "both"] = Field(
        "history",
        description="How the network is told the history: as input channels; as an embedding by 3D convolution "
        "(paper, section 3.2); or both. In equation (1) the history itself is noised, which contradicts the text.",
    )
    clip: float | None = Field(
        2.0,
        gt=0,
        le=100,
        description="History and generated futures are cut off here, in units where 2 is the 95th percentile, so that "
        "the network cannot foretell unusual speed from unusual speed. Empty: no limit (paper).",
    )
    prediction: Literal["x0", "eps"] = Field(
        "x0", description="What the network estimates: the clean future, or the noise (paper, equation 2)."
    )
    sampler: Literal["posterior", "ddpm"] = Field(
        "posterior",
        description="Way back from noise: by the clean estimate, which can be cut off, or equation (3) with its indices "
        "mended (MoCoDAD: variance beta, step 0 never used).",
    )
    diffusion_steps: int = Field(
        5,
        ge=2,
        le=1000,
        description="Noise levels of the cosine schedule (T; not in the paper, 10 in MoCoDAD).",
    )
    patterns: int = Field(
        10, ge=1, le=100, description="Futures generated for each scored window (M, section 3.2)."
    )
    label_patterns: int = Field(
        4,
        ge=1,
        le=100,
        description="Futures generated for each window when labels are made during training; the last time all "
        "patterns are. Making labels would otherwise be nearly all of the work.",
    )
    widths: tuple[int, int, int, int] = Field(
        (16, 32, 64, 128), description="Channels of the graph layers, 4 to 512 each (MoCoDAD: these)."
    )
    embedding: int = Field(
        32,
        ge=4,
        le=512,
        multiple_of=2,
        description="Numbers that tell the step and the history (MoCoDAD: 16).",
    )
    last_layer: Literal["convolution", "graph"] = Field(
        "convolution", description="How the network ends: freely, or with one more graph layer (MoCoDAD)."
    )
    learning_rate: float = Field(
        2e-3, gt=0, le=0.1, description="AdamW's highest learning rate (paper: 2e-4)."
    )
    schedule: Literal["one_cycle", "constant"] = Field(
        "one_cycle",
        description="one_cycle rises and falls in the warm-up and goes on with a falling third; or constant (paper).",
    )
    weight_decay: float = Field(1e-4, ge=0, le=1, description="AdamW's weight decay (section 4.2).")
    gradient_clip: float = Field(1.0, gt=0, le=1000, description="Longest gradient of a step.")
    batch_size: int = Field(64, ge=2, le=4096, description="Windows in a training step (not in the paper).")
    warmup_steps: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="Steps on all windows alike before labels are made: works because most footage is usual.",
    )
    rounds: int = Field(
        2, ge=0, le=200, description="Rounds of refined labels and training with them (section 3.4)."
    )
    round_steps: int | None = Field(
        80,
        ge=1,
        le=100_000,
        description="Training steps in a round. Empty: one pass over the windows (paper).",
    )
    ema: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="How much of the averaged weights stays at each step, less at first (m, momentum model of "
        "section 3.4; 0.999 in Litrico et al. 2023).",
    )
    training_stride: int = Field(1, ge=1, le=64, description="Frames between training windows.")
    label_stride: int = Field(
        3, ge=1, le=64, description="Frames between the windows of the bank that get labels."
    )
    scoring_stride: int = Field(
        3,
        ge=1,
        le=16,
        description="Frames between scored windows, at most `future`, so that none is left out.",
    )
    max_training_frames: int = Field(
        20_000,
        ge=256,
        le=10_000_000,
        description="Of longer footage evenly spread stretches are learned from: bounds memory and time.",
    )
    over_patterns: Literal["min", "mean"] = Field(
        "min",
        description="Distance of a cell: to the nearest pattern (MoCoDAD), or on average (D_I, equation 4).",
    )
    top_cells: int | None = Field(
        1,
        ge=1,
        le=1024,
        description="A window's distance is the mean of this many of its strangest cells. Empty: of all (paper), which "
        "drowns small things.",
    )
    cell_norm: Literal["auto", "raw", "zf"] = Field(
        "auto",
        description="zf measures each cell against its own usual distances, for cameras that look along a street: "
        "(D - mean) / (deviation + mean deviation); raw does not. auto is zf if in training things move steadily "
        "faster towards one end of the picture's height.",
    )
    smoothing: float = Field(
        2.0, ge=0, le=100, description="Gaussian over the frame scores, in frames (sigma); 0 for none."
    )
    threshold_factor: float = Field(
        0.1,
        gt=0,
        le=10,
        description="A window is abnormal from mean + this many deviations of the distance on (equation 5: 0.1, which "
        "flags a third or more: a queue to look at, never a verdict).",
    )
    threshold_over: Literal["round", "batch"] = Field(
        "round",
        description="Whose distances give mean and deviation: all windows of a camera in a round, or each random batch "
        "(paper). Footage of one picture size is taken to be of one camera.",
    )
    sharpness: float = Field(
        2.0,
        gt=0,
        le=100,
        description="Probability = logistic of this times (distance - threshold) / deviation. The paper names an anomaly "
        "probability but no head that gives one.",
    )
    neighbours: int = Field(
        10, ge=1, le=100, description="Neighbours that vote (K of equation 7; 10 in Litrico et al. 2023)."
    )
    temporal_s: float = Field(
        2.0,
        ge=0,
        le=600,
        description="Windows of the same video within so many seconds are nearly the same; at most half of the "
        "neighbours may be such, and never the window itself.",
    )
    feature_size: int = Field(
        64, ge=2, le=512, description="Numbers of the bank's features (f; main axes of whole windows)."
    )
    descriptor_size: int = Field(
        32, ge=2, le=256, description="Numbers that describe a pattern in plots (main axes of futures)."
    )
    treatment: Literal["drop", "hinge", "replace", "none"] = Field(
        "drop",
        description="What becomes of windows whose refined label is abnormal (section 3.4 only says 'irrelevant'): left "
        "out; from the second round on pushed away up to a bound where both labels agree; taught another window's "
        "future; or learned from like others.",
    )
    hinge_weight: float = Field(0.2, ge=0, le=1, description="Weight of the push of `hinge`.")
    human_factor: float = Field(
        4.0,
        ge=1,
        le=100,
        description="How many votes a window has that a person decided (gamma; 1 = as any other).",
    )
    human_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Most that people's windows may weigh in a vote, unless there are no others.",
    )
    normal_similarity: float = Field(
        0.7, ge=-1, le=1, description="Cosine from which on a window found normal has its extra votes."
    )
    abnormal_similarity: float = Field(
        0.85,
        ge=-1,
        le=1,
        description="Cosine from which on a window found abnormal votes at all: what is abnormal has many faces.",
    )

    @model_validator(mode="after")
    def _values_fit_together(self) -> Self:
        if not all(4 <= width <= 512 for width in self.widths):
            raise ValueError(f"widths must lie from 4 to 512, got {self.widths}")
        if self.scoring_stride > self.future:
            raise ValueError(
                f"scoring_stride must be at most future ({self.future}), got {self.scoring_stride}"
            )
        if self.condition != "embedding" and self.history != self.future:
            raise ValueError(
                "history and future must be equally long where the history is an input; or choose condition=embedding"
            )
        if self.sampler == "ddpm" and self.prediction != "eps":
            raise ValueError("the sampler ddpm needs prediction=eps")
        if self.treatment == "hinge" and self.prediction != "x0":
            raise ValueError("the treatment hinge needs prediction=x0: with eps it destroys the sampler")
        if self.encoder == "motion" and self.cells < self.nodes:
            raise ValueError(f"cells must be no fewer than nodes ({self.nodes}), got {self.cells}")
        return self

    @property
    def length(self) -> int:
        """Frames of a window (N)."""
        return self.history + self.future


ABOUT = About(
    title="Diffusion of what comes next (DiffVAD)",
    description=(
        "Generates several futures for each moment from the moments before, and measures how far what really "
        "happened lies from them. It labels the footage by that, lets similar moments vote on each label, and learns "
        "again with what the vote trusts. People can see and correct every label."
    ),
    paper="Zhang et al., DiffVAD: Diffusion-based unsupervised video anomaly detection with pseudo-label refinement, "
    "IJCAI 2024",
    sees=(
        "Things that move faster than usual or where usually nothing moves: cycling or driving among pedestrians.",
        "Changes within a few frames, and where in the picture they are.",
    ),
    cannot_see=(
        "Odd things that stand still or move like everything else: it looks at speed, not at shape or direction.",
        "Loitering, wrong directions, quarrels without fast motion.",
        "Anything reliably under a moving camera, where the whole picture moves.",
    ),
    config_class=DiffVADConfig,
    presets={
        "fast": Preset(
            DiffVADConfig(),
            purpose="What works on real footage: speeds of cells, cut-off guesses; a minute or two on two CPU cores.",
            cost=Cost(
                train_fixed_s=55,
                train_s_per_1000_frames=22,
                score_s_per_1000_frames=17,
                measured_on="one core of an AMD EPYC with AVX-512, frames of 360 x 240, other work on the machine",
            ),
        ),
        "paper": Preset(
            DiffVADConfig(
                encoder="footage",
                nodes=16,
                condition="embedding",
                clip=None,
                prediction="eps",
                sampler="ddpm",
                diffusion_steps=10,
                last_layer="graph",
                learning_rate=2e-4,
                schedule="constant",
                warmup_steps=400,
                rounds=50,
                round_steps=None,
                ema=0.999,
                over_patterns="mean",
                top_cells=None,
                cell_norm="raw",
                smoothing=0.0,
                threshold_over="batch",
            ),
            purpose="The paper's form on a grid of picture features, for comparison; needs a GPU, and finds less.",
            cost=None,
        ),
    },
)
