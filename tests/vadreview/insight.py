"""Runs with patterns and pseudo-labels, stored as a worker stores them, without training anything."""

from __future__ import annotations

import numpy as np

from detectors.base import Patterns, VideoScores
from tests.vadreview import factories
from tests.vadreview.runs.steady import insight
from vadreview.footage.models import Video
from vadreview.runs import artifacts, dense
from vadreview.runs.models import Run, RunVideo

LENGTH = 10


def store(row: RunVideo, scores: VideoScores) -> RunVideo:
    """Store what is dense in `scores` as the results of a row."""
    stored = dense.of(scores)
    artifacts.write(row, stored.arrays)
    row.heatmap, row.patterns, row.refinement = stored.heatmap, stored.patterns, stored.refinement
    row.notes = list(scores.notes)
    row.save()
    return row


def patterned(
    run: Run, video: Video, *, vectors: np.ndarray, generated: np.ndarray | None = None
) -> RunVideo:
    """Give a video of a run one window of LENGTH frames after another, with these vectors (K, D)."""
    row = RunVideo.objects.filter(run=run, video=video).first()
    row = row or factories.RunVideoFactory(run=run, video=video)
    starts = np.arange(len(vectors), dtype=np.int64) * LENGTH
    found = Patterns(actual=vectors.astype(np.float32), starts=starts, length=LENGTH, generated=generated)
    return store(row, VideoScores(frames=np.zeros(video.n_frames, np.float32), patterns=found))


def refined(run: Run, video: Video, *, frames: int = 50) -> RunVideo:
    """Give a video of a run the pseudo-labels of the test detector, over its first frames."""
    row = RunVideo.objects.filter(run=run, video=video).first()
    row = row or factories.RunVideoFactory(run=run, video=video)
    brightness = np.linspace(0, 1, frames, dtype=np.float32)
    scores = VideoScores(
        frames=brightness,
        patterns=insight.patterns_of(brightness),
        refinement=insight.refinement_of(brightness, name=str(video.pk)),
    )
    return store(row, scores)
