"""What a worker hands a detector of the verdicts that a run keeps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories
from tests.vadreview.runs.steady.detector import Steady
from vadreview.runs import inference, lessons

pytestmark = pytest.mark.django_db


@pytest.fixture
def handed(monkeypatch, known) -> list:
    """Collect the supervision that the test detector is given."""
    found = []
    before = Steady.fit

    def fit(self, videos, *, supervision=None, **options):
        found.append(supervision)
        return before(self, videos, supervision=supervision, **options)

    monkeypatch.setattr(Steady, "fit", fit)
    return found


def train(project, video, lesson=None):
    run = factories.RunFactory(project=project, detector="steady", lesson=lesson or {})
    run.folder.mkdir(parents=True)
    inference.train(run, [video], progress=lambda _: None)


def test_a_run_that_was_taught_nothing_hands_over_nothing(project, video_file, handed):
    train(project, video_file)

    assert handed == [None]


def test_a_lesson_reaches_the_detector_as_labels_of_frames(project, video_file, handed):
    said = {"n_frames": 50, "abnormal": [[40, 50]], "normal": [[0, 10], [12, 14]], "disputed": [[20, 30]]}
    train(project, video_file, {"videos": {str(video_file.pk): said}})

    name = str(video_file.pk)
    expected = np.full(50, -1, np.int8)
    expected[40:50], expected[0:10], expected[12:14] = 1, 0, 0
    assert (handed[0].labels[name] == expected).all()
    assert handed[0].disputed[name].nonzero()[0].tolist() == list(range(20, 30))


def test_a_warm_start_hands_over_the_model_before_it(project, video_file, known, monkeypatch):
    parent = factories.RunFactory(project=project, detector="steady")
    parent.folder.mkdir(parents=True)
    parent.model_sha256 = inference.train(parent, [video_file], progress=lambda _: None).sha256
    parent.save()
    given = []
    before = Steady.fit

    def fit(self, videos, *, warm_start=None, **options):
        given.append(warm_start)
        return before(self, videos, **options)

    monkeypatch.setattr(Steady, "fit", fit)
    for warm in (True, False):
        run = factories.RunFactory(project=project, detector="steady", parent=parent, warm_start=warm)
        run.folder.mkdir(parents=True)
        inference.train(run, [video_file], progress=lambda _: None)

    assert given == [parent.model, None]


@pytest.mark.parametrize("damage", ["deleted", "damaged"])
def test_a_warm_start_from_a_model_that_is_gone_says_what_to_do(project, video_file, known, damage):
    parent = factories.RunFactory(project=project, detector="steady", model_sha256="0" * 64)
    parent.model.mkdir(parents=True)
    if damage == "damaged":
        (parent.model / "model.safetensors").write_bytes(b"no model")
    run = factories.RunFactory(project=project, detector="steady", parent=parent, warm_start=True)
    run.folder.mkdir(parents=True)

    with pytest.raises(inference.ModelDamaged, match="Teach again without"):
        inference.train(run, [video_file], progress=lambda _: None)


def test_spans_and_masks_are_the_same_thing():
    mask = np.array([1, 1, 0, 0, 1, 0, 1], bool)

    assert lessons.spans_of(mask) == [[0, 2], [4, 5], [6, 7]]
    assert (lessons.mask_of(lessons.spans_of(mask), 7) == mask).all()
    assert lessons.spans_of(np.zeros(3, bool)) == []
