"""How far a run is, as its bar shows it."""

from __future__ import annotations

import pytest

from tests.vadreview import factories
from vadreview import jobs
from vadreview.jobs import JobStatus
from vadreview.runs import inference, scoring, training
from vadreview.runs.models import Run

pytestmark = pytest.mark.django_db


def test_progress_of_a_training_is_of_the_whole_run_and_named_for_people(api, viewer, project):
    run = factories.RunFactory(
        project=project, stage=Run.Stage.TRAINING, status=JobStatus.RUNNING, phase="frames", done=1, total=4,
        fitted=0.05,
    )  # fmt: skip

    progress = api(viewer).get(f"/api/runs/{run.pk}/").json()["progress"]

    assert progress["phase"] == "Reading the footage"
    assert progress["fraction"] == pytest.approx(0.6 * 0.05)
    assert (progress["done"], progress["total"]) == (1, 4)


def test_progress_counts_the_frames_of_all_videos_that_are_scored(api, viewer, project):
    run = factories.RunFactory(project=project, stage=Run.Stage.SCORING)
    factories.RunVideoFactory(run=run, status=JobStatus.DONE)
    factories.RunVideoFactory(run=run, status=JobStatus.RUNNING, done=5, total=10)
    factories.RunVideoFactory(run=run, status=JobStatus.QUEUED)

    progress = api(viewer).get(f"/api/runs/{run.pk}/").json()["progress"]

    assert progress["phase"] == "Scoring 2 of 3 videos"
    assert (progress["done"], progress["total"]) == (1500, 3000)
    assert progress["fraction"] == pytest.approx(0.6 + 0.4 / 2)


def test_the_bar_does_not_go_back_while_an_interrupted_training_catches_up(start):
    run = start(epochs=4)
    Run.objects.filter(pk=run.pk).update(fitted=0.9, attempt=1)
    seen = []

    def remember(phase, done, total, **fields):
        seen.append(fields["fitted"])

    run.refresh_from_db()
    watch = training._Watch(run, remember)
    for done in range(17):
        watch(inference.Progress("training", done, 16, {"epoch": 1 + done // 4}))

    assert seen[0] == 0.9
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_what_is_scored_counts_while_it_is_stored(start, monkeypatch):
    run = start()
    training.work_on(str(run.pk))
    seen = []
    monkeypatch.setattr(jobs.Reporter, "__call__", lambda self, phase, done, total: seen.append(done / total))

    scoring.work_on(str(run.run_videos.get().pk))

    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert run.run_videos.get().status == JobStatus.DONE
