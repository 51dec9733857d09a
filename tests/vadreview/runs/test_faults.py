"""What may go wrong while a run is worked on, done to real worker processes: nothing is lost, nothing is done twice."""

from __future__ import annotations

import shutil
import signal

import pytest
from django.conf import settings
from django.db import connection

from detectors import artifacts
from tests.vadreview.runs.conftest import kill
from vadreview.celery import app
from vadreview.jobs import JobStatus
from vadreview.runs import services
from vadreview.runs.models import Run, RunVideo, Segment, Track, TrackBlock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]


def stage_is(run: Run, *stages: str):
    def ask() -> bool:
        run.refresh_from_db()
        return run.stage in stages

    return ask


def trained_by(run: Run) -> list[int]:
    model = artifacts.read_model(run.model, detector="steady", config_class=_config())
    return model.arrays["trained_by"].tolist()


def _config():
    from tests.vadreview.runs.steady.config import SteadyConfig

    return SteadyConfig


def test_a_run_goes_through_all_stages(workers, start, until):
    run = start(videos=2, epochs=3)
    worker = workers.only()

    until(stage_is(run, "done", "failed"))

    assert (run.stage, run.error) == ("done", "")
    assert [entry["epoch"] for entry in run.history] == [1, 2, 3]
    assert run.train_seconds > 0
    assert sorted(run.tracks.values_list("name", flat=True)) == ["half", "half", "score", "score"]
    assert run.run_videos.filter(status=JobStatus.DONE, heatmap__count=13).count() == 2
    assert run.threshold is not None
    assert not run.checkpoint.exists()
    assert set(trained_by(run)) == {worker.pid}


def test_training_that_is_killed_goes_on_from_its_last_epoch(workers, start, until):
    run = start(epochs=6, step_s=0.1)
    first = workers.only()

    until(lambda: Run.objects.get(pk=run.pk).history[1:])  # the second epoch is under way
    kill(first)
    second = workers.start()
    until(stage_is(run, "done", "failed"))

    pids = trained_by(run)
    assert len(pids) == 6
    assert pids[0] == first.pid
    assert pids[-1] == second.pid
    assert [entry["epoch"] for entry in run.history] == [1, 2, 3, 4, 5, 6]


def test_scoring_that_is_killed_is_done_again_without_leaving_anything_twice(workers, start, until):
    run = start(videos=2, epochs=1, frame_s=0.04)
    first = workers.only()

    until(lambda: RunVideo.objects.filter(run=run, status=JobStatus.RUNNING, done__gt=0).exists())
    kill(first)
    workers.start()
    until(stage_is(run, "done", "failed"))

    assert run.stage == "done"
    assert Track.objects.filter(run=run).count() == 4
    assert TrackBlock.objects.filter(track__run=run).count() == 4
    spans = list(Segment.objects.filter(run=run).values_list("video", "start", "stop"))
    assert len(spans) == len(set(spans))
    assert sorted(path.suffix for path in run.folder.iterdir() if path.name != "model") == [".zarr", ".zarr"]


def test_messages_that_are_lost_are_sent_again(workers, start, until):
    kill(workers.only())  # nobody is there to take the message
    run = start(videos=2, epochs=1)
    if app.conf.broker_url.startswith("redis"):
        with app.connection_for_write() as broker:
            broker.default_channel.client.flushdb()
    else:
        shutil.rmtree(settings.BROKER_DIR)
    workers.start()

    until(stage_is(run, "done", "failed"))

    assert run.stage == "done"


def test_two_workers_share_a_run_and_close_it_once(workers, start, until):
    pair = [workers.start(), workers.start()]
    until(lambda: all(workers.is_ready(worker) for worker in pair))
    run = start(videos=6, epochs=1, frame_s=0.03)

    until(stage_is(run, "done", "failed"))

    assert run.stage == "done"
    assert len(set(trained_by(run))) == 1  # one of them got the training
    scored_by = {int(worker.rpartition(":")[2]) for worker in run.run_videos.values_list("worker", flat=True)}
    assert scored_by == {worker.pid for worker in pair}
    assert Track.objects.filter(run=run, name="score").count() == 6


def test_a_run_is_cancelled_while_it_trains(workers, start, until):
    run = start(epochs=1000, step_s=0.05)
    workers.start()
    until(stage_is(run, "training"))

    services.cancel(run)
    until(stage_is(run, "cancelled"))

    assert run.status == JobStatus.CANCELLED
    assert set(run.run_videos.values_list("status", flat=True)) == {JobStatus.WAITING}


def test_a_run_is_cancelled_while_it_scores(workers, start, until):
    run = start(videos=3, epochs=1, frame_s=0.05)
    workers.start()
    until(lambda: RunVideo.objects.filter(run=run, status=JobStatus.RUNNING, done__gt=0).exists())
    run.refresh_from_db()

    services.cancel(run)
    until(stage_is(run, "cancelled", "done"))

    assert run.stage == "cancelled"
    assert not run.run_videos.filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING]).exists()


def test_a_worker_told_to_stop_gives_its_run_back_and_the_next_one_goes_on(workers, start, until):
    run = start(epochs=6, step_s=0.1)
    first = workers.only()
    until(lambda: Run.objects.get(pk=run.pk).history[1:])

    first.send_signal(signal.SIGTERM)
    first.wait(timeout=20)
    run.refresh_from_db()
    given_back = (run.status, run.attempt)
    second = workers.start()
    until(stage_is(run, "done", "failed"))

    assert first.returncode == 0
    assert given_back == (JobStatus.QUEUED, 0)
    assert set(trained_by(run)) == {first.pid, second.pid}


def test_workers_leave_no_connection_open_that_waits_in_a_transaction(workers, start, until):
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL tells")
    run = start(epochs=1)
    workers.start()
    until(stage_is(run, "done", "failed"))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        )
        assert cursor.fetchone()[0] == 0
