"""The scoring job of one video of a run. Doing it again replaces what it left, so it may be lost at any time."""

from __future__ import annotations

import time

from django.db import transaction

from vadreview import errors, jobs
from vadreview.jobs import JobCancelled, JobStatus, Reporter
from vadreview.runs import artifacts, closing, dense, inference, tracks, training
from vadreview.runs.curves import SCORE
from vadreview.runs.models import Run, RunVideo


def work_on(row_id: str) -> None:
    """Score a queued video; whoever scores the last one of a run closes the run."""
    run = RunVideo.objects.filter(pk=row_id).values_list("run", flat=True).first()
    if run is None:
        return
    jobs.perform(RunVideo, row_id, _score, explain=inference.explain)
    closing.settle(run)
    training.forget_deleted(run)


def _score(row: RunVideo, report: Reporter) -> None:
    began = time.monotonic()
    run, video = row.run, row.video
    if run.stage != Run.Stage.SCORING:
        raise JobCancelled
    if not video.source.exists():
        raise errors.Conflict(f"The file of “{video.name}” is gone from the server. Upload it again.")

    def progress(now: inference.Progress) -> None:
        report(now.phase, now.done, now.total)

    try:
        scores = inference.score(run, video, progress=progress)
    except inference.ModelDamaged:
        # a retry sees by this that it must train again
        Run.objects.filter(pk=run.pk).update(model_sha256="")
        raise
    report(
        "storing", video.n_frames, video.n_frames
    )  # the bar of the run counts frames, and does not go back
    series = {SCORE: tracks.Series(scores.frames)}
    series |= {
        name: tracks.Series(track.values, stride=track.stride, offset=track.offset)
        for name, track in scores.tracks.items()
    }
    stored = dense.of(scores)
    if stored.arrays:
        artifacts.write(row, stored.arrays)
    else:
        artifacts.remove(row)
    with transaction.atomic():
        report.beat()
        tracks.replace(series, video=video, run=run)
        jobs.finish(
            row,
            JobStatus.DONE,
            heatmap=stored.heatmap,
            patterns=stored.patterns,
            refinement=stored.refinement,
            people=stored.people,
            notes=list(scores.notes),
            seconds=time.monotonic() - began,
        )
