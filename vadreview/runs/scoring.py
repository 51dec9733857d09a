"""The scoring job of one video of a run. Doing it again replaces what it left, so it may be lost at any time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from vadreview import errors, jobs
from vadreview.jobs import JobCancelled, JobStatus, Reporter
from vadreview.runs import artifacts, closing, inference, tracks, training
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
    report("storing", 0, 1)
    series = {SCORE: tracks.Series(scores.frames)}
    series |= {
        name: tracks.Series(track.values, stride=track.stride, offset=track.offset)
        for name, track in scores.tracks.items()
    }
    heatmap, arrays = _dense(scores)
    if arrays:
        artifacts.write(row, arrays)
    else:
        artifacts.remove(row)
    with transaction.atomic():
        report.beat()
        tracks.replace(series, video=video, run=run)
        jobs.finish(row, JobStatus.DONE, heatmap=heatmap, seconds=time.monotonic() - began)


def _dense(scores: inference.VideoScores) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description of the heatmaps, and all arrays to store: names as in `detectors.base`."""
    meta: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    if scores.heatmaps is not None and len(scores.heatmaps.values):
        meta, arrays["heatmaps"] = _on_grid(scores.heatmaps)
    if scores.patterns is not None:
        found = scores.patterns
        arrays |= {"patterns/actual": found.actual, "patterns/starts": found.starts}
        arrays["patterns/length"] = np.array([found.length])
        if found.generated is not None:
            arrays["patterns/generated"] = found.generated
    if scores.people:
        people = scores.people
        counts = [len(person.frames) for person in people]
        arrays["people/tracks"] = np.repeat([person.track for person in people], counts)
        for name in ("frames", "boxes", "keypoints", "scores"):
            arrays[f"people/{name}"] = np.concatenate([getattr(person, name) for person in people])
    return meta, arrays


def _on_grid(found: inference.Heatmaps) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Lay heatmaps on an even grid of frames, where map i is of frame offset + i * stride."""
    frames, values = np.asarray(found.frames, np.int64), found.values
    steps = np.diff(frames)
    stride = int(steps.min()) if len(steps) else 1
    if len(steps) and (steps != stride).any():  # each place of the grid shows the last map there was
        places = np.arange(frames[0], frames[-1] + 1, stride)
        values = values[np.searchsorted(frames, places, side="right") - 1]
    meta = {
        "stride": stride,
        "offset": int(frames[0]),
        "height": int(values.shape[1]),
        "width": int(values.shape[2]),
        "count": len(values),
        "low": float(found.low),
        "high": float(found.high),
        "region": [float(side) for side in found.region],
        "kind": "strangeness",
    }
    return meta, values
