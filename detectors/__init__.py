"""Detectors that learn what is usual in footage and score every frame for how unusual it is.

    detector = detectors.create("pseudoanomaly").fit(detectors.video.find_videos("normal/"))
    scores = detector.score(detectors.video.Video("today.mp4")).frames

Importing this package imports no torch; `create` and `load` do, for the detector they are asked for.
"""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detectors.base import About, Config, Detector, Device


def names() -> list[str]:
    """List the detectors by name."""
    from detectors.catalogue import DETECTORS

    return sorted(DETECTORS)


def describe(name: str) -> dict[str, Any]:
    """Say what a person must know to choose and set up a detector, as values that JSON can hold.

    presets: name -> config, purpose, needs_weights and cost (seconds of work on one CPU core, or None).
    schema: the JSON schema of the config, defaults as in the preset "fast". phases: of training, in order.
    recommended: why this is the detector to begin with, or "".
    Imports no torch. Raises ConfigError on an unknown name.
    """
    declared = about(name)
    presets = {
        preset_name: {
            "config": preset.config.model_dump(mode="json"),
            "purpose": preset.purpose,
            "needs_weights": list(preset.needs_weights),
            "cost": asdict(preset.cost) if preset.cost else None,
        }
        for preset_name, preset in declared.presets.items()
    }
    return {
        "name": name,
        "title": declared.title,
        "description": declared.description,
        "paper": declared.paper,
        "sees": list(declared.sees),
        "cannot_see": list(declared.cannot_see),
        "presets": presets,
        "phases": [asdict(phase) for phase in declared.phases],
        "recommended": declared.recommended,
        "schema": declared.config_class.model_json_schema(),
    }


def configure(name: str, *, preset: str = "fast", **overrides: Any) -> Config:
    """Make the config of a detector from a preset and what differs from it. Imports no torch.

    Raises ConfigError on an unknown name, preset or setting, or a value out of bounds.
    """
    from detectors.base import ConfigError

    declared = about(name)
    if preset not in declared.presets:
        raise ConfigError(f"{name} has no preset {preset!r}; its presets are {', '.join(declared.presets)}.")
    return declared.config_class.parse({**declared.presets[preset].config.model_dump(), **overrides})


def create(
    name: str, *, preset: str = "fast", seed: int = 0, device: Device = "auto", **overrides: Any
) -> Detector:
    """Make a detector that has learned nothing yet. Raises ConfigError as `configure` does."""
    config = configure(name, preset=preset, **overrides)
    return _class(name)(config, seed=seed, device=device)


def load(folder: Path | str, *, device: Device = "auto") -> Detector:
    """Read a model from its folder, whichever detector made it. Raises ConfigError if it is not a model."""
    from detectors import artifacts

    return _class(artifacts.detector_name(folder)).load(folder, device=device)


def _entry(name: str) -> tuple[str, str]:
    from detectors.base import ConfigError
    from detectors.catalogue import DETECTORS

    if name not in DETECTORS:
        raise ConfigError(f"There is no detector {name!r}; the detectors are {', '.join(names())}.")
    module, _, class_name = DETECTORS[name].partition(":")
    return module, class_name


def about(name: str) -> About:
    """Give what a detector declares of itself. Imports no torch. Raises ConfigError on an unknown name."""
    module, _ = _entry(name)
    return import_module(module.rpartition(".")[0] + ".config").ABOUT


def _class(name: str) -> type[Detector]:
    module, class_name = _entry(name)
    return getattr(import_module(module), class_name)
