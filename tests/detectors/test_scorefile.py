"""Score files keep what a detector said."""

from dataclasses import fields
from fractions import Fraction

import numpy as np

from detectors import scorefile
from detectors.base import Refinement, VideoScores


def refinement() -> Refinement:
    labels, numbers = np.array([[0, 1], [1, 1]], np.int8), np.array([[0.25, 0.5], [0.75, 1]], np.float32)
    return Refinement(
        starts=np.array([-3, 0]),
        length=6,
        raw=labels,
        refined=labels,
        distance=numbers,
        threshold=np.array([0.4, 0.6], np.float32),
        probability=numbers,
        vote=numbers,
        entropy=numbers,
        weight=numbers,
        neighbours=np.zeros((2, 2, 3), np.int32),
        similarity=np.ones((2, 2, 3), np.float16),
        bank_videos=("yard", "straße"),
        bank_video=np.array([0, 1], np.int32),
        bank_starts=np.array([-3, 12]),
        clamped=np.array([-1, 0], np.int8),
        disputed=np.array([True, False]),
    )


def saved_and_read(scores: VideoScores, path) -> VideoScores:
    scorefile.save(path, scores, fps=Fraction(25), sha256="0" * 64)
    return scorefile.read(path)


def test_pseudo_labels_come_back_as_they_were(tmp_path):
    written = refinement()

    found = saved_and_read(
        VideoScores(np.zeros(3, np.float32), refinement=written), tmp_path / "a.npz"
    ).refinement

    for part in fields(Refinement):
        one, other = getattr(written, part.name), getattr(found, part.name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other


def test_notes_come_back_and_may_be_missing(tmp_path):
    frames = np.zeros(3, np.float32)

    assert saved_and_read(VideoScores(frames, notes=("Look.", "So.")), tmp_path / "a.npz").notes == (
        "Look.",
        "So.",
    )
    plain = saved_and_read(VideoScores(frames), tmp_path / "b.npz")
    assert (plain.notes, plain.refinement) == ((), None)
