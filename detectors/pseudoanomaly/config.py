"""Presets and description of the pseudo-anomaly autoencoders; their settings are in `settings`. No torch."""

from detectors.base import About, Cost, Phase, Preset
from detectors.pseudoanomaly.settings import PseudoAnomalyConfig

__all__ = ["ABOUT", "PseudoAnomalyConfig"]

ABOUT = About(
    title="Pseudo-anomaly autoencoder",
    description=(
        "Learns how things usually move in this scene by compressing short pieces of motion and rebuilding "
        "them. While it learns, half of the pieces are played too fast and it must still rebuild the normal "
        "ones, so that it becomes bad at rebuilding motion it has not seen. A frame scores high where the real "
        "motion differs most from the rebuilt one, where it is fast, and where something has changed and stays."
    ),
    paper="Rai et al., Video Anomaly Detection via Spatio-Temporal Pseudo-Anomaly Generation: A Unified "
    "Approach, CVPR Workshops 2024, arXiv:2311.16514",
    sees=(
        "Things that move faster than usual, or move where little moves: running, cycling or driving among "
        "pedestrians.",
        "Things that move in another direction than usual there: against a stream of people or traffic.",
        "Things that are left and people who lie down, for up to half a minute, where little else stands still.",
    ),
    cannot_see=(
        "A small thing that is left where people often stop: somebody who stands and talks has changed the picture "
        "as much.",
        "What looks odd and moves like everything else, unless pictures are learned too (streams=both).",
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
                streams="both",
                appearance_colour="rgb",
                motion_pseudo_anomalies=("mix",),
                mix_region="rectangle",
                held_out_ratio=0.0,
                gate=0.0,
                score="benchmark",
                eta_motion=0.5,
                eta_appearance=0.5,
                eta_lingering=0.0,
            ),
            purpose="The widths, size and schedule of the paper's temporal stream; needs a GPU.",
            cost=None,
        ),
    },
    # frame AUC of the presets "fast", from the READMEs: drawn plaza .78 against .70 of kdiffusion; Ped2 .97, .96, and
    # .98 of diffvad, where speed is all there is to see
    recommended="It needs no pretrained files. On drawn scenes with exact labels it found most, and of the detectors "
    "without pretrained files it alone sees wrong directions and things that stay.",
    phases=(
        Phase("cuts", "Looking for cuts", 0.05),
        Phase("footage", "Reading the footage", 0.25),
        Phase("inpainting", "Inpainting", 2.0, only={"inpainter": ("ldm", "diffusers")}),
        Phase("training", "Training", 0.6),
        Phase("discriminator", "Training the discriminator", 0.1, only={"discriminator": (True,)}),
        Phase("checking", "Checking what was learned", 0.02),
        Phase("calibrating", "Learning the usual range of scores", 0.08),
    ),
)
