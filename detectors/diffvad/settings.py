"""Settings of DiffVAD. Imports no torch.

Ambiguities of the paper are named where a setting resolves them.
"""

from typing import Literal, Self

from pydantic import model_validator

from detectors.base import Config, setting


class DiffVADConfig(Config):
    """Settings of a denoiser that guesses what comes next, and of the labels it gives itself."""

    mode: Literal["merged", "partial", "one_class"] = setting(
        "What matters most",
        "merged",
        description="What the footage to learn from is (section 4.1): merged = usual and unusual mixed, partial = the "
        "very footage to be scored, one_class = nothing unusual, so that no labels are made up in training. merged and "
        "partial differ only in the footage you give.",
    )
    cell_norm: Literal["auto", "raw", "zf", "perspective"] = setting(
        "What matters most",
        "auto",
        description="zf measures each cell against its own usual distances, for cameras that look along a street: "
        "(D - mean) / (deviation + mean deviation); perspective divides by how large things are at that height, two "
        "numbers learned from the usual speeds; raw does neither. auto is zf if in training things move steadily faster "
        "towards one end of the picture's height, else raw.",
    )
    patterns: int = setting(
        "What matters most",
        10,
        ge=1,
        le=100,
        description="Futures generated for each scored window (M, section 3.2).",
    )
    rounds: int = setting(
        "What matters most",
        2,
        ge=0,
        le=200,
        description="Rounds of refined labels and training with them (section 3.4).",
    )
    treatment: Literal["drop", "hinge", "replace", "none"] = setting(
        "What matters most",
        "drop",
        description="What becomes of windows whose refined label is abnormal (section 3.4 only says 'irrelevant'): left "
        "out; from the second round on pushed away up to a bound where both labels agree; taught another window's "
        "future; or learned from like others.",
    )
    threshold_factor: float = setting(
        "What matters most",
        0.1,
        gt=0,
        le=10,
        description="A window is abnormal from mean + this many deviations of the distance on (equation 5: 0.1, which "
        "flags a third or more: a queue to look at, never a verdict).",
    )
    smoothing: float = setting(
        "What matters most",
        2.0,
        ge=0,
        le=100,
        description="Gaussian over the frame scores, in frames (sigma); 0 for none.",
    )

    encoder: Literal["motion", "footage"] = setting(
        "What it looks at",
        "motion",
        description="What a frame is described by. motion = mean speed of cells, without any weights; footage = a small "
        "convolutional autoencoder of the picture, trained on the footage and frozen. The paper diffuses pixels of "
        "256 x 256, which a graph network cannot: a layer would have 13 billion parameters.",
    )
    nodes: Literal[8, 16] = setting(
        "What it looks at",
        8,
        description="Nodes of the graph along each side of the picture; footage sees 16 pixels a node.",
    )
    cells: Literal[16, 32] = setting(
        "What it looks at",
        16,
        description="Cells along each side whose speed is measured (encoder motion); several share a node.",
    )
    encoder_channels: int = setting(
        "What it looks at",
        16,
        ge=2,
        le=64,
        description="Numbers that describe a node of the encoder footage.",
    )
    encoder_steps: int = setting(
        "What it looks at",
        600,
        ge=1,
        le=100_000,
        description="Training steps of the encoder footage, before it is frozen.",
    )
    flow_preset: Literal["ultrafast", "fast", "medium"] = setting(
        "What it looks at", "medium", description="Quality of the DIS optical flow of the encoder motion."
    )
    flow_long_side: int = setting(
        "What it looks at",
        384,
        ge=128,
        le=1024,
        description="Frames whose longer side has more pixels than this are shrunk before motion is estimated.",
    )
    max_training_frames: int = setting(
        "What it looks at",
        20_000,
        ge=256,
        le=10_000_000,
        description="Of longer footage evenly spread stretches are learned from: bounds memory and time.",
    )

    history: int = setting(
        "Generating the future",
        3,
        ge=1,
        le=16,
        description="Frames of a window that are given (k; not in the paper, 3 in MoCoDAD).",
    )
    future: int = setting(
        "Generating the future",
        3,
        ge=1,
        le=16,
        description="Frames that are generated (N - k; not in the paper, 3 in MoCoDAD).",
    )
    condition: Literal["history", "embedding", "both"] = setting(
        "Generating the future",
        "history",
        description="How the network is told the history: as input channels; as an embedding by 3D convolution "
        "(paper, section 3.2); or both. In equation (1) the history itself is noised, which contradicts the text.",
    )
    clip: float | None = setting(
        "Generating the future",
        2.0,
        gt=0,
        le=100,
        description="History and generated futures are cut off here, in units where 2 is the 95th percentile, so that "
        "the network cannot foretell unusual speed from unusual speed. Empty: no limit (paper).",
    )
    target: Literal["absolute", "delta"] = setting(
        "Generating the future",
        "absolute",
        description="What is generated: the future itself, or its difference from the last frame of the history.",
    )
    prediction: Literal["x0", "eps"] = setting(
        "Generating the future",
        "x0",
        description="What the network estimates: the clean future, or the noise (paper, equation 2).",
    )
    sampler: Literal["posterior", "ddpm"] = setting(
        "Generating the future",
        "posterior",
        description="Way back from noise: by the clean estimate, which can be cut off, or equation (3) with its indices "
        "mended (MoCoDAD: variance beta, step 0 never used).",
    )
    diffusion_steps: int = setting(
        "Generating the future",
        5,
        ge=2,
        le=1000,
        description="Noise levels of the cosine schedule (T; not in the paper, 10 in MoCoDAD).",
    )

    widths: tuple[int, int, int, int] = setting(
        "Network and training",
        (16, 32, 64, 128),
        description="Channels of the graph layers, 4 to 512 each (MoCoDAD: these).",
    )
    embedding: int = setting(
        "Network and training",
        32,
        ge=4,
        le=512,
        multiple_of=2,
        description="Numbers that tell the step and the history (MoCoDAD: 16).",
    )
    last_layer: Literal["convolution", "graph"] = setting(
        "Network and training",
        "convolution",
        description="How the network ends: freely, or with one more graph layer (MoCoDAD).",
    )
    learning_rate: float = setting(
        "Network and training", 2e-3, gt=0, le=0.1, description="AdamW's highest learning rate (paper: 2e-4)."
    )
    schedule: Literal["one_cycle", "constant"] = setting(
        "Network and training",
        "one_cycle",
        description="one_cycle rises and falls in the warm-up and goes on with a falling third; or constant (paper).",
    )
    weight_decay: float = setting(
        "Network and training", 1e-4, ge=0, le=1, description="AdamW's weight decay (section 4.2)."
    )
    gradient_clip: float = setting(
        "Network and training", 1.0, gt=0, le=1000, description="Longest gradient of a step."
    )
    batch_size: int = setting(
        "Network and training",
        64,
        ge=2,
        le=4096,
        description="Windows in a training step (not in the paper).",
    )
    warmup_steps: int = setting(
        "Network and training",
        200,
        ge=1,
        le=1_000_000,
        description="Steps on all windows alike before labels are made: works because most footage is usual.",
    )
    round_steps: int | None = setting(
        "Network and training",
        80,
        ge=1,
        le=100_000,
        description="Training steps in a round. Empty: one pass over the windows (paper).",
    )
    ema: float = setting(
        "Network and training",
        0.99,
        ge=0,
        lt=1,
        description="How much of the averaged weights stays at each step, less at first (m, momentum model of "
        "section 3.4; 0.999 in Litrico et al. 2023).",
    )
    training_stride: int = setting(
        "Network and training", 1, ge=1, le=64, description="Frames between training windows."
    )

    over_patterns: Literal["min", "mean"] = setting(
        "Score",
        "min",
        description="Distance of a cell: to the nearest pattern (MoCoDAD), or on average (D_I, equation 4).",
    )
    top_cells: int | None = setting(
        "Score",
        1,
        ge=1,
        le=1024,
        description="A window's distance is the mean of this many of its strangest cells. Empty: of all (paper), which "
        "drowns small things.",
    )
    scoring_stride: int = setting(
        "Score",
        3,
        ge=1,
        le=16,
        description="Frames between scored windows, at most `future`, so that none is left out.",
    )
    descriptor_size: int = setting(
        "Score",
        32,
        ge=2,
        le=256,
        description="Numbers that describe a pattern in plots (main axes of futures).",
    )

    label_patterns: int = setting(
        "Pseudo-labels",
        4,
        ge=1,
        le=100,
        description="Futures generated for each window when labels are made during training; the last time all "
        "patterns are. Making labels would otherwise be nearly all of the work.",
    )
    label_stride: int = setting(
        "Pseudo-labels", 3, ge=1, le=64, description="Frames between the windows of the bank that get labels."
    )
    threshold_over: Literal["round", "batch"] = setting(
        "Pseudo-labels",
        "round",
        description="Whose distances give mean and deviation: all windows of a camera in a round, or each random batch "
        "(paper). Footage of one picture size is taken to be of one camera.",
    )
    sharpness: float = setting(
        "Pseudo-labels",
        2.0,
        gt=0,
        le=100,
        description="Probability = logistic of this times (distance - threshold) / deviation. The paper names an anomaly "
        "probability but no head that gives one.",
    )
    neighbours: int = setting(
        "Pseudo-labels",
        10,
        ge=1,
        le=100,
        description="Neighbours that vote (K of equation 7; 10 in Litrico et al. 2023).",
    )
    temporal_s: float = setting(
        "Pseudo-labels",
        2.0,
        ge=0,
        le=600,
        description="Windows of the same video within so many seconds are nearly the same; at most half of the "
        "neighbours may be such, and never the window itself.",
    )
    feature_size: int = setting(
        "Pseudo-labels",
        64,
        ge=2,
        le=512,
        description="Numbers of the bank's features (f; main axes of whole windows).",
    )
    hinge_weight: float = setting(
        "Pseudo-labels", 0.2, ge=0, le=1, description="Weight of the push of `hinge`."
    )

    human_factor: float = setting(
        "People's verdicts",
        4.0,
        ge=1,
        le=100,
        description="How many votes a window has that a person decided (gamma; 1 = as any other).",
    )
    human_share: float = setting(
        "People's verdicts",
        0.5,
        gt=0,
        le=1,
        description="Most that people's windows may weigh in a vote, unless there are no others.",
    )
    normal_similarity: float = setting(
        "People's verdicts",
        0.7,
        ge=-1,
        le=1,
        description="Cosine from which on a window found normal has its extra votes.",
    )
    abnormal_similarity: float = setting(
        "People's verdicts",
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
        if self.cell_norm == "perspective" and self.encoder != "motion":
            raise ValueError("cell_norm=perspective is learned from speeds: it needs encoder=motion")
        if self.encoder == "motion" and self.cells < self.nodes:
            raise ValueError(f"cells must be no fewer than nodes ({self.nodes}), got {self.cells}")
        return self

    @property
    def length(self) -> int:
        """Frames of a window (N)."""
        return self.history + self.future
