"""Work that outlives a request: the database row is the truth, a queued message is only a doorbell.

A row that inherits `Job` says what to do and how far it is. Workers claim it by a conditional UPDATE, prove
that they live by a heartbeat, and `sweep` rings again for whatever nobody does. A lost, duplicated or late
message therefore costs at most a minute, never a run.

    perform(Model, pk, work, explain=...)   what a Celery task does: claim, work, end the row whatever happens
    Reporter                                progress and heartbeat of a claimed row
    sweep(Model)                            finds what was lost
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    models,
    transaction,
)
from django.db.models import F, Q
from django.utils import timezone

from vadreview.celery import app, stopping

logger = logging.getLogger(__name__)


class JobStatus(models.TextChoices):
    WAITING = "waiting"  # for other work to be done first; nobody may claim it yet
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


class JobInterrupted(Exception):
    """This worker was told to stop; the row goes back to the queue, and the attempt does not count."""


class Job(models.Model):
    """Columns of a row that a worker can claim. `task` and `queue` name who rings for it."""

    task: str  # name of the Celery task that works on one id of this model
    queue: str

    status = models.CharField(max_length=12, choices=JobStatus, default=JobStatus.QUEUED, db_index=True)
    phase = models.CharField(max_length=40, blank=True, default="")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    phase_started_at = models.DateTimeField(null=True, blank=True)
    # what a resumed phase had done already: it tells nothing of the rate
    phase_started_done = models.BigIntegerField(default=0)
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

    def send() -> None:  # the id is all a message ever carries
        app.send_task(job.task, args=[str(job.pk)], queue=job.queue, ignore_result=True)

    # robust: a broker that is away is logged and the request still succeeds; the sweep rings again
    transaction.on_commit(send, robust=True)


def queue(job: Job) -> None:
    """Put a row (again) in the queue, from the first attempt, and ring for it."""
    now = timezone.now()
    type(job).objects.filter(pk=job.pk).update(
        status=JobStatus.QUEUED,
        phase="",
        done=0,
        total=0,
        phase_started_at=None,
        phase_started_done=0,
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
    model.objects.filter(pk=pk, status=JobStatus.QUEUED).update(
        status=JobStatus.RUNNING,
        claim=token,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        heartbeat_at=now,
        started_at=now,
        phase="",
        done=0,
        total=0,
        phase_started_at=now,
        phase_started_done=0,
        attempt=F("attempt") + 1,
        error="",
    )
    return model.objects.filter(pk=pk, claim=token).first()


def perform(
    model: type[J],
    pk: Any,
    work: Callable[[J, Reporter], None],
    *,
    explain: Callable[[Exception], str | None],
) -> None:
    """Claim a row and work on it; whatever happens, the row says so afterwards.

    `work` ends the row itself, with `finish`, in the transaction that stores its results. `explain` turns an
    error into a sentence for people, or None for one nobody foresaw: its traceback goes to the log alone.
    """
    job = claim(model, pk)
    if job is None:
        return
    try:
        with Reporter(job) as report:
            work(job, report)
    except JobLost:
        logger.warning("%s %s was taken over by another worker", model._meta.label, pk)
    except JobCancelled:
        finish(job, JobStatus.CANCELLED)
    except JobInterrupted:
        give_back(job)
    except (OperationalError, InterfaceError):  # the database was away or busy: that passes
        logger.exception("%s %s: the database could not be reached", model._meta.label, pk)
        close_old_connections()
        give_back(job, error="The database could not be reached while this ran.")
    except Exception as error:
        sentence = explain(error)
        logger.log(
            logging.WARNING if sentence else logging.ERROR,
            "%s %s failed",
            model._meta.label,
            pk,
            exc_info=True,
        )
        finish(job, JobStatus.FAILED, error=sentence or unforeseen(error))
    ring_next(model)


def unforeseen(error: Exception) -> str:
    """Say that something nobody foresaw went wrong, without a traceback."""
    return (
        f"An unexpected error stopped the work ({type(error).__name__}). The worker's log has the details. "
        "Retry; if it happens again, show that log to whoever looks after this server."
    )


class Reporter:
    """Writes a claimed row's progress and heartbeat, at most every JOB_HEARTBEAT_S seconds.

    Call it with (phase, done, total) and any other columns; `at_once` does not wait for the next beat. Raises
    JobCancelled when a person asked to stop, JobLost when the row is no longer this worker's, JobInterrupted
    when this worker was told to stop. They reach the work through the detectors' `progress` callback.

    As a context manager it also keeps the heartbeat moving from a thread, so that one long step (an epoch, an
    index of a long video) does not look like a dead worker. The thread would hide a hang; so when the work
    has reported nothing for JOB_HANG_S seconds the process ends itself, and is lost like any dead worker.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._next = 0.0
        self._phase: str | None = None
        self._heard = time.monotonic()
        self._over = threading.Event()

    def __call__(self, phase: str, done: int, total: int, *, at_once: bool = False, **fields: Any) -> None:
        if stopping.is_set():
            raise JobInterrupted
        now = self._heard = time.monotonic()
        if now < self._next and phase == self._phase and not at_once:
            return
        if phase != self._phase:
            fields |= {"phase_started_at": timezone.now(), "phase_started_done": done}
        self._phase = phase
        self._next = now + settings.JOB_HEARTBEAT_S
        self.beat(phase=phase[:40], done=done, total=total, **fields)

    def beat(self, **fields: Any) -> None:
        """Move the heartbeat now, with any other columns to write."""
        rows = _held(self.job)
        if rows.update(heartbeat_at=timezone.now(), **fields) != 1:
            raise JobLost(f"{self.job._meta.label} {self.job.pk} is no longer this worker's")
        if rows.filter(cancel_requested=True).exists():
            raise JobCancelled

    def __enter__(self) -> Self:
        threading.Thread(target=self._keep_alive, name="heartbeat", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    def _keep_alive(self) -> None:
        while not self._over.wait(settings.JOB_HEARTBEAT_S):
            silent = time.monotonic() - self._heard
            if silent > settings.JOB_HANG_S:
                logger.critical(
                    "%s %s: no progress for %d s; ending", self.job._meta.label, self.job.pk, silent
                )
                os._exit(os.EX_SOFTWARE)
            try:
                _held(self.job).update(heartbeat_at=timezone.now())
            except DatabaseError:  # busy, or away: the next beat may get through
                logger.warning("%s %s: heartbeat not written", self.job._meta.label, self.job.pk)
            finally:
                connection.close()  # this thread's own


def _held(job: J) -> models.QuerySet[J]:
    """The row of `job`, as long as this worker holds it."""
    return type(job).objects.filter(pk=job.pk, claim=job.claim, status=JobStatus.RUNNING)


def finish(job: Job, status: JobStatus, *, error: str = "", **fields: Any) -> bool:
    """End a row this worker holds. False (and nothing written) when it no longer holds it."""
    changed = _held(job).update(
        status=status, error=error, finished_at=timezone.now(), cancel_requested=False, **fields
    )
    return changed == 1


def give_back(job: Job, *, error: str | None = None) -> bool:
    """Put a row this worker holds back in the queue; False when it no longer holds it.

    With an `error` (one that may pass) the attempt counts, and the last one fails the row. Without, the
    worker was told to stop, and the attempt does not count.
    """
    job.refresh_from_db(fields=["attempt", "cancel_requested"])
    if job.cancel_requested:
        return finish(job, JobStatus.CANCELLED)
    if error and job.attempt >= settings.JOB_ATTEMPTS:
        return finish(job, JobStatus.FAILED, error=f"{error} It was tried {job.attempt} times. Retry later.")
    attempt = job.attempt if error else max(job.attempt - 1, 0)
    changed = _held(job).update(
        status=JobStatus.QUEUED,
        claim=None,
        worker="",
        heartbeat_at=None,
        attempt=attempt,
        rung_at=timezone.now(),
    )
    if changed == 1:
        ring(job)
    return changed == 1


def cancel(job: Job) -> None:
    """Ask for a row's work to stop: at once when nobody does it yet, else at its next progress report."""
    rows = type(job).objects.filter(pk=job.pk)
    if (
        rows.filter(status=JobStatus.QUEUED).update(status=JobStatus.CANCELLED, finished_at=timezone.now())
        == 0
    ):
        rows.filter(status=JobStatus.RUNNING).update(cancel_requested=True)
    job.refresh_from_db()


def release(model: type[Job], *, interrupted: bool) -> int:
    """Put back every running row, when it is known that no worker runs; returns how many.

    `interrupted` says that the work was stopped on purpose, which does not count as an attempt.
    """
    count = 0
    for job in model.objects.filter(status=JobStatus.RUNNING):
        if job.cancel_requested:
            finish(job, JobStatus.CANCELLED)
            continue
        attempt = max(job.attempt - 1, 0) if interrupted else job.attempt
        count += _held(job).update(
            status=JobStatus.QUEUED,
            claim=None,
            worker="",
            heartbeat_at=None,
            attempt=attempt,
            rung_at=timezone.now(),
        )
        ring(job)
    return count


def sweep(model: type[Job]) -> dict[str, int]:
    """Re-queue running rows whose heartbeat is stale, ring where a message may be lost; how many of each.

    Safe to run from several workers at once: each change is a conditional UPDATE.
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
                f"The worker stopped without a word {job.attempt} times, last in “{job.phase or 'start'}”. "
                "It may have run out of memory. See the worker's log, then retry."
            )
            counts["failed"] += held.update(status=JobStatus.FAILED, error=reason, finished_at=now)
        elif held.update(status=JobStatus.QUEUED, claim=None, worker="", heartbeat_at=None, rung_at=now) == 1:
            counts["requeued"] += 1
            ring(job)
    counts["rung"] = ring_next(model)
    return counts


def ring_next(model: type[Job]) -> int:
    """Ring again for the row that has waited longest, if nobody has rung for it lately; how many (0 or 1).

    One row is enough: whoever answers rings for the next one when it is done. Ringing for all of a long queue
    every minute would fill the broker with messages about work that is only waiting its turn.
    """
    now = timezone.now()
    quiet = now - timedelta(seconds=settings.SWEEP_EVERY_S)
    job = model.objects.filter(status=JobStatus.QUEUED, rung_at__lt=quiet).order_by("queued_at").first()
    if job is None:
        return 0
    if model.objects.filter(pk=job.pk, status=JobStatus.QUEUED, rung_at=job.rung_at).update(rung_at=now) != 1:
        return 0
    ring(job)
    return 1
