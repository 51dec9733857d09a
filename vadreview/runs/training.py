"""The training job of a run: fit the detector, write the model, queue the scoring."""

from __future__ import annotations

import shutil
import time
import uuid
from typing import Any

from django.db import transaction

from vadreview import errors, jobs
from vadreview.jobs import JobStatus, Reporter
from vadreview.runs import artifacts, closing, inference
from vadreview.runs.models import Run


def work_on(run_id: str) -> None:
    """Train a queued run, then let its stage follow."""
    pk = uuid.UUID(run_id)
    jobs.perform(Run, pk, _train, explain=inference.explain)
    closing.settle(pk)
    forget_deleted(pk)


def forget_deleted(pk: uuid.UUID) -> None:
    """Remove what was written for a run that was deleted in the meantime."""
    folder = Run(pk=pk).folder
    if folder.exists() and not Run.objects.filter(pk=pk).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _train(run: Run, report: Reporter) -> None:
    report.beat(stage=Run.Stage.TRAINING)
    videos = [row.video for row in run.run_videos.filter(trains=True).select_related("video")]
    gone = [video.name for video in videos if not video.source.exists()]
    if gone:
        raise errors.Conflict(
            f"The file of “{gone[0]}” is gone from the server. Upload it again, or start a run without it."
        )
    run.folder.mkdir(parents=True, exist_ok=True)
    for path in artifacts.leftovers(run.folder):
        shutil.rmtree(path, ignore_errors=True)

    watch = _Watch(run, report)
    trained = inference.train(run, videos, progress=watch)

    with transaction.atomic():
        report.beat()  # the last moment for a cancel: from here on it reaches the scoring jobs
        jobs.finish(
            run,
            JobStatus.DONE,
            stage=Run.Stage.SCORING,
            model_sha256=trained.sha256,
            device_used=trained.device,
            history=watch.history,
            train_seconds=watch.seconds,
        )
        for row in run.run_videos.filter(scores=True):
            jobs.queue(row)
    shutil.rmtree(run.checkpoint, ignore_errors=True)


class _Watch:
    """Passes a detector's progress on to the row, with the loss of each epoch for the curve.

    Detectors report the number of the epoch under way (from 1) among their metrics, and the mean so far of the
    others; so the last report of an epoch has the figures of all of it.
    """

    def __init__(self, run: Run, report: Reporter) -> None:
        resumed = run.checkpoint.exists()
        self.history: list[dict[str, Any]] = list(run.history) if resumed else []
        self._report = report
        self._before = (run.train_seconds or 0.0) if resumed else 0.0
        self._began = time.monotonic()
        self._epoch: float | None = None
        self._whole = inference.whole(run)
        # an attempt that was interrupted has shown so much already: a bar does not go back
        self._fitted = run.fitted

    @property
    def seconds(self) -> float:
        """How long this training has taken, the attempts before this one included."""
        return self._before + time.monotonic() - self._began

    def __call__(self, progress: inference.Progress) -> None:
        fields: dict[str, Any] = {"train_seconds": self.seconds}
        metrics = dict(progress.metrics)
        epoch = metrics.get("epoch")
        if epoch is not None:
            # a resumed training repeats the epoch it was stopped in
            before = [entry for entry in self.history if entry["epoch"] < epoch]
            same = [entry for entry in self.history if entry["epoch"] == epoch]
            self.history = [*before, {**(same[0] if same else {}), **metrics}]
            fields["history"] = self.history
        finished_one = self._epoch is not None and epoch is not None and epoch > self._epoch
        if finished_one:
            fields["attempt"] = 1  # it is kept for good: losing this worker now is a first loss again
        self._epoch = epoch or self._epoch
        self._fitted = fields["fitted"] = max(self._fitted, self._whole(progress))
        self._report(progress.phase, progress.done, progress.total, at_once=finished_one, **fields)
