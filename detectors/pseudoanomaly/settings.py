"""Settings of the pseudo-anomaly autoencoders. Imports no torch."""

from typing import Literal, Self

from pydantic import model_validator

from detectors.base import Config, setting


class PseudoAnomalyConfig(Config):
    """Settings of two autoencoders, of motion and of pictures, that learn from pseudo-anomalies."""

    streams: Literal["motion", "appearance", "both"] = setting(
        "What it looks at",
        "motion",
        description="Which autoencoders are trained: of motion (A^t of the paper), of pictures (A^s), or both. "
        "Pictures help where things look odd; on plain gray footage they tell little.",
    )
    size: Literal[32, 64, 128, 256] = setting(
        "What it looks at",
        64,
        description="Height and width, in cells, of what the networks see (paper: 256, implementation details). "
        "Half the size takes a quarter of the time.",
    )
    appearance_colour: Literal["gray", "rgb"] = setting(
        "What it looks at", "gray", description="Pictures in gray, or in colour as in the paper."
    )
    flow_method: Literal["dis", "tvl1-opencv", "tvl1-scikit"] = setting(
        "What it looks at",
        "dis",
        description="How motion is estimated. TV-L1 is the paper's, 50 to 130 times slower, and needs "
        "opencv-contrib or scikit-image. A model scores with the method that it learned with.",
    )
    flow_preset: Literal["ultrafast", "fast", "medium"] = setting(
        "What it looks at", "medium", description="Quality of the DIS optical flow; TV-L1 has none."
    )
    flow_long_side: int = setting(
        "What it looks at",
        384,
        ge=128,
        le=1024,
        description="Frames whose longer side has more pixels than this are shrunk before motion is "
        "estimated.",
    )

    motion_pseudo_anomalies: tuple[Literal["skip", "mix", "patch"], ...] = setting(
        "Pseudo-anomalies",
        ("skip",),
        min_length=1,
        max_length=12,
        description="How motion is made abnormal, drawn from this list (name one twice to draw it more often). "
        "skip: played too fast (Astrid et al. 2021); mix: mixed with motion from elsewhere in the field (the "
        "paper, section 3.2); patch: other motion pasted in, turned and hastened.",
    )
    motion_ratio: float = setting(
        "Pseudo-anomalies",
        0.5,
        ge=0,
        le=0.95,
        description="Share of the windows of motion that are made abnormal (p_t, implementation details).",
    )
    skip_strides: tuple[int, ...] = setting(
        "Pseudo-anomalies",
        (2, 3, 4, 5),
        min_length=1,
        max_length=8,
        description="skip plays the footage at one of these speeds, 2 to 8.",
    )
    mix_beta: float = setting(
        "Pseudo-anomalies",
        0.4,
        gt=0,
        le=10,
        description="mix draws its shares from Beta(b, b) with this b (paper: 0.4).",
    )
    mix_region: Literal["mask", "rectangle"] = setting(
        "Pseudo-anomalies",
        "mask",
        description="mix changes the cells of the mask (what the paper's figure 2 shows), or the rectangle "
        "around it (its text).",
    )
    appearance_pseudo_anomalies: tuple[Literal["fill", "skip", "patch", "inpainted"], ...] = setting(
        "Pseudo-anomalies",
        ("fill",),
        min_length=1,
        max_length=12,
        description="How pictures are made abnormal, drawn from this list. fill: a thing is filled as the next "
        "setting says; inpainted: by a diffusion model (the paper, section 3.1), see inpainter; skip: played "
        "too fast; patch: a wandering patch of other footage (SmoothMixS, Astrid et al. 2021).",
    )
    appearance_ratio: float = setting(
        "Pseudo-anomalies",
        0.4,
        ge=0,
        le=0.95,
        description="Share of the windows of pictures that are made abnormal (p_s, implementation details).",
    )
    fills: tuple[Literal["jigsaw", "footage", "telea", "navier_stokes", "vanished"], ...] = setting(
        "Pseudo-anomalies",
        ("jigsaw", "jigsaw", "footage", "telea"),
        min_length=1,
        max_length=12,
        description="What fill puts into a hole, drawn from this list, in place of the paper's inpainter. jigsaw: "
        "its own blocks permuted; footage: blocks of other footage; telea, navier_stokes: its surroundings "
        "grown in, under matching noise; vanished: the same without noise.",
    )
    masks: Literal["objects", "irregular", "provider"] = setting(
        "Pseudo-anomalies",
        "objects",
        description="Where fill, inpainted and mix work: on things that stand out or move, followed through the "
        "clip (irregular strokes where there are none); on irregular strokes; or on masks of your own "
        "program.",
    )
    irregular_masks: Literal["thin", "medium", "thick", "lama"] = setting(
        "Pseudo-anomalies",
        "medium",
        description="Kind of irregular strokes: the published presets of LaMa (Suvorov et al. 2022).",
    )
    coherent: bool = setting(
        "Pseudo-anomalies",
        False,
        description="Draw shares, places and fills once for a clip, and not in every frame as in the paper.",
    )
    inpainter: Literal["none", "ldm", "diffusers"] = setting(
        "Pseudo-anomalies",
        "none",
        description="Diffusion model behind inpainted, from the weights folder: ldm is the paper's as three "
        "TorchScript files, diffusers any inpainting pipeline in a folder. Takes minutes a frame without a GPU.",
    )
    inpainter_steps: int = setting(
        "Pseudo-anomalies", 50, ge=1, le=1000, description="Denoising steps of the diffusion model."
    )
    inpainted_clips: int = setting(
        "Pseudo-anomalies",
        64,
        ge=1,
        le=10_000,
        description="Clips of 16 frames that are inpainted before training; they are kept and used again.",
    )

    widths: tuple[int, int, int, int] = setting(
        "Network and training",
        (24, 32, 64, 64),
        description="Channels of the four convolutions, 4 to 512 each (paper: 96, 128, 256, 256, "
        "supplementary).",
    )
    output: Literal["linear", "tanh"] = setting(
        "Network and training",
        "linear",
        description="Last layer. The paper's tanh cuts off speeds beyond the fastest usual ones, which are "
        "the anomalies; linear keeps them.",
    )
    learning_rate: float = setting(
        "Network and training",
        1e-3,
        gt=0,
        le=0.1,
        description="Adam's first learning rate (paper: 1e-4, implementation details).",
    )
    schedule: Literal["cosine", "constant"] = setting(
        "Network and training",
        "cosine",
        description="How the learning rate goes on: down to zero, or constant as in the paper.",
    )
    batch_size: int = setting(
        "Network and training", 4, ge=1, le=64, description="Windows in a training step (paper: 24)."
    )
    epochs: int = setting(
        "Network and training", 6, ge=1, le=200, description="Passes over the training windows (paper: 25)."
    )
    min_steps: int = setting(
        "Network and training",
        700,
        ge=1,
        le=100_000,
        description="Little footage is passed over again until training has had this many steps.",
    )
    training_stride: int = setting(
        "Network and training",
        4,
        ge=1,
        le=64,
        description="Frames between the starts of training windows; the exact start is drawn anew in each "
        "epoch (paper: 1).",
    )
    max_training_frames: int = setting(
        "Network and training",
        12_000,
        ge=64,
        le=1_000_000,
        description="Longer footage is learned from stretches spread evenly over it, this many frames in "
        "all. Bounds memory: 24 KB a frame for motion at size 64, 4 KB for gray pictures.",
    )
    confirmed_weight: int = setting(
        "Network and training",
        3,
        ge=1,
        le=20,
        description="How many times as often a window is drawn in which a person found nothing abnormal.",
    )
    precision: Literal["float32", "bfloat16", "auto"] = setting(
        "Network and training",
        "auto",
        description="Numbers the networks compute with. auto takes bfloat16 where the processor or GPU has "
        "instructions for it, which is faster; elsewhere it is ten times slower.",
    )
    recompute_norms: bool = setting(
        "Network and training",
        False,
        description="After training, measure the normalisation again on normal windows alone; in training it saw "
        "pseudo-anomalies too.",
    )

    score: Literal[
        "calibrated", "unexpected_motion", "faster", "motion_error", "appearance", "lingering", "benchmark"
    ] = setting(
        "Score",
        "calibrated",
        description="What the score is. calibrated: the weighted sum of the parts below, on the scale of usual "
        "footage. One part alone: unexpected_motion, faster (than rebuilt), motion_error, appearance, "
        "lingering. benchmark: the paper's, from the worst to the best frame of each video, which cannot be "
        "compared between videos.",
    )
    eta_motion: float = setting(
        "Score",
        1.0,
        ge=0,
        le=10,
        description="Weight of motion: what was not rebuilt, plus speed (eta_2 of the paper).",
    )
    eta_appearance: float = setting(
        "Score",
        1.0,
        ge=0,
        le=10,
        description="Weight of pictures that were not rebuilt (eta_1 of the paper).",
    )
    eta_semantic: float = setting(
        "Score", 1.0, ge=0, le=10, description="Weight of the discriminator (eta_3 of the paper)."
    )
    eta_lingering: float = setting(
        "Score",
        4.0,
        ge=0,
        le=10,
        description="Weight of what has changed and stays: left things, somebody who lies there. Not of the "
        "paper; 0 leaves it out.",
    )
    lingering_s: float = setting(
        "Score",
        4.0,
        ge=0.2,
        le=60,
        description="Seconds that something must stay to count as lingering.",
    )
    discriminator: bool = setting(
        "Score",
        False,
        description="Train the discriminator of section 3.3, which says how much a window looks like a "
        "pseudo-anomaly. Off because it gave the paper -0.11 to 0.45 points.",
    )
    discriminator_features: Literal["bottleneck", "clip", "vificlip"] = setting(
        "Score",
        "bottleneck",
        description="What the discriminator judges windows by: the pooled bottleneck of the network of pictures; "
        "clip, CLIP's description of the 9th frame; or vificlip, the mean over all 16 (the paper). The last two "
        "need weights that you supply, and a third of a second of a processor core for each picture.",
    )
    scoring_stride: Literal[1, 2, 4, 8, 16] = setting(
        "Score",
        4,
        description="Frames between scored windows; each gives its central frames (paper: 1, of which "
        "each gives its 9th frame; inference).",
    )
    perspective: bool = setting(
        "Score",
        True,
        description="Judge motion by the size that things have in that row of the picture, as learned from the "
        "usual speeds there. Turn it off for a camera that looks straight down.",
    )
    held_out_ratio: float = setting(
        "Score",
        0.1,
        ge=0,
        le=0.5,
        description="Share of the footage that is not trained on. It says how usual footage scores, and whether "
        "a network can tell pseudo-anomalies from it.",
    )
    gate: float = setting(
        "Score",
        0.6,
        ge=0,
        le=1,
        description="A network that tells pseudo-anomalies from held-out footage with a lower AUC than this does "
        "not count in the calibrated score. Judges the network, without labels; 0 lets any pass.",
    )

    @property
    def uses_motion(self) -> bool:
        return self.streams != "appearance"

    @property
    def uses_appearance(self) -> bool:
        return self.streams != "motion"

    @property
    def uses_masks(self) -> bool:
        """Whether anything has to be found in the pictures."""
        return (self.uses_motion and "mix" in self.motion_pseudo_anomalies) or (
            self.uses_appearance and bool({"fill", "inpainted"} & set(self.appearance_pseudo_anomalies))
        )

    @property
    def channels(self) -> int:
        """Channels of a picture."""
        return 3 if self.appearance_colour == "rgb" else 1

    @model_validator(mode="after")
    def _bounds_of_items(self) -> Self:
        if not all(4 <= width <= 512 for width in self.widths):
            raise ValueError(f"widths must lie from 4 to 512, got {self.widths}")
        if not all(2 <= stride <= 8 for stride in self.skip_strides):
            raise ValueError(f"skip_strides must lie from 2 to 8, got {self.skip_strides}")
        return self

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.discriminator and not self.uses_appearance:
            raise ValueError("discriminator needs pictures: choose streams appearance or both")
        if (
            self.uses_appearance
            and "inpainted" in self.appearance_pseudo_anomalies
            and self.inpainter == "none"
        ):
            raise ValueError("inpainted pseudo-anomalies need an inpainter: choose ldm or diffusers")
        needs = {"appearance": self.uses_appearance} | dict.fromkeys(
            ("unexpected_motion", "faster", "motion_error"), self.uses_motion
        )
        if not needs.get(self.score, True):
            raise ValueError(f"the score {self.score} needs its network: choose streams both")
        return self
