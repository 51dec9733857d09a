"""From a run's scores to the segments it proposes: `make` is the arithmetic, `store` the transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone

from vadreview.runs import curves, inference
from vadreview.runs.models import Run, Segment

BATCH = 500


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a policy finds in the curves of a run; nothing is stored yet."""

    policy: inference.Policy
    threshold: inference.Threshold
    intervals: dict[uuid.UUID, list[inference.Interval]]  # by video
    fps: dict[uuid.UUID, Fraction]


def segment_id(run: uuid.UUID, *, video: uuid.UUID, start: int, stop: int) -> uuid.UUID:
    """Make the id of a proposal from what it is, so that proposing it again keeps the verdicts about it."""
    return uuid.uuid5(run, f"{video}:{start}:{stop}")


def make(run: Run, *, policy: inference.Policy | Mapping[str, Any], high: float | None = None) -> Proposal:
    """Find what stands out in the scored videos of a run, with the threshold at `high` if given.

    Raises Conflict when no video is scored yet, Invalid when the fields are no policy.
    """
    policy = policy if isinstance(policy, inference.Policy) else inference.parse_policy(policy)
    scored = curves.of(run, sigma_frames=policy.smooth_sigma_frames)
    threshold = curves.levels(scored, policy=policy, high=high)
    found = {curve.video: curves.intervals(curve, policy=policy, threshold=threshold) for curve in scored}
    fps = {curve.video: curve.fps for curve in scored}
    return Proposal(policy=policy, threshold=threshold, intervals=found, fps=fps)


@transaction.atomic
def store(run: Run, proposal: Proposal) -> int:
    """Replace the proposals of a run; returns how many there are. Spans that stay the same keep their ids."""
    run = Run.objects.select_for_update().get(pk=run.pk)  # two people may press “Apply” at once
    proposed = [
        Segment(
            id=segment_id(run.pk, video=video, start=found.start, stop=found.stop),
            run=run,
            video_id=video,
            start=found.start,
            stop=found.stop,
            peak_frame=found.peak_frame,
            score=found.score,
        )
        for video, intervals in proposal.intervals.items()
        for found in intervals
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
        update_fields=["peak_frame", "score"],  # other smoothing: the same span, another peak
    )
    run.policy = proposal.policy.model_dump()
    run.threshold = proposal.threshold.high
    run.centre = proposal.threshold.centre
    run.proposed_at = timezone.now()
    run.save(update_fields=["policy", "threshold", "centre", "proposed_at"])
    return len(proposed)


def propose(run: Run, *, policy: inference.Policy | Mapping[str, Any], high: float | None = None) -> int:
    """Make and store; returns how many segments there are."""
    return store(run, make(run, policy=policy, high=high))
