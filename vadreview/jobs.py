"""Work that outlives a request: the database row is the truth, a queued message is only a doorbell.

A row that inherits `Job` says what to do and how far it is. Workers claim it by a conditional UPDATE, prove that
they live by a heartbeat that moves with progress, and `sweep` rings again for whatever nobody does. A lost,
duplicated or late message therefore costs at most a minute, never a run.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from vadreview.celery import app


class JobStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class JobCancelled(Exception):
    """A person asked for this work to stop."""


class JobLost(Exception):
    """Another worker took this row over, because this one was silent for too long."""


class Job(models.Model):
    """Columns of a row that a worker can claim. `task` and `queue` name who rings for it."""

    task: str  # name of the Celery task that works on one id of this model
    queue: str

    status = models.CharField(max_length=12, choices=JobStatus, default=JobStatus.QUEUED, db_index=True)
    phase = models.CharField(max_length=40, blank=True, default="")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    phase_started_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(default=timezone.now)
    cancel_requested = models.BooleanField(default=False)
    error = models.TextField(blank=True, default="")
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


J = TypeVar("J", bound=Job)


def ring(job: Job) -> None:
    """Tell the workers about a queued row, once the transaction that queued it is committed."""
    # `task` and `queue` are class attributes; the id is all a message ever carries
    transaction.on_commit(lambda: app.send_task(job.task, args=[str(job.pk)], queue=job.queue, ignore_result=True))


def queue(job: Job) -> None:
    """Put a row (again) in the queue, from the first attempt, and ring for it."""
    now = timezone.now()
    type(job).objects.filter(pk=job.pk).update(
        status=JobStatus.QUEUED,
        phase="",
        done=0,
        total=0,
        phase_started_at=None,
        attempt=0,
        claim=None,
        worker="",
        heartbeat_at=None,
        rung_at=now,
        cancel_requested=False,
        error="",
        queued_at=now,
        started_at=None,
        finished_at=None,
    )
    job.refresh_from_db()
    ring(job)


def claim(model: type[J], pk: Any) -> J | None:
    """Take a queued row for this worker; None when another has it, or it was cancelled or removed."""
    now = timezone.now()
    token = uuid.uuid4()
    taken = model.objects.filter(pk=pk, status=JobStatus.QUEUED).update(
        status=JobStatus.RUNNING,
        claim=token,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        heartbeat_at=now,
        started_at=now,
        phase_started_at=now,
        attempt=F("attempt") + 1,
        error="",
    )
    return model.objects.get(pk=pk) if taken == 1 else None


class Reporter:
    """Writes a claimed row's progress and heartbeat, at most every JOB_HEARTBEAT_S seconds.

    Call it with (phase, done, total). Raises JobCancelled when a person asked to stop, JobLost when the
    row is no longer this worker's. Both reach the work through the detectors' `progress` callback.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._next = 0.0
        self._phase: str | None = None

    def __call__(self, phase: str, done: int, total: int, **fields: Any) -> None:
        now = time.monotonic()
        if now < self._next and phase == self._phase and not fields:
            return
        if phase != self._phase:
            fields["phase_started_at"] = timezone.now()
        self._phase = phase
        self._next = now + settings.JOB_HEARTBEAT_S
        self.beat(phase=phase[:40], done=done, total=total, **fields)

    def beat(self, **fields: Any) -> None:
        """Move the heartbeat now, with any other columns to write."""
        rows = type(self.job).objects.filter(pk=self.job.pk, claim=self.job.claim, status=JobStatus.RUNNING)
        if rows.update(heartbeat_at=timezone.now(), **fields) != 1:
            raise JobLost(f"{self.job._meta.label} {self.job.pk} is no longer this worker's")
        if rows.filter(cancel_requested=True).exists():
            raise JobCancelled


def finish(job: Job, status: JobStatus, *, error: str = "", **fields: Any) -> bool:
    """End a row this worker holds. False (and nothing written) when it no longer holds it."""
    changed = (
        type(job)
        .objects.filter(pk=job.pk, claim=job.claim, status=JobStatus.RUNNING)
        .update(status=status, error=error, finished_at=timezone.now(), cancel_requested=False, **fields)
    )
    return changed == 1


def requeue(job: Job, *, error: str = "") -> bool:
    """Give a row this worker holds back to the queue (a failure that may pass); fails it after the last attempt."""
    if job.attempt >= settings.JOB_ATTEMPTS:
        return finish(job, JobStatus.FAILED, error=error or "The work stopped three times without a reason given.")
    rows = type(job).objects.filter(pk=job.pk, claim=job.claim, status=JobStatus.RUNNING)
    changed = rows.update(status=JobStatus.QUEUED, claim=None, worker="", heartbeat_at=None, error=error, rung_at=timezone.now())
    if changed == 1:
        ring(job)
    return changed == 1


def cancel(job: Job) -> None:
    """Ask for a row's work to stop: at once when nobody does it yet, else at its next progress report."""
    rows = type(job).objects.filter(pk=job.pk)
    if rows.filter(status=JobStatus.QUEUED).update(status=JobStatus.CANCELLED, finished_at=timezone.now()) == 0:
        rows.filter(status=JobStatus.RUNNING).update(cancel_requested=True)
    job.refresh_from_db()


def release(model: type[Job], *, interrupted: bool) -> int:
    """Put back every running row, when it is known that no worker runs; returns how many.

    `interrupted` says that the work was stopped on purpose, which does not count as an attempt.
    """
    count = 0
    for job in model.objects.filter(status=JobStatus.RUNNING):
        held = model.objects.filter(pk=job.pk, status=JobStatus.RUNNING, claim=job.claim)
        if job.cancel_requested:
            held.update(status=JobStatus.CANCELLED, finished_at=timezone.now(), cancel_requested=False)
            continue
        attempt = max(job.attempt - 1, 0) if interrupted else job.attempt
        count += held.update(
            status=JobStatus.QUEUED, claim=None, worker="", heartbeat_at=None, attempt=attempt, rung_at=timezone.now()
        )
        ring(job)
    return count


def sweep(model: type[Job], *, on_lost: Callable[[Job], None] | None = None) -> dict[str, int]:
    """Re-queue running rows whose heartbeat is stale, ring again for queued rows, and say how many of each.

    Safe to run from several workers at once: each change is a conditional UPDATE. `on_lost` is called for a row
    that failed for good (its last attempt was lost), after that is written.
    """
    now = timezone.now()
    stale = now - timedelta(seconds=settings.JOB_STALE_S)
    counts = {"requeued": 0, "failed": 0, "rung": 0}
    lost = Q(status=JobStatus.RUNNING) & (Q(heartbeat_at__lt=stale) | Q(heartbeat_at__isnull=True))
    for job in model.objects.filter(lost):
        held = model.objects.filter(lost, pk=job.pk, claim=job.claim)
        if job.cancel_requested:
            held.update(status=JobStatus.CANCELLED, finished_at=now, cancel_requested=False)
        elif job.attempt >= settings.JOB_ATTEMPTS:
            reason = (
                f"The worker stopped without a word {job.attempt} times in the phase “{job.phase or 'start'}”. "
                "It may have run out of memory. See the worker's log, then retry."
            )
            if held.update(status=JobStatus.FAILED, error=reason, finished_at=now) == 1:
                counts["failed"] += 1
                if on_lost:
                    job.refresh_from_db()
                    on_lost(job)
        elif held.update(status=JobStatus.QUEUED, claim=None, worker="", heartbeat_at=None, rung_at=now) == 1:
            counts["requeued"] += 1
            ring(job)
    quiet = now - timedelta(seconds=settings.SWEEP_EVERY_S)
    for job in model.objects.filter(status=JobStatus.QUEUED, rung_at__lt=quiet):
        if model.objects.filter(pk=job.pk, status=JobStatus.QUEUED, rung_at=job.rung_at).update(rung_at=now) == 1:
            counts["rung"] += 1
            ring(job)
    return counts
