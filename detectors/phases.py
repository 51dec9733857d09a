"""The parts of a training, as a detector declares them, and how far the whole of it is. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of training: its `name` in reports, its `title` for people, and its share of the time of training.

    share: about that of two to three thousand frames, from the measured cost; in any unit, only the ratios count. only: setting -> values; the phase occurs where each of these
    settings has one of its values.
    """

    name: str
    title: str
    share: float
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def occurring(phases: Sequence[Phase], config: object) -> tuple[Phase, ...]:
    """Choose the phases that a training with some settings has, in their order."""
    return tuple(
        phase
        for phase in phases
        if all(getattr(config, setting) in values for setting, values in phase.only.items())
    )


def reached(phases: Sequence[Phase], name: str, fraction: float) -> float:
    """Say how far the whole is, 0 to 1, when the phase `name` is at `fraction`; 0 for a phase that is not declared."""
    whole = sum(phase.share for phase in phases)
    before = 0.0
    for phase in phases:
        if phase.name == name:
            return min(1.0, (before + phase.share * min(max(fraction, 0.0), 1.0)) / whole)
        before += phase.share
    return 0.0
