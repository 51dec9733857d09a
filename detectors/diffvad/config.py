"""Presets and description of DiffVAD; its settings are in `settings`. No torch."""

from detectors.base import About, Cost, Phase, Preset
from detectors.diffvad.settings import DiffVADConfig

__all__ = ["ABOUT", "DiffVADConfig"]

ABOUT = About(
    title="DiffVAD: diffusion of what comes next",
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
    phases=(
        Phase("pictures", "Reading pictures", 0.1, only={"encoder": ("footage",)}),
        Phase("encoder", "Learning to describe pictures", 0.2, only={"encoder": ("footage",)}),
        Phase("frames", "Reading the footage", 0.2),
        Phase("training", "Training and labelling, round by round", 0.8),
    ),
)
