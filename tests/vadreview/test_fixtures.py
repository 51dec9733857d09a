"""The fixtures themselves: what other tests stand on."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from detectors.video import Video as Footage
from tests.vadreview import factories
from vadreview import jobs


def test_tests_write_into_a_temporary_folder(data_dir, video, run):
    assert video.source.is_relative_to(data_dir)
    assert run.folder.is_relative_to(data_dir)
    assert not Path(settings.MEDIA_ROOT).is_relative_to(settings.BASE_DIR)


def test_a_queued_row_rings_once_with_its_id(transactional_db, rung):
    video = factories.VideoFactory()

    jobs.queue(video)

    assert rung() == [("vadreview.footage.tasks.ingest", [str(video.pk)], "ingest")]
    assert rung() == []


def test_the_clip_holds_fifty_frames(clip):
    assert Footage(clip).n_frames == 50


def test_every_factory_makes_a_valid_row(db):
    for name, kind in vars(factories).items():
        if name.endswith("Factory") and name != "DjangoModelFactory":
            kind().validate_constraints()
