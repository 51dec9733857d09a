"""From a run's scores to the segments it proposes: `make` is the arithmetic, `store` the transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone

from vadreview.footage import audit
from vadreview.footage.models import Project, Video
from vadreview.runs import curves, inference
from vadreview.runs.models import Run, Segment

BATCH = 500
SAME_EVENT = 0.5
AUDIT_EACH = 5  # one window that is not proposed is shown for so many proposals, at most


@dataclass(frozen=True, slots=True)
class Control:
    """A window of the audit that a run does not propose, with a score borrowed from a proposal."""

    video: uuid.UUID
    start: int
    stop: int
    score: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a policy finds in the curves of a run; nothing is stored yet."""

    policy: inference.Policy
    threshold: inference.Threshold
    intervals: dict[uuid.UUID, list[inference.Interval]]  # by video
    fps: dict[uuid.UUID, Fraction]
    controls: tuple[Control, ...] = ()


def segment_id(run: uuid.UUID, *, video: uuid.UUID, start: int, stop: int) -> uuid.UUID:
    """Make the id of a proposal from what it is, so that proposing it again keeps the verdicts about it."""
    return uuid.uuid5(run, f"{video}:{start}:{stop}")


def make(
    run: Run,
    *,
    policy: inference.Policy | Mapping[str, Any],
    high: float | None = None,
    seen: Callable[[], None] = lambda: None,
) -> Proposal:
    """Find what stands out in the scored videos of a run, with the threshold at `high` if given.

    `seen` is called before each video. Raises Conflict when no video is scored yet, Invalid when the fields are no policy.
    """
    policy = policy if isinstance(policy, inference.Policy) else inference.parse_policy(policy)
    scored = curves.of(run, sigma_frames=policy.smooth_sigma_frames, seen=seen)
    threshold = curves.levels(scored, policy=policy, high=high)
    found = {curve.video: curves.intervals(curve, policy=policy, threshold=threshold) for curve in scored}
    fps = {curve.video: curve.fps for curve in scored}
    return Proposal(
        policy=policy,
        threshold=threshold,
        intervals=found,
        fps=fps,
        controls=_controls(run.project, found, otherwise=threshold.high),
    )


def _controls(
    project: Project, found: Mapping[uuid.UUID, Sequence[inference.Interval]], *, otherwise: float
) -> tuple[Control, ...]:
    """Pick the audit windows without a proposal that reviewers see among the proposals: by lot, and not many.

    The score is that of a proposal, by lot too, so that they lie anywhere in a queue.
    """
    share = project.audit_share
    if share <= 0:
        return ()
    scores = sorted(interval.score for intervals in found.values() for interval in intervals)
    drawn: list[tuple[float, Control]] = []
    for video in Video.objects.filter(pk__in=found):
        for place, (start, stop) in enumerate(audit.windows(video)):
            lot = audit.lot(video, place)
            if lot >= share or meets(found[video.pk], start, stop):
                continue
            stand_in = scores[int(lot / share * len(scores))] if scores else otherwise
            drawn.append((audit.lot(video, -1 - place), Control(video.pk, start, stop, stand_in)))
    drawn.sort(key=lambda one: one[0])
    return tuple(control for _, control in drawn[: 1 + len(scores) // AUDIT_EACH])


def meets(intervals: Sequence[inference.Interval], start: int, stop: int) -> bool:
    """Say whether a proposal shares a frame with [start, stop)."""
    return any(one.start < stop and one.stop > start for one in intervals)


@transaction.atomic
def store(run: Run, proposal: Proposal, *, decided: Collection[uuid.UUID] = ()) -> int:
    """Replace the proposals of a run; returns how many there are. Spans that stay the same keep their ids.

    Of the segments in `decided` those stay as they are that a new proposal covers by at least half (SAME_EVENT):
    an edge that moves by a frame must not bring back what a person has settled.
    """
    run = Run.objects.select_for_update().get(pk=run.pk)  # two people may press “Apply” at once
    settled: dict[uuid.UUID, list[Segment]] = {}
    for segment in run.segments.filter(pk__in=decided, audit=False):
        settled.setdefault(segment.video_id, []).append(segment)
    proposed = []
    for video, intervals in proposal.intervals.items():
        for found in intervals:
            same = _same_event(found, settled.get(video, []))
            if same is not None:
                settled[video].remove(same)
            proposed.append(
                same
                or Segment(
                    id=segment_id(run.pk, video=video, start=found.start, stop=found.stop),
                    run=run,
                    video_id=video,
                    start=found.start,
                    stop=found.stop,
                    peak_frame=found.peak_frame,
                    score=found.score,
                )
            )
    proposed += [
        Segment(
            id=segment_id(run.pk, video=control.video, start=control.start, stop=control.stop),
            run=run,
            video_id=control.video,
            start=control.start,
            stop=control.stop,
            peak_frame=(control.start + control.stop) // 2,
            score=control.score,
            audit=True,
        )
        for control in proposal.controls
    ]
    kept = {segment.id for segment in proposed}
    gone = [pk for pk in run.segments.values_list("pk", flat=True) if pk not in kept]
    for at in range(0, len(gone), BATCH):
        Segment.objects.filter(pk__in=gone[at : at + BATCH]).delete()
    Segment.objects.bulk_create(
        proposed,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["peak_frame", "score", "audit"],  # other smoothing: the same span, another peak
    )
    run.policy = proposal.policy.model_dump()
    run.threshold = proposal.threshold.high
    run.centre = proposal.threshold.centre
    run.proposed_at = timezone.now()
    run.save(update_fields=["policy", "threshold", "centre", "proposed_at"])
    return len(proposed) - len(proposal.controls)


def _same_event(found: inference.Interval, settled: Sequence[Segment]) -> Segment | None:
    """Return the segment that overlaps a new proposal most, if by at least SAME_EVENT."""

    def shared(segment: Segment) -> float:
        return overlap((segment.start, segment.stop), (found.start, found.stop))

    best = max(settled, key=shared, default=None)
    return best if best is not None and shared(best) >= SAME_EVENT else None


def overlap(one: audit.Span, other: audit.Span) -> float:
    """Return intersection over union of two half-open spans, 0 where they share nothing."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return max(common, 0) / (max(one[1], other[1]) - min(one[0], other[0]))


def propose(run: Run, *, policy: inference.Policy | Mapping[str, Any], high: float | None = None) -> int:
    """Make and store; returns how many segments there are."""
    return store(run, make(run, policy=policy, high=high))
