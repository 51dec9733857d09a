"""Training, scoring and closing, done in this process: what they leave, and what they say when they cannot."""

from __future__ import annotations

import subprocess
import sys
import uuid

import numpy as np
import pytest
import zarr

from tests.vadreview import factories
from vadreview.jobs import JobStatus
from vadreview.runs import artifacts, closing, motion, scoring, services, tasks, tracks, training
from vadreview.runs.models import MotionJob, Run, RunVideo, Track
from vadreview.sweep import sweep_all

pytestmark = pytest.mark.django_db


def trained(run: Run) -> Run:
    training.work_on(str(run.pk))
    run.refresh_from_db()
    return run


def scored(run: Run) -> Run:
    for row in run.run_videos.filter(status=JobStatus.QUEUED):
        scoring.work_on(str(row.pk))
    run.refresh_from_db()
    return run


def test_nothing_the_web_process_imports_loads_torch():
    code = (
        "import django, sys; django.setup(); import vadreview.urls, vadreview.runs.tasks;"
        "from vadreview.runs import inference; inference.catalogue(); inference.motion;"
        "sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ---- training ----


def test_a_trained_run_has_a_model_and_queues_its_scoring(start):
    run = trained(start(videos=2, epochs=4))

    assert (run.stage, run.status, run.error) == ("scoring", "done", "")
    assert [entry["epoch"] for entry in run.history] == [1, 2, 3, 4]
    assert len(run.model_sha256) == 64
    assert run.device_used == "cpu"
    assert set(run.run_videos.values_list("status", flat=True)) == {JobStatus.QUEUED}


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("config", "size must be 32 or more, got 1."),
        ("weights", "The file encoder.safetensors is missing"),
        ("memory", "The memory was not enough"),
        ("bug", "unexpected error stopped the work (KeyError)"),
    ],
)
def test_a_run_that_fails_says_why_and_can_be_retried(start, trouble, sentence):
    run = trained(start(trouble=trouble))

    assert (run.stage, run.status) == ("failed", "failed")
    assert sentence in run.error
    assert "Traceback" not in run.error
    assert services.retry(run).stage == "queued"


def test_a_training_video_whose_file_is_gone_is_named(start):
    run = start()
    run.run_videos.get().video.source.unlink()

    assert "“walk 0.mp4” is gone" in trained(run).error


def test_an_epoch_that_is_finished_makes_the_next_loss_a_first_one(start):
    run = start(epochs=2)
    Run.objects.filter(pk=run.pk).update(attempt=2)

    assert trained(run).attempt == 1


def test_a_detector_of_the_catalogue_goes_the_whole_way(project, manager, footage):
    footage(1)
    small = {"size": 32, "widths": [4, 4, 4, 4], "epochs": 1, "min_steps": 1, "flow_preset": "ultrafast"}
    run, _ = services.start(
        project, by=manager, detector="pseudoanomaly", preset="fast", overrides=small, device="cpu"
    )

    run = scored(trained(run))

    assert (run.stage, run.error) == ("done", "")
    assert [entry["epoch"] for entry in run.history] == [1]
    assert run.tracks.get(name="score").length == 50


def test_a_run_deleted_while_it_trains_leaves_no_files(start):
    run = start()
    Run.objects.filter(pk=run.pk).delete()
    run.checkpoint.mkdir(parents=True)

    training.work_on(str(run.pk))

    assert not run.folder.exists()


# ---- scoring and closing ----


def test_the_last_video_scored_closes_the_run(start):
    run = trained(start(videos=2))
    first, last = run.run_videos.all()

    scoring.work_on(str(first.pk))
    run.refresh_from_db()
    assert run.stage == "scoring"
    scoring.work_on(str(last.pk))
    run.refresh_from_db()

    assert run.stage == "done"
    assert run.proposed_at is not None
    assert run.policy["method"] == "mad"


def test_a_scored_video_has_tracks_and_heatmaps(start):
    run = scored(trained(start()))

    row = run.run_videos.get()
    score, half = run.tracks.get(name="score"), run.tracks.get(name="half")
    assert (score.length, half.length, half.stride) == (50, 25, 2)
    assert np.array_equal(tracks.read(half), tracks.read(score)[::2])
    strongest = artifacts.heatmaps(row, start=0, stop=50).values.max((1, 2))
    assert row.heatmap == {
        "stride": 4, "offset": 0, "height": 3, "width": 4, "count": 13, "low": 0.0, "high": 255.0,
        "top": int(np.percentile(strongest, 99)),
        "region": [0.0, 0.0, 1.0, 1.0], "kind": "strangeness",
    }  # fmt: skip
    assert artifacts.heatmaps(row, start=0, stop=50).values.shape == (13, 3, 4)


def test_a_scored_video_keeps_its_patterns_its_pseudo_labels_and_notes_in_small_types(start):
    row = scored(trained(start())).run_videos.get()

    assert row.patterns == {"windows": 10, "length": 5, "dimensions": 5, "generated": 4}
    assert row.refinement == {"windows": 10, "length": 5, "rounds": 3, "neighbours": 3}
    assert row.notes == ["The light is steady."]
    group = zarr.open_group(row.artifacts, mode="r")
    types = {
        name: str(group[name].dtype) for name in ("patterns/generated", "refinement/vote", "refinement/raw")
    }
    assert types == {"patterns/generated": "float16", "refinement/vote": "float16", "refinement/raw": "int8"}
    assert uuid.UUID(bytes=group["refinement/bank_videos"][0].tobytes()) == row.video_id


def test_scoring_again_leaves_one_of_everything(start):
    run = scored(trained(start()))
    row = run.run_videos.get()
    before = tracks.read(run.tracks.get(name="score"))

    RunVideo.objects.filter(pk=row.pk).update(status=JobStatus.QUEUED)
    Run.objects.filter(pk=run.pk).update(stage=Run.Stage.SCORING)
    run = scored(run)

    assert run.stage == "done"
    assert np.array_equal(tracks.read(run.tracks.get(name="score")), before)
    assert Track.objects.filter(run=run).count() == 2
    assert sorted(path.name for path in run.folder.iterdir()) == sorted([f"{row.video_id}.zarr", "model"])


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_model_fails_the_run_clearly_and_a_retry_trains_again(start, damage):
    run = trained(start())
    file = run.model / "model.safetensors"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1] + b"?")

    run = scored(run)
    assert run.stage == "failed"
    assert "model of this run is missing or damaged" in run.error

    services.retry(run)
    assert run.stage == "queued"
    assert scored(trained(run)).stage == "done"


def test_a_video_that_cannot_be_scored_does_not_spoil_the_others(start):
    run = trained(start(videos=3))
    bad = run.run_videos.first()
    bad.video.source.write_bytes(b"this is no video")

    run = scored(run)

    assert run.stage == "done"
    assert run.tracks.filter(name="score").count() == 2
    assert "1 of 3 videos could not be scored" in run.error
    bad.refresh_from_db()
    assert bad.status == JobStatus.FAILED
    assert bad.error


def test_a_retry_takes_up_only_the_videos_that_are_missing(start, clip):
    run = trained(start(videos=2))
    bad, good = run.run_videos.all()
    bad.video.source.write_bytes(b"this is no video")
    run = scored(run)
    bad.video.source.write_bytes(clip.read_bytes())

    services.retry(run)
    waiting = list(run.run_videos.filter(status=JobStatus.QUEUED))
    run = scored(run)

    assert waiting == [bad]
    assert (run.stage, run.error) == ("done", "")
    assert good.video_id in set(run.tracks.values_list("video", flat=True))


def test_a_run_whose_last_worker_died_before_closing_it_is_closed_by_the_sweep(start):
    run = trained(start())
    scored(run)
    Run.objects.filter(pk=run.pk).update(stage=Run.Stage.SCORING)  # as if nobody had come to closing

    sweep_all()

    run.refresh_from_db()
    assert run.stage == "done"


def test_a_run_that_cannot_be_closed_fails_and_a_retry_closes_it(start, project):
    project.policy = {"method": "tea leaves"}
    project.save()
    run = scored(trained(start()))
    assert run.stage == "failed"
    assert "method" in run.error

    project.policy = {}
    project.save()

    assert services.retry(Run.objects.get(pk=run.pk)).stage == "done"


def test_cancelling_covers_the_scoring_jobs_that_nobody_has_begun(start):
    run = services.cancel(trained(start(videos=2)))

    assert run.stage == "cancelled"
    assert set(run.run_videos.values_list("status", flat=True)) == {JobStatus.CANCELLED}
    assert services.retry(run).stage == "scoring"
    assert scored(run).stage == "done"


def test_settling_twice_changes_nothing(start):
    run = scored(trained(start()))
    proposed_at = run.proposed_at

    closing.settle(run.pk)

    run.refresh_from_db()
    assert run.proposed_at == proposed_at


# ---- motion ----


def test_a_video_that_has_become_ready_gets_its_reference_curves(video_file):
    tasks.after_ingest(str(video_file.pk))

    curves = {track.name: track for track in Track.objects.filter(video=video_file, run=None)}
    assert curves.keys() == {"motion_mean", "motion_strongest_cell"}
    assert {track.length for track in curves.values()} == {50}
    assert MotionJob.objects.get(video=video_file).status == JobStatus.DONE


def test_the_sweep_queues_the_motion_of_videos_that_have_none(
    video, rung, django_capture_on_commit_callbacks
):
    factories.VideoFactory(project=video.project, state="ingesting", status=JobStatus.RUNNING)

    with django_capture_on_commit_callbacks(execute=True):
        assert motion.queue_missing() == 1

    job = MotionJob.objects.get()
    assert job.video == video
    assert rung() == [("vadreview.runs.tasks.motion", [str(job.pk)], "motion")]
    assert motion.queue_missing() == 0
