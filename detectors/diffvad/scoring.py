"""What scoring returns of the windows of a video: curves, and how windows become frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.base import Refinement, Track
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.distance import Distances
from detectors.diffvad.encoders import Floats, FrameEncoder
from detectors.diffvad.footage import Places
from detectors.windows import time_means

_MOTION_CELLS = 16  # along each side, of the untrained curves
_MOTION_MEAN = 16  # frames of the untrained curve that averages


@dataclass(frozen=True, slots=True)
class Group:
    """Windows that were scored together.

    first: (B,). distances. features: (B, f). actual: (B, d) and generated: (B, M, d), descriptors of futures.
    """

    first: Places
    distances: Distances
    features: Floats
    actual: Floats
    generated: Floats


def over_frames(values: Floats, first: Places, n_frames: int, config: DiffVADConfig) -> Floats:
    """Average over each frame the windows in whose future it lies: (B,) -> (n_frames,)."""
    total, count = np.zeros(n_frames + 1), np.zeros(n_frames + 1)
    stops = np.minimum(first + config.future, n_frames)
    for sums, weights in ((total, values.astype(np.float64)), (count, np.ones(len(values)))):
        np.add.at(sums, first, weights)
        np.add.at(sums, stops, -weights)
    return (np.cumsum(total[:-1]) / np.cumsum(count[:-1])).astype(np.float32)


def tracks(groups: list[Group], asked: Refinement, config: DiffVADConfig) -> dict[str, Track]:
    """Give the curves of a video, a value a window, at the first frame of its future."""

    def joined(name: str) -> Floats:
        return np.concatenate([getattr(group.distances, name) for group in groups])

    by_pattern = joined("patterns")
    values: dict[str, NDArray[Any]] = {
        "distance": asked.distance[0],
        "threshold": np.repeat(asked.threshold, len(by_pattern)),
        "probability": asked.probability[0],
        "vote": asked.vote[0],
        "raw_label": asked.raw[0],
        "refined_label": asked.refined[0],
        "entropy": asked.entropy[0],
        "weight": asked.weight[0],
        "mean_distance": by_pattern.mean(1),
        "nearest_pattern_distance": by_pattern.min(1),
        "bias": joined("bias"),
        "spread": joined("spread"),
    }
    stride = config.scoring_stride
    return {name: Track(value.astype(np.float32), stride=stride) for name, value in values.items()}


def watched(pieces: Iterator[Floats], encoder: FrameEncoder, speeds: list[Floats]) -> Iterator[Floats]:
    """Pass on pieces (n, C, V) of speeds, and keep their cells (n, 16, 16) in `speeds`."""
    for piece in pieces:
        cells = encoder.cells(torch.from_numpy(piece))
        speeds.append(torch.nn.functional.adaptive_avg_pool2d(cells, _MOTION_CELLS).numpy())
        yield piece


def motion_tracks(speeds: list[Floats]) -> dict[str, Track]:
    """Give the untrained curves that every figure is to be compared with."""
    if not speeds:
        return {}
    means = time_means(speeds, _MOTION_MEAN)
    curves = {
        "motion_strongest_cell": [piece.max((1, 2)) for piece in speeds],
        "motion_mean": [piece.mean((1, 2)) for piece in speeds],
        "motion_time_mean_16": [piece.max((1, 2)) for piece in means],
    }
    return {name: Track(np.concatenate(parts).astype(np.float32)) for name, parts in curves.items()}
