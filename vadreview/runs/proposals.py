"""From a run's scores to the segments it proposes."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from vadreview.runs import curves, inference
from vadreview.runs.models import Run, Segment

BATCH = 500


def segment_id(run: uuid.UUID, *, video: uuid.UUID, start: int, stop: int) -> uuid.UUID:
    """Make the id of a proposal from what it is, so that proposing it again keeps the verdicts about it."""
    return uuid.uuid5(run, f"{video}:{start}:{stop}")


@transaction.atomic
def propose(run: Run, *, policy: inference.Policy, high: float | None = None) -> int:
    """Replace the proposals of a run by those of `policy`, with the threshold at `high` if given; how many.

    Spans that stay the same keep their ids. Raises Conflict when no video is scored yet.
    """
    run = Run.objects.select_for_update().get(pk=run.pk)  # two people may press “Apply” at once
    scored = curves.of(run, sigma_frames=policy.smooth_sigma_frames)
    threshold = curves.levels(scored, policy=policy, high=high)
    proposed = [
        Segment(
            id=segment_id(run.pk, video=curve.video, start=found.start, stop=found.stop),
            run=run,
            video_id=curve.video,
            start=found.start,
            stop=found.stop,
            peak_frame=found.peak_frame,
            score=found.score,
        )
        for curve in scored
        for found in curves.intervals(curve, policy=policy, threshold=threshold)
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
    run.policy = policy.model_dump()
    run.threshold = threshold.high
    run.proposed_at = timezone.now()
    run.save(update_fields=["policy", "threshold", "proposed_at"])
    return len(proposed)
