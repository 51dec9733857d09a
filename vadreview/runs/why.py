"""Why a frame has the score it has: what stands out in it, where, and what is most like it elsewhere.

This is a reading aid made from what every detector stores, not the detector's own formula: an indicator counts by
how far it lies above its own mean over the video, in its own deviations.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vadreview.runs import artifacts, patterns, tracks
from vadreview.runs.curves import SCORE
from vadreview.runs.models import Run, RunVideo, Track

MOST_REGIONS = 3
CLEAR = 0.5  # a region is what is at least this part of the strongest cell

# what a track means, in a sentence; others are indicators too, with no sentence
MEANINGS = {
    "unexpected_motion": "Something moves unlike anything the model has learned to rebuild.",
    "faster_than_expected": "Something moves faster than the model expects at its place.",
    "reconstruction_error": "The model rebuilds this moment badly: it has not learned it.",
    "feature_distance": "What is seen lies far from what is usual in this footage.",
    "distance": "What happened lies far from the futures that the model generated.",
    "mean_distance": "What happened lies far from the generated futures on average.",
    "nearest_pattern_distance": "What happened lies far even from the nearest generated future.",
    "spread": "The generated futures disagree: the model is unsure what comes next.",
    "bias": "All generated futures miss what happened in the same direction.",
    "unexpected_appearance": "Something looks unlike anything the model has learned to rebuild.",
    "appearance_error": "The model rebuilds the look of this moment badly.",
    "lingering": "Something stays where things usually pass.",
    "motion_mean": "Much moves in the whole picture. No model: a plain measurement.",
    "motion_strongest_cell": "Something moves fast at one place. No model: a plain measurement.",
    "motion_time_mean_16": "Something has moved fast at one place for a while. No model: a plain measurement.",
}
# labels, votes and weights: the Labels tab tells about them
NOT_INDICATORS = {
    SCORE, "threshold", "over_threshold", "probability", "vote", "raw_label", "refined_label", "entropy", "weight",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Indicator:
    """One series at a frame. deviations: above its mean over the video; share: of all that lies above, 0 to 1."""

    name: str
    title: str
    meaning: str
    value: float
    deviations: float
    share: float


@dataclass(frozen=True, slots=True)
class Region:
    """Where the heatmap is strong. box: left, top, right, bottom as fractions of the frame; share of all heat."""

    box: tuple[float, float, float, float]
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class Alike:
    """A window like the one asked about; distance in the space of patterns, 0 is the same."""

    video: uuid.UUID
    start: int
    stop: int
    distance: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another run says of the same frame. distances: 0 is its median score, 1 its threshold."""

    run: Run
    value: float
    above: bool | None
    distances: float | None


def indicators(row: RunVideo, frame: int) -> list[Indicator]:
    """Say how far each series of a run stands out at a frame, the farthest first."""
    found = [track for track in row.run.tracks.filter(video=row.video) if track.name not in NOT_INDICATORS]
    values = tracks.at(found, frame)
    above = {track: _deviations(track, value) for track, value in values.items()}
    total = sum(max(one, 0.0) for one in above.values())
    listed = [
        Indicator(
            name=track.name,
            title=tracks.title(track.name),
            meaning=MEANINGS.get(track.name, ""),
            value=values[track],
            deviations=one,
            share=max(one, 0.0) / total if total > 0 else 0.0,
        )
        for track, one in above.items()
    ]
    return sorted(listed, key=lambda one: (-one.deviations, one.name))


def _deviations(track: Track, value: float) -> float:
    return (value - track.mean) / track.std if track.std > 0 else 0.0


def regions(row: RunVideo, frame: int) -> list[Region]:
    """Find where the heatmap of a frame is strong, the strongest first; none where it has no heatmap."""
    meta = row.heatmap
    if not meta:
        return []
    place = (frame - meta["offset"]) // meta["stride"]
    place = min(max(place, 0), meta["count"] - 1)
    at = meta["offset"] + place * meta["stride"]
    maps = artifacts.heatmaps(row, start=at, stop=at + 1).values
    return _strongest(maps[0], meta) if len(maps) else []


def _strongest(heat: NDArray[np.uint8], meta: dict) -> list[Region]:
    from scipy import ndimage

    if not heat.any():
        return []
    labels, count = ndimage.label(heat >= max(1, CLEAR * int(heat.max())))
    left, top, right, bottom = meta["region"]
    across, down = (right - left) / heat.shape[1], (bottom - top) / heat.shape[0]
    total = float(heat.sum())
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels, count), start=1):
        mine = heat[labels == number]
        found.append(
            Region(
                box=(
                    left + columns.start * across,
                    top + rows.start * down,
                    left + columns.stop * across,
                    top + rows.stop * down,
                ),
                value=meta["low"] + int(mine.max()) / 255 * (meta["high"] - meta["low"]),
                share=float(mine.sum()) / total,
            )
        )
    return sorted(found, key=lambda one: (-one.value, -one.share))[:MOST_REGIONS]


def alike(
    points: patterns.Points, row: RunVideo, frame: int, *, among: Sequence[NDArray[np.bool_]], count: int
) -> list[list[Alike]]:
    """Find the windows most like the one at a frame, for each of some choices of windows (N,).

    Windows that share frames with it are left out: they are alike for no other reason than that.
    """
    place = patterns.place_of(row, frame)
    starts, vectors = patterns.read_windows(row, np.array([place]))
    reduced = points.reduce(vectors)[0]
    same = points.video == points.videos.index(row.video_id)
    elsewhere = ~(same & (np.abs(points.start - starts[0]) < points.length))
    return [
        [
            Alike(
                video=points.videos[points.video[one]],
                start=int(points.start[one]),
                stop=int(points.start[one]) + points.length,
                distance=distance,
            )
            for one, distance in patterns.nearest(points, reduced, among=choice & elsewhere, count=count)
        ]
        for choice in among
    ]


def others(row: RunVideo, frame: int, runs: Sequence[Run]) -> list[Opinion]:
    """Ask the other runs that scored the same video about a frame, in the order given."""
    found = {
        track.run_id: track
        for track in Track.objects.filter(video=row.video, run__in=runs, name=SCORE).exclude(run=row.run)
    }
    values = tracks.at(found.values(), frame)
    opinions = []
    for run in runs:
        track = found.get(run.pk)
        if track is None or track not in values:
            continue
        value, high, centre = values[track], run.threshold, run.centre
        known = high is not None and centre is not None and high > centre
        opinions.append(
            Opinion(
                run=run,
                value=value,
                above=None if high is None else value > high,
                distances=(value - centre) / (high - centre) if known else None,
            )
        )
    return opinions
