"""Rows as work: claimed once, alive by a heartbeat, found again when lost."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, close_old_connections, connections
from django.utils import timezone

from tests.vadreview import factories
from vadreview import celery, errors, jobs
from vadreview.jobs import JobStatus, Reporter
from vadreview.runs import services
from vadreview.runs.models import MotionJob, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(video) -> MotionJob:
    return MotionJob.objects.create(video=video)


def lose(job: MotionJob) -> None:
    """Make a running job look as if its worker had died long ago."""
    MotionJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))


def explain(error: Exception) -> str | None:
    return str(error) if isinstance(error, errors.DomainError) else None


def test_a_queued_row_is_claimed_once(job):
    mine, theirs = jobs.claim(MotionJob, job.pk), jobs.claim(MotionJob, job.pk)

    assert (mine.status, mine.attempt) == (JobStatus.RUNNING, 1)
    assert theirs is None


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_gets_the_row(job):
    ready = threading.Barrier(8)

    def claim(_: int) -> bool:
        close_old_connections()
        ready.wait()
        try:
            return jobs.claim(MotionJob, job.pk) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_makes_one_run(known, project, manager, video):
    key = uuid.uuid4()
    ready = threading.Barrier(4)

    def start(_: int) -> tuple[uuid.UUID, bool]:
        close_old_connections()
        ready.wait()
        try:
            run, new = services.start(project, by=manager, detector="steady", preset="fast", client_key=key)
            return run.pk, new
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(start, range(4)))

    assert len({pk for pk, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1
    assert Run.objects.get().run_videos.count() == 1


def test_what_waits_for_other_work_cannot_be_claimed(job):
    MotionJob.objects.update(status=JobStatus.WAITING)

    assert jobs.claim(MotionJob, job.pk) is None


def test_a_silent_worker_loses_its_row_and_may_not_write_to_it_any_more(job):
    silent = jobs.claim(MotionJob, job.pk)
    report = Reporter(silent)
    lose(job)

    assert jobs.sweep(MotionJob)["requeued"] == 1
    other = jobs.claim(MotionJob, job.pk)

    with pytest.raises(jobs.JobLost):
        report("motion", 1, 2)
    assert jobs.finish(silent, JobStatus.DONE) is False
    assert jobs.finish(other, JobStatus.DONE) is True


def test_a_worker_that_reports_keeps_its_row(job):
    claimed = jobs.claim(MotionJob, job.pk)
    lose(job)
    Reporter(claimed)("motion", 1, 2)

    assert jobs.sweep(MotionJob)["requeued"] == 0


def test_work_that_is_lost_three_times_fails_with_a_reason(job):
    for _ in range(3):
        jobs.claim(MotionJob, job.pk)
        lose(job)
        jobs.sweep(MotionJob)

    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert "stopped without a word 3 times" in job.error


def test_lost_work_that_somebody_cancelled_is_not_taken_up_again(job):
    jobs.claim(MotionJob, job.pk)
    jobs.cancel(job)
    lose(job)
    jobs.sweep(MotionJob)

    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED


def test_only_the_oldest_of_many_waiting_rows_is_rung_for_again(
    project, rung, django_capture_on_commit_callbacks
):
    old = timezone.now() - timedelta(hours=1)
    waiting = [
        MotionJob.objects.create(
            video=factories.VideoFactory(project=project), rung_at=old, queued_at=old + timedelta(seconds=n)
        )
        for n in range(5)
    ]

    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(MotionJob)["rung"] == 1

    assert [message.args for message in rung()] == [[str(waiting[0].pk)]]


def test_whoever_ends_a_job_rings_for_the_one_that_waited_longest(
    project, rung, django_capture_on_commit_callbacks
):
    old = timezone.now() - timedelta(hours=1)
    first, second = (
        MotionJob.objects.create(video=factories.VideoFactory(project=project), rung_at=old) for _ in range(2)
    )

    with django_capture_on_commit_callbacks(execute=True):
        jobs.perform(
            MotionJob, first.pk, lambda job, report: jobs.finish(job, JobStatus.DONE), explain=explain
        )

    assert [message.args for message in rung()] == [[str(second.pk)]]


def test_a_broker_that_is_away_does_not_fail_the_request(job, monkeypatch, caplog):
    monkeypatch.setattr(celery.app, "send_task", _no_broker)

    jobs.queue(job)  # no exception, also outside of a transaction

    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED


def _no_broker(*_, **__):
    raise ConnectionError("broker is away")


# ---- perform ----


def end_of(job: MotionJob, work) -> MotionJob:
    jobs.perform(MotionJob, job.pk, work, explain=explain)
    job.refresh_from_db()
    return job


def test_an_error_with_a_sentence_for_people_is_shown_as_it_is(job):
    def work(job, report):
        raise errors.Conflict("The file is gone.")

    ended = end_of(job, work)

    assert (ended.status, ended.error) == (JobStatus.FAILED, "The file is gone.")


def test_an_error_nobody_foresaw_is_named_and_its_traceback_goes_to_the_log_alone(job, caplog):
    def work(job, report):
        raise ZeroDivisionError("secret /path/to/file")

    ended = end_of(job, work)

    assert ended.status == JobStatus.FAILED
    assert "unexpected error" in ended.error
    assert "ZeroDivisionError" in ended.error
    assert "secret" not in ended.error
    assert "secret /path/to/file" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_away_is_tried_again_and_then_given_up(job):
    def work(job, report):
        raise OperationalError("database is locked")

    seen = [end_of(job, work).status for _ in range(3)]

    assert seen == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED]
    assert "database could not be reached" in job.error


def test_a_cancel_reaches_the_work_at_its_next_report(job):
    def work(job, report):
        jobs.cancel(job)
        report("motion", 1, 2)
        raise AssertionError("the work went on")

    assert end_of(job, work).status == JobStatus.CANCELLED


def test_a_worker_told_to_stop_gives_the_row_back_without_counting_the_attempt(job):
    def work(job, report):
        celery.stopping.set()
        report("motion", 1, 2)
        raise AssertionError("the work went on")

    try:
        ended = end_of(job, work)
    finally:
        celery.stopping.clear()

    assert (ended.status, ended.attempt) == (JobStatus.QUEUED, 0)


def test_progress_is_written_with_the_phase_and_when_it_began(job):
    def work(job, report):
        report("motion", 3, 10)
        report("motion", 4, 10)  # too soon after: not written
        report("storing", 0, 1)
        raise errors.Conflict("stop here")

    ended = end_of(job, work)

    assert (ended.phase, ended.done, ended.total) == ("storing", 0, 1)
    assert ended.phase_started_at >= ended.started_at


def test_a_phase_that_goes_on_in_its_middle_says_where_it_began(job, settings):
    settings.JOB_HEARTBEAT_S = 0

    def work(job, report):
        report("motion", 500, 1000)
        report("motion", 510, 1000)
        raise errors.Conflict("stop here")

    ended = end_of(job, work)

    assert (ended.done, ended.phase_started_done) == (510, 500)


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_moves_during_one_long_step(job, settings, until):
    settings.JOB_HEARTBEAT_S = 0.02
    claimed = jobs.claim(MotionJob, job.pk)

    with Reporter(claimed):
        until(lambda: MotionJob.objects.get(pk=job.pk).heartbeat_at > claimed.heartbeat_at)
