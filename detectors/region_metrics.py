"""Judge where something strange was found, not only when: RBDC and TBDC.

Ramachandra & Jones, *Street Scene* (WACV 2020), section 4: a true region counts as found if a found region of its
frame overlaps it by an intersection over union (IoU) of at least `beta`; a true track counts as found if at least
`alpha` of its regions are; a found region that overlaps no true region of its frame by `beta` is a false alarm.
Lowering the threshold on scores draws both rates over false alarms a frame, and the figures are the areas below
these curves from 0 to 1 false alarm a frame, in 0..1, higher is better.

Regions have one score each, so the curves are exact: every distinct score is a threshold. Between two of them a
curve is straight (it matters where scores are tied), and where false alarms end before 1 a frame it goes on level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHA = BETA = 0.1
NEVER = -math.inf  # the score at which what no region overlaps would be found


@dataclass(frozen=True, slots=True)
class FoundRegions:
    """What a detector points at in one video: R regions, each in one frame.

    frames: int64 (R,). boxes: float64 (R, 4), left, top, right, bottom in pixels. scores: float64 (R,), finite,
    higher is stranger.
    """

    frames: NDArray[np.int64]
    boxes: Floats
    scores: Floats


@dataclass(frozen=True, slots=True)
class TrueRegions:
    """What is abnormal in one video: R regions, each in one frame and part of one track.

    frames: int64 (R,). boxes: float64 (R, 4), as those of `FoundRegions`. tracks: int64 (R,), numbers that are the
    same for the regions of one thing over time.
    """

    frames: NDArray[np.int64]
    boxes: Floats
    tracks: NDArray[np.int64]


class RegionMetrics(TypedDict):
    """Areas below the curves; `undefined` says why they are None and is absent when they are not."""

    rbdc: float | None
    tbdc: float | None
    true_regions: int
    true_tracks: int
    undefined: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class DetectionCurves:
    """Rates at each threshold, from the highest on; the first point, (0, 0), is a threshold above all scores.

    false_alarms: float64 (P,), regions a frame, never falling. regions, tracks: float64 (P,), shares in 0..1.
    """

    false_alarms: Floats
    regions: Floats
    tracks: Floats


def region_metrics(
    found: Mapping[str, FoundRegions],
    truth: Mapping[str, TrueRegions],
    *,
    frames: int,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> RegionMetrics:
    """Compute RBDC and TBDC over all videos together; `frames` is how many frames they have in all."""
    regions = sum(len(one.frames) for one in truth.values())
    tracks = sum(len(np.unique(one.tracks)) for one in truth.values())
    if not regions:
        reason = "no region is labeled abnormal, so there is nothing to be found"
        return {
            "rbdc": None,
            "tbdc": None,
            "true_regions": 0,
            "true_tracks": 0,
            "undefined": {"rbdc": reason, "tbdc": reason},
        }
    curves = detection_curves(found, truth, frames=frames, alpha=alpha, beta=beta)
    return {
        "rbdc": area_to_one(curves.false_alarms, curves.regions),
        "tbdc": area_to_one(curves.false_alarms, curves.tracks),
        "true_regions": regions,
        "true_tracks": tracks,
    }


def detection_curves(
    found: Mapping[str, FoundRegions],
    truth: Mapping[str, TrueRegions],
    *,
    frames: int,
    alpha: float = ALPHA,
    beta: float = BETA,
) -> DetectionCurves:
    """Draw both rates over false alarms a frame. Raises ValueError if there is no frame or no true region."""
    if not 0 < alpha <= 1 or not 0 < beta <= 1:
        raise ValueError(f"alpha and beta must lie above 0 and at most at 1, got {alpha} and {beta}")
    false: list[Floats] = []
    region_found_at: list[Floats] = []
    track_found_at: list[float] = []
    for name in found.keys() | truth.keys():
        alarms, at = _match(found.get(name), truth.get(name), beta=beta)
        false.append(alarms)
        region_found_at.append(at)
        if (true := truth.get(name)) is not None:
            for track in np.unique(true.tracks):
                own = np.sort(at[true.tracks == track])[::-1]
                # A share of 0.1 of 30 regions is 3.0000000000000004 in floats and must still mean 3.
                track_found_at.append(own[max(math.ceil(alpha * len(own) - 1e-9), 1) - 1])
    false_scores = np.concatenate([np.empty(0), *false])
    region_scores = np.concatenate([np.empty(0), *region_found_at])
    track_scores = np.array(track_found_at)
    if frames < 1 or not len(region_scores):
        raise ValueError("the curves need at least one frame and one true region")
    thresholds = np.unique(np.concatenate([false_scores, region_scores, track_scores]))[::-1]
    thresholds = thresholds[thresholds > NEVER]
    return DetectionCurves(
        _count_from(false_scores, thresholds) / frames,
        _count_from(region_scores, thresholds) / len(region_scores),
        _count_from(track_scores, thresholds) / len(track_scores),
    )


def area_to_one(false_alarms: Floats, rates: Floats) -> float:
    """Integrate a rate over false alarms a frame from 0 to 1; the curve goes on level behind its last point."""
    x, y = np.append(false_alarms, np.inf), np.append(rates, rates[-1])
    beyond = int(np.argmax(x >= 1))
    before = beyond - 1
    if x[beyond] == np.inf:
        at_one = y[beyond]
    else:
        at_one = y[before] + (y[beyond] - y[before]) * (1 - x[before]) / (x[beyond] - x[before])
    return float(np.trapezoid(np.append(y[:beyond], at_one), np.append(x[:beyond], 1.0)))


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Compute the intersection over union of every pair of boxes: (A, 4), (B, 4) -> (A, B)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    union = _area(boxes)[:, None] + _area(others)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _area(boxes: Floats) -> Floats:
    return np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1)


def _match(found: FoundRegions | None, true: TrueRegions | None, *, beta: float) -> tuple[Floats, Floats]:
    """Give the scores of the false alarms of a video, and the score from which each true region is found."""
    if true is None or not len(true.frames):
        return (np.empty(0) if found is None else found.scores), np.empty(0)
    at = np.full(len(true.frames), NEVER)
    if found is None or not len(found.frames):
        return np.empty(0), at
    order = np.argsort(found.frames, kind="stable")
    frames, boxes, scores = found.frames[order], found.boxes[order], found.scores[order]
    false = np.ones(len(frames), bool)
    for frame in np.unique(true.frames):
        here = slice(*np.searchsorted(frames, [frame, frame + 1]))
        there = np.flatnonzero(true.frames == frame)
        if here.start == here.stop:
            continue
        hit = overlaps(boxes[here], true.boxes[there]) >= beta
        false[here] = ~hit.any(1)
        at[there] = np.where(hit, scores[here, None], NEVER).max(0)
    return scores[false], at


def _count_from(scores: Floats, thresholds: Floats) -> Floats:
    """Count the scores from each threshold on, with 0 before the first: (P + 1,)."""
    ascending = np.sort(scores)
    return np.append(0.0, len(ascending) - np.searchsorted(ascending, thresholds, side="left"))
