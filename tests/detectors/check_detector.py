"""What the contract asks of every detector, as functions; `test_check_detector` runs them over the catalogue.

A new detector needs a line in SMALL only if its preset "fast" takes more than seconds on a few dozen frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import detectors
from detectors.base import Cancelled, Detector, NotFitted, Progress, Supervision, Video, VideoScores
from detectors.metrics import frame_auc
from detectors.phases import occurring, reached

SMALL: Mapping[str, dict[str, Any]] = {
    "diffvad": {
        "widths": (8, 8, 8, 8),
        "batch_size": 16,
        "warmup_steps": 40,
        "rounds": 1,
        "round_steps": 20,
        "patterns": 2,
        "label_patterns": 1,
    },
    "kdiffusion": {"widths": (64, 32, 16), "epochs": 3, "epoch_steps": 30},
    "pseudoanomaly": {
        "size": 32,
        "widths": (4, 8, 8, 8),
        "epochs": 3,
        "min_steps": 60,
        "max_training_frames": 256,
    },
    "stgnf": {
        "poses": "beside",
        "segment_length": 8,
        "steps": 4,
        "training_stride": 2,
        "batch_size": 64,
        "epochs": 4,
        "min_steps": 1,
        "learning_rate": 0.005,
    },
}

NEEDS_PEOPLE = {"stgnf"}
"""Detectors that learn from people alone."""


def make(name: str, *, seed: int = 0) -> Detector:
    """A detector that learns in seconds."""
    return detectors.create(name, seed=seed, device="cpu", **SMALL.get(name, {}))


def assert_same(one: VideoScores, other: VideoScores) -> None:
    np.testing.assert_array_equal(one.frames, other.frames)
    assert one.tracks.keys() == other.tracks.keys()
    for track in one.tracks:
        np.testing.assert_array_equal(one.tracks[track].values, other.tracks[track].values)
    if one.heatmaps is not None:
        np.testing.assert_array_equal(one.heatmaps.values, other.heatmaps.values)


def check_shapes(scores: VideoScores, video: Video) -> None:
    """Every part of the scores speaks of frames that the video has."""
    n = video.n_frames
    assert scores.frames.shape == (n,)
    assert scores.frames.dtype == np.float32
    assert np.isfinite(scores.frames).all()
    for track in scores.tracks.values():
        assert track.values.dtype == np.float32
        assert np.isfinite(track.values).all()
        assert 0 <= track.offset + (len(track.values) - 1) * track.stride < n
    if maps := scores.heatmaps:
        assert maps.values.dtype == np.uint8
        assert maps.values.shape[0] == len(maps.frames) > 0
        assert (np.diff(maps.frames) > 0).all()
        assert 0 <= maps.frames[0] <= maps.frames[-1] < n
        assert maps.low < maps.high
    if patterns := scores.patterns:
        assert patterns.actual.shape[0] == len(patterns.starts)
        assert np.isfinite(patterns.actual).all()
        assert (patterns.starts < n).all()
        if patterns.generated is not None:
            assert patterns.generated.shape[::2] == patterns.actual.shape
    for person in scores.people or ():
        assert len(person.frames) == len(person.boxes) == len(person.keypoints) == len(person.scores)


def check_not_fitted(name: str, video: Video, folder: Path) -> None:
    detector = make(name)
    with pytest.raises(NotFitted):
        detector.score(video)
    with pytest.raises(NotFitted):
        detector.save(folder)


def check_round_trip(detector: Detector, video: Video, folder: Path) -> None:
    """A saved model scores as before, and is the same file when it is saved again."""
    first = detector.save(folder / "first")
    loaded = detectors.load(folder / "first", device="cpu")
    assert loaded.config == detector.config
    assert_same(loaded.score(video), detector.score(video))
    assert loaded.save(folder / "second") == first


def check_cancel(name: str, video: Video) -> None:
    """The first report of each phase can stop the work."""

    def stop(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        make(name).fit([video], progress=stop)


def check_resume(name: str, videos: list[Video], folder: Path) -> None:
    """Training that was stopped half-way goes on and ends in the same model as if nothing had happened."""
    whole = make(name).fit(videos).save(folder / "whole")
    seen: list[Progress] = []

    def stop_halfway(progress: Progress) -> None:
        if progress.phase == "training" and progress.done > progress.total // 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        make(name).fit(videos, progress=stop_halfway, checkpoint=folder / "checkpoint")
    resumed = make(name).fit(videos, progress=seen.append, checkpoint=folder / "checkpoint")

    assert resumed.save(folder / "resumed") == whole
    steps = [progress for progress in seen if progress.phase == "training"]
    assert len(steps) < steps[-1].total  # it did not start again


def check_progress(name: str, videos: list[Video]) -> None:
    """Reports tell of declared phases alone, never go back, end at the total, and training reports its loss."""
    fitting: list[Progress] = []
    scoring: list[Progress] = []
    detector = make(name)
    detector.fit(videos, progress=fitting.append).score(videos[0], progress=scoring.append)
    declared = occurring(detectors.about(name).phases, detector.config)
    assert {progress.phase for progress in fitting} <= {phase.name for phase in declared}
    assert {progress.phase for progress in scoring} == {"scoring"}
    for seen in (fitting, scoring):
        for phase in {progress.phase for progress in seen}:
            done = [progress.done for progress in seen if progress.phase == phase]
            assert done == sorted(done)
            last = [progress for progress in seen if progress.phase == phase][-1]
            assert last.done == last.total
    whole = [reached(declared, progress.phase, progress.done / progress.total) for progress in fitting]
    assert whole == sorted(whole)
    assert whole[-1] > 0.9
    assert any("loss" in progress.metrics for progress in fitting if progress.phase == "training")


def check_supervision(name: str, video: Video) -> None:
    """Footage that somebody found abnormal does not change what is learned, whatever it shows."""
    half = video.n_frames // 2
    labels = np.full(video.n_frames, -1, np.int8)
    labels[half:] = 1
    make(name).fit([video], supervision=Supervision({video.name: labels}))


def check_planted(detector: Detector, video: Video, planted: range) -> None:
    """Frames of a planted anomaly rank above the others."""
    scores = detector.score(video).frames
    labels = np.isin(np.arange(len(scores)), planted).astype(int)
    auc = frame_auc(scores, labels)
    assert auc is not None
    assert auc > 0.9
