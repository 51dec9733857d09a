"""From what was measured to scores: every part on the scale of usual footage, then added up.

A part of the calibrated score is in robust deviations from usual frames, so that videos can be compared and a
video that is abnormal throughout does not look normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors.base import Heatmaps, Patterns, Track, VideoScores
from detectors.pseudoanomaly import benchmark, motion
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.motion import ERROR, FASTER, HEATMAP_STRIDE, SPEED, UNEXPECTED
from detectors.pseudoanomaly.network import WINDOW
from detectors.pseudoanomaly.plain import PlainMeasured, Scale
from detectors.pseudoanomaly.rebuilding import CELLS, REGION

_MAPS_AT_ONCE = 1024
_HEAT_PER_TOP = 1.5  # what is drawn hottest, in hottest usual cells


@dataclass(frozen=True, slots=True)
class Calibration:
    """How usual footage measures, part by part; None for parts the settings do not use.

    gates: for each stream, how well its network tells pseudo-anomalies from held-out footage (AUC).
    without_things: pseudo-anomalies were to be put on things, and there were none.
    """

    motion: motion.Calibration | None
    appearance: Scale | None
    lingering: Scale | None
    gates: dict[str, float]
    without_things: bool = False

    def counts(self, stream: str, config: PseudoAnomalyConfig) -> bool:
        """Say whether a network has learned enough to count. One that could not be asked counts."""
        return not self.gates.get(stream, float("nan")) < config.gate


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was measured of one video, shot by shot, and where the shots begin."""

    starts: Sequence[int]
    motion: Sequence[motion.Measured] | None = None
    appearance: Sequence[PlainMeasured] | None = None
    lingering: Sequence[PlainMeasured] | None = None
    semantic: Sequence[NDArray[np.float32]] | None = None


def with_semantic(seen: Seen, semantic: Sequence[NDArray[np.float32]]) -> Seen:
    """Add what the discriminator says of each shot, (n,) each."""
    return replace(seen, semantic=semantic)


def kinds_of(config: PseudoAnomalyConfig) -> tuple[int, ...]:
    """List the kinds of cells that the heat of motion is made of."""
    return {
        "unexpected_motion": (UNEXPECTED,),
        "faster": (FASTER,),
        "motion_error": (ERROR,),
        "benchmark": (ERROR,),
    }.get(config.score, (UNEXPECTED, SPEED))


def judge(seen: Seen, calibration: Calibration, config: PseudoAnomalyConfig) -> VideoScores:
    """Turn measurements into scores."""
    parts = _parts(seen, calibration, config)
    moving = None if seen.motion is None else _joined(seen.motion)
    if config.score == "benchmark":
        frames = _benchmark(seen, config)
    elif config.score == "calibrated":
        frames = np.sum([weight * values for weight, values in parts.values()], axis=0)
    elif config.score == "motion_error":
        assert moving is not None
        assert calibration.motion is not None
        frames = calibration.motion.error_z(moving.error)
    elif config.score in ("unexpected_motion", "faster"):
        assert moving is not None
        assert calibration.motion is not None
        frames = calibration.motion.z(
            moving.strongest, UNEXPECTED if config.score == "unexpected_motion" else FASTER
        )
    else:
        frames = parts[config.score][1]
    return VideoScores(
        frames=frames.astype(np.float32),
        tracks={
            name: Track(values.astype(np.float32)) for name, values in _tracks(seen, calibration).items()
        },
        heatmaps=_heatmaps(seen, calibration, config),
        patterns=_patterns(seen),
        notes=_notes(seen, calibration, config),
    )


def _parts(
    seen: Seen, calibration: Calibration, config: PseudoAnomalyConfig
) -> dict[str, tuple[float, NDArray[np.float64]]]:
    """Name -> weight and values (N,), in deviations from usual frames."""
    parts: dict[str, tuple[float, NDArray[np.float64]]] = {}
    if seen.motion is not None and calibration.motion is not None:
        strongest = np.concatenate([m.strongest for m in seen.motion])
        fast = calibration.motion.z(strongest, SPEED)
        unexpected = (
            calibration.motion.z(strongest, UNEXPECTED) if calibration.counts("motion", config) else 0
        )
        parts["motion"] = config.eta_motion, fast + unexpected
    if seen.appearance is not None and calibration.appearance is not None:
        weight = config.eta_appearance if calibration.counts("appearance", config) else 0.0
        parts["appearance"] = weight, calibration.appearance.excess(_strongest(seen.appearance))
    if seen.lingering is not None and calibration.lingering is not None:
        excess = calibration.lingering.excess(_strongest(seen.lingering))
        parts["lingering"] = config.eta_lingering, excess
    if seen.semantic is not None:
        parts["semantic"] = config.eta_semantic, np.concatenate(seen.semantic).astype(np.float64)
    return parts


def _benchmark(seen: Seen, config: PseudoAnomalyConfig) -> NDArray[np.float64]:
    """Score as the paper does; frames that its protocol leaves out take the score of the nearest one."""
    indicators, weights = [], []
    n_frames = 0
    for stream, measured, weight in (
        ("appearance", seen.appearance, config.eta_appearance),
        ("motion", seen.motion, config.eta_motion),
    ):
        if measured is not None:
            error = np.concatenate([m.error for m in measured])
            n_frames = len(error)
            inner = benchmark.crop(error) if n_frames >= WINDOW else error
            to_indicator = benchmark.indicator if stream == "appearance" else benchmark.motion_indicator
            indicators.append(to_indicator(inner))
            weights.append(weight)
    if seen.semantic is not None:
        probability = np.concatenate(seen.semantic).astype(np.float64)
        indicators.append(benchmark.crop(probability) if n_frames >= WINDOW else probability)
        weights.append(config.eta_semantic)
    total = benchmark.aggregate(indicators, weights)
    if n_frames < WINDOW:
        return total
    return np.pad(total, (benchmark.FIRST, benchmark.LAST), mode="edge")


def _tracks(seen: Seen, calibration: Calibration) -> dict[str, NDArray[np.floating]]:
    tracks: dict[str, NDArray[np.floating]] = {}
    if seen.motion is not None and calibration.motion is not None:
        moving, scale = _joined(seen.motion), calibration.motion.scale
        tracks |= {
            "unexpected_motion": moving.strongest[:, UNEXPECTED, 0] * scale,
            "faster_than_expected": moving.strongest[:, FASTER, 0] * scale,
            "motion_error": moving.error,
            "motion_mean": moving.mean * scale,
            "motion_strongest_cell": moving.cell_speed * scale,
            "motion_time_mean_16": moving.cell_speed_mean * scale,
        }
    if seen.appearance is not None:
        tracks["appearance_error"] = np.concatenate([m.error for m in seen.appearance])
        tracks["unexpected_appearance"] = _strongest(seen.appearance)
    if seen.lingering is not None:
        tracks["lingering"] = _strongest(seen.lingering)
    if seen.semantic is not None:
        tracks["semantic_inconsistency"] = np.concatenate(seen.semantic)
    return tracks


def _heatmaps(seen: Seen, calibration: Calibration, config: PseudoAnomalyConfig) -> Heatmaps:
    """Add the heat of all parts that count, on one scale for all videos of a model."""
    lengths = _lengths(seen)
    frames = np.concatenate(
        [
            start + np.arange(0, length, HEATMAP_STRIDE)
            for start, length in zip(seen.starts, lengths, strict=True)
        ]
    )
    high, layers = 0.0, []
    if seen.motion is not None and calibration.motion is not None:
        high = calibration.motion.heat_high(kinds_of(config))
        layers.append((np.concatenate([m.heat for m in seen.motion]), 0.0, high / 255))
    for name, measured, scale, weight in (
        ("appearance", seen.appearance, calibration.appearance, config.eta_appearance),
        ("lingering", seen.lingering, calibration.lingering, config.eta_lingering),
    ):
        if measured is not None and scale is not None and weight and calibration.counts(name, config):
            high = high or _HEAT_PER_TOP * scale.top / scale.spread
            layers.append((np.concatenate([m.cells for m in measured]), scale.top, weight / scale.spread))
    high = high or 1.0
    values = np.zeros((len(frames), CELLS, CELLS), np.uint8)
    for first in range(0, len(frames), _MAPS_AT_ONCE):  # as numbers with a point, all maps are too many
        part = slice(first, first + _MAPS_AT_ONCE)
        total = sum(
            (
                np.maximum(0, cells[part].astype(np.float32) - usual) * factor
                for cells, usual, factor in layers
            ),
            start=np.zeros_like(values[part], np.float32),
        )
        values[part] = np.clip(np.rint(total * (255 / high)), 0, 255).astype(np.uint8)
    return Heatmaps(values=values, frames=frames, low=0.0, high=high, region=REGION)


def _patterns(seen: Seen) -> Patterns | None:
    if seen.motion is None:
        return None
    shots = list(zip(seen.starts, seen.motion, strict=True))
    return Patterns(
        actual=np.concatenate([m.patterns for _, m in shots]),
        starts=np.concatenate([start + m.starts for start, m in shots]),
        length=WINDOW,
    )


def _notes(seen: Seen, calibration: Calibration, config: PseudoAnomalyConfig) -> tuple[str, ...]:
    notes = []
    cuts = list(seen.starts[1:])
    if cuts:
        listed = ", ".join(map(str, cuts[:5])) + (f" and {len(cuts) - 5} more" if len(cuts) > 5 else "")
        notes.append(f"The scene is cut at frame {listed}; motion across a cut was not judged.")
    if calibration.without_things:
        notes.append(
            "Nothing stood out or moved in the training footage, so pseudo-anomalies were put on irregular strokes "
            "instead of on things."
        )
    for stream, auc in calibration.gates.items():
        if not calibration.counts(stream, config):
            notes.append(
                f"The network of {stream} hardly tells pseudo-anomalies from usual footage (AUC {auc:.2f}), so it "
                "does not count in the score. More footage may help."
            )
    return tuple(notes)


def _joined(shots: Sequence[motion.Measured]) -> motion.Measured:
    if len(shots) == 1:
        return shots[0]
    return replace(
        shots[0],
        **{
            name: np.concatenate([getattr(m, name) for m in shots])
            for name in ("strongest", "error", "mean", "cell_speed", "cell_speed_mean", "heat", "patterns")
        },
    )


def _strongest(shots: Sequence[PlainMeasured]) -> NDArray[np.float32]:
    return np.concatenate([m.strongest for m in shots])


def _lengths(seen: Seen) -> list[int]:
    measured = next(part for part in (seen.motion, seen.appearance, seen.lingering) if part is not None)
    return [len(m.strongest) for m in measured]
