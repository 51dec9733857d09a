"""How a run moves from stage to stage: by looking at its jobs, so that a crash in between heals itself."""

from __future__ import annotations

import logging

from django.db import transaction

from vadreview import jobs
from vadreview.jobs import JobStatus
from vadreview.runs import inference, proposals
from vadreview.runs.models import Run, RunVideo

logger = logging.getLogger(__name__)

OPEN = (Run.Stage.QUEUED, Run.Stage.TRAINING, Run.Stage.SCORING)
AT_WORK = (JobStatus.QUEUED, JobStatus.RUNNING)


def settle(run_id: object) -> None:
    """Bring a run's stage in line with its jobs; whoever finds the last video scored makes the proposals.

    Safe at any time and from several workers at once: a stage only changes by a conditional UPDATE, together
    with what belongs to it.
    """
    run = Run.objects.filter(pk=run_id, stage__in=OPEN).first()
    if run is None:
        return
    if run.status == JobStatus.FAILED:
        _move(run, Run.Stage.FAILED)
    elif run.status == JobStatus.CANCELLED:
        _move(run, Run.Stage.CANCELLED)
    elif run.stage == Run.Stage.SCORING:
        try:
            _close(run)
        except Exception as error:  # or the run would stay open for ever; a retry tries to close it again
            logger.exception("run %s could not be closed", run.pk)
            _move(run, Run.Stage.FAILED, error=inference.explain(error) or jobs.unforeseen(error))


def _close(run: Run) -> None:
    rows = list(run.run_videos.filter(scores=True).select_related("video"))
    if any(row.status in AT_WORK for row in rows):
        return
    failed = [row for row in rows if row.status == JobStatus.FAILED]
    if any(row.status == JobStatus.CANCELLED for row in rows):
        _move(run, Run.Stage.CANCELLED)
    elif len(failed) == len(rows):
        _move(run, Run.Stage.FAILED, error=_what_failed(failed, of=len(rows)))
    else:
        # the arithmetic before the transaction: on SQLite a transaction keeps every other writer waiting
        proposal = proposals.make(run, policy=run.policy or run.project.policy_for(run.detector))
        with transaction.atomic():
            if _move(run, Run.Stage.DONE, error=_what_failed(failed, of=len(rows))):
                proposals.store(run, proposal)


def _what_failed(failed: list[RunVideo], *, of: int) -> str:
    if not failed:
        return ""
    reasons = "; ".join(f"“{row.video.name}”: {row.error}" for row in failed[:3])
    more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
    return f"{len(failed)} of {of} videos could not be scored. {reasons}{more}"


def _move(run: Run, stage: Run.Stage, **fields: str) -> bool:
    moved = (
        Run.objects.filter(pk=run.pk, stage=run.stage, status=run.status).update(stage=stage, **fields) == 1
    )
    if moved:
        logger.info("run %s: %s -> %s", run.pk, run.stage, stage)
    return moved


def settle_open() -> int:
    """Settle every run that is under way (the sweep calls this); how many there are."""
    open_runs = list(Run.objects.filter(stage__in=OPEN).values_list("pk", flat=True))
    for pk in open_runs:
        settle(pk)
    return len(open_runs)
