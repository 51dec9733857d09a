"""Settings of the test detector."""

from __future__ import annotations

from pydantic import Field

from detectors.base import About, Config, Cost, Phase, Preset


class SteadyConfig(Config):
    epochs: int = Field(3, ge=1, le=1000, description="Epochs.")
    step_s: float = Field(0.0, ge=0, le=10, description="Seconds a training step takes; an epoch has four.")
    frame_s: float = Field(0.0, ge=0, le=10, description="Seconds the scoring of a frame takes.")
    trouble: str = Field("", description="What goes wrong: config, weights, bug, memory.")


ABOUT = About(
    title="Steady",
    description="Scores the brightness of a frame.",
    paper="none",
    sees=("Light.",),
    cannot_see=("Darkness.",),
    config_class=SteadyConfig,
    presets={
        "fast": Preset(
            SteadyConfig(),
            purpose="Tests.",
            cost=Cost(
                train_fixed_s=1.0,
                train_s_per_1000_frames=2.0,
                score_s_per_1000_frames=4.0,
                measured_on="paper",
            ),
        ),
        "paper": Preset(SteadyConfig(epochs=9), purpose="Tests.", cost=None),
    },
    phases=(Phase("training", "Training", 1.0),),
)
