"""What is stored of a video's scores beside its tracks: small descriptions in the row, arrays in its Zarr store.

Numbers are stored in the smallest type that shows a person the same: probabilities as float16, labels as int8.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.runs import inference, people

Arrays = dict[str, NDArray[Any]]

PROBABILITIES = ("probability", "vote", "entropy", "weight")


@dataclass
class Stored:
    """Descriptions for the columns of a RunVideo, empty where it has none, and arrays by the names in the store."""

    heatmap: dict[str, Any] = field(default_factory=dict)
    patterns: dict[str, Any] = field(default_factory=dict)
    refinement: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


def of(scores: inference.VideoScores) -> Stored:
    """Lay out everything dense that a detector says about one video; names as in `detectors.base`."""
    found = Stored()
    if scores.heatmaps is not None and len(scores.heatmaps.values):
        found.heatmap, found.arrays["heatmaps"] = _on_grid(scores.heatmaps)
    if scores.patterns is not None and len(scores.patterns.starts):
        found.patterns = _patterns(scores.patterns, found.arrays)
    if scores.refinement is not None and len(scores.refinement.starts):
        found.refinement = _refinement(scores.refinement, found.arrays)
    found.people, arrays = people.laid_out(scores)
    found.arrays |= arrays
    return found


def _on_grid(found: inference.Heatmaps) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Lay heatmaps on an even grid of frames, where map i is of frame offset + i * stride."""
    frames, values = np.asarray(found.frames, np.int64), found.values
    steps = np.diff(frames)
    stride = int(steps.min()) if len(steps) else 1
    if len(steps) and (steps != stride).any():  # each place of the grid shows the last map there was
        places = np.arange(frames[0], frames[-1] + 1, stride)
        values = values[np.searchsorted(frames, places, side="right") - 1]
    meta = {
        "stride": stride,
        "offset": int(frames[0]),
        "height": int(values.shape[1]),
        "width": int(values.shape[2]),
        "count": len(values),
        "low": float(found.low),
        "high": float(found.high),
        "top": _top(values),
        "region": [float(side) for side in found.region],
        "kind": "strangeness",
    }
    return meta, values


TOP_PERCENT = 99  # of the maps of a video reach no higher


def _top(values: NDArray[np.uint8]) -> int:
    """Return the code (1 to 255) that the strongest cells of nearly all maps of one video stay at or below.

    A run's scale reaches as far as its oddest clip; on that scale the maps of a calm video look empty.
    """
    strongest = values.reshape(len(values), -1).max(1)
    return max(1, int(np.percentile(strongest, TOP_PERCENT)))


def _patterns(found: inference.Patterns, arrays: Arrays) -> dict[str, Any]:
    arrays["patterns/actual"] = _half(found.actual)
    arrays["patterns/starts"] = found.starts.astype(np.int32)
    if found.generated is not None:
        arrays["patterns/generated"] = _half(found.generated)
    return {
        "windows": len(found.starts),
        "length": int(found.length),
        "dimensions": int(found.actual.shape[1]),
        "generated": 0 if found.generated is None else int(found.generated.shape[1]),
    }


def _half(values: NDArray[np.float32]) -> NDArray[Any]:
    """Store as float16 what fits there."""
    largest = np.abs(values).max(initial=0.0)
    return values.astype(np.float16) if largest < np.finfo(np.float16).max else values.astype(np.float32)


def _refinement(found: inference.Refinement, arrays: Arrays) -> dict[str, Any]:
    stored: Arrays = {
        "starts": found.starts.astype(np.int32),
        "raw": found.raw.astype(np.int8),
        "refined": found.refined.astype(np.int8),
        "distance": found.distance.astype(np.float32),
        "threshold": found.threshold.astype(np.float32),
        "neighbours": found.neighbours.astype(np.int32),
        "similarity": found.similarity.astype(np.float16),
        # the detectors know a video by its id
        "bank_videos": np.frombuffer(
            b"".join(uuid.UUID(name).bytes for name in found.bank_videos), np.uint8
        ).reshape(-1, 16),
        "bank_video": found.bank_video.astype(np.int32),
        "bank_starts": found.bank_starts.astype(np.int32),
        "clamped": found.clamped.astype(np.int8),
        "disputed": found.disputed.astype(np.int8),
    }
    stored |= {name: getattr(found, name).astype(np.float16) for name in PROBABILITIES}
    arrays |= {f"refinement/{name}": values for name, values in stored.items()}
    return {
        "windows": len(found.starts),
        "length": int(found.length),
        "rounds": len(found.raw),
        "neighbours": int(found.neighbours.shape[2]),
    }
