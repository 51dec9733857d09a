"""How fast an order of the queue finds what is known to be abnormal: a reviewer who knows the ground truth, replayed.

The reviewer watches the proposals of a run one after the other. Watching one costs its frames; frames seen before
cost nothing. A known event is found when the frames watched share one with it. What is never proposed is never found:
that is the end of the line. `by time` watches the proposals in the order of the footage; `all footage` watches every
frame of it in that order, which is what one does without a detector.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vadreview import errors
from vadreview.footage.models import Video
from vadreview.review import orders
from vadreview.runs.models import Run, Segment

NAMES = {
    "score": "Most anomalous",
    "fused": "All detectors together",
    "uncertain": "Most uncertain",
    "threshold": "Near the threshold",
    "disagree": "Detectors disagree",
    "diverse": "One of each kind",
    "newest": "Newest footage",
    "time": "By time",
}
EVERYTHING = "All footage, by time"
GOAL = 0.9


@dataclass(frozen=True, slots=True)
class Replay:
    """One order: share of the footage watched after each item, and share of the events found by then."""

    name: str
    watched: list[float]
    found: list[float]

    def until(self, share: float = GOAL) -> float | None:
        """Return the share of the footage watched when this share of the events is found; None if never."""
        return next((w for w, f in zip(self.watched, self.found, strict=True) if f >= share), None)


@dataclass(frozen=True, slots=True)
class Effort:
    """All orders of one run on the videos where it is known what is abnormal."""

    replays: list[Replay]
    events: int
    frames: int
    abnormal_frames: int
    hours: float


@dataclass(frozen=True, slots=True)
class _Item:
    video: uuid.UUID
    start: int
    stop: int


def replay(run: Run) -> Effort:
    """Replay every order of a finished run. Raises Conflict where nothing is known about its videos."""
    if run.stage != Run.Stage.DONE:
        raise errors.Conflict(f"“{run}” is {run.stage}; review effort is known when a run is done.")
    rows = run.run_videos.filter(scores=True).select_related("video")
    videos = [
        row.video for row in rows.prefetch_related("video__ground_truth").order_by("video__name", "video")
    ]
    known = [video for video in videos if video.ground_truth.all()]
    if not known:
        raise errors.Conflict(
            "Nothing is known to be abnormal in the videos of this run. Import ground truth on the Footage page to "
            "see how fast each order finds it.",
            code="no_ground_truth",
        )
    segments = list(run.segments.filter(audit=False, video__in=known).select_related("video"))
    replays = [
        _replay(NAMES[name], [_Item(one.video_id, one.start, one.stop) for one in arranged], known)
        for name in NAMES
        if (arranged := _arrange(run, name, segments)) is not None
    ]
    step = 25
    everything = [
        _Item(video.pk, start, min(start + step, video.n_frames))
        for video in known
        for start in range(0, video.n_frames, step)
    ]
    replays.append(_replay(EVERYTHING, everything, known))
    return Effort(
        replays=replays,
        events=sum(len(video.ground_truth.all()) for video in known),
        frames=sum(video.n_frames for video in known),
        abnormal_frames=sum(_abnormal(video) for video in known),
        hours=sum(video.duration_s for video in known) / 3600,
    )


def _arrange(run: Run, name: str, segments: Sequence[Segment]) -> list[Segment]:
    if name in orders.COMPUTED:
        place = {pk: n for n, pk in enumerate(orders.order(run, name))}
        return sorted(segments, key=lambda one: place[one.pk])
    key = {
        "score": lambda one: (-one.score, one.video.name, one.start),
        "time": lambda one: (one.video.name, str(one.video_id), one.start),
        "newest": lambda one: (-one.video.created_at.timestamp(), -one.score),
        "threshold": lambda one: (abs(one.score - (run.threshold or 0.0)), one.start),
    }[name]
    return sorted(segments, key=key)


def _replay(name: str, items: Sequence[_Item], videos: Sequence[Video]) -> Replay:
    total = sum(video.n_frames for video in videos)
    events = {video.pk: [(span.start, span.stop) for span in video.ground_truth.all()] for video in videos}
    count = sum(len(spans) for spans in events.values())
    seen = {video.pk: np.zeros(video.n_frames, np.bool_) for video in videos}
    open_events = {pk: list(spans) for pk, spans in events.items()}
    watched, found, cost, hits = [0.0], [0.0], 0, 0
    for item in items:
        part = seen[item.video][item.start : item.stop]
        cost += int((~part).sum())
        part[:] = True
        left = [one for one in open_events[item.video] if one[1] <= item.start or one[0] >= item.stop]
        hits += len(open_events[item.video]) - len(left)
        open_events[item.video] = left
        watched.append(cost / total)
        found.append(hits / count)
    return Replay(name, watched, found)


def _abnormal(video: Video) -> int:
    label = np.zeros(video.n_frames, np.bool_)
    for span in video.ground_truth.all():
        label[span.start : span.stop] = True
    return int(label.sum())
