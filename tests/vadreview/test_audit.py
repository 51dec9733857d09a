"""The media folder and the database are compared in both directions."""

from __future__ import annotations

import os
import shutil
import uuid
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.vadreview import factories
from vadreview.jobs import JobStatus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    """A media folder of this test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    for name in ("uploads", "videos", "runs", "datasets"):
        (settings.MEDIA_ROOT / name).mkdir(parents=True)
    return settings.MEDIA_ROOT


def audit(*options: str) -> tuple[int, str]:
    told = StringIO()
    try:
        call_command("audit_media", *options, stdout=told)
    except SystemExit as end:
        return end.code, told.getvalue()
    return 0, told.getvalue()


def make_complete(video) -> None:
    (video.derived / "sheets").mkdir(parents=True)
    for name in ("proxy.mp4", "poster.jpg", "times.npy"):
        (video.derived / name).write_bytes(b"x")
    video.source.write_bytes(b"x")


def age(path: Path) -> None:
    for file in [path, *path.rglob("*")]:
        os.utime(file, (0, 0))


def test_an_installation_in_order_has_nothing_to_report(video):
    make_complete(video)
    upload = factories.UploadFactory()
    upload.part.write_bytes(b"x")

    assert audit() == (0, "0 unknown, 0 missing, 0 removed\n")


@pytest.mark.parametrize(
    "place", ["uploads/{id}.part", "videos/{id}/source", "runs/{id}/model", "datasets/{id}.zip", "other/file"]
)
def test_a_file_without_a_row_is_reported_and_kept(media, place):
    path = media / place.format(id=uuid.uuid4())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")

    code, told = audit()

    assert code == 1
    assert "unknown" in told
    assert path.exists()


def test_an_old_file_without_a_row_is_removed_on_request(media):
    folder = media / "videos" / str(uuid.uuid4())
    folder.mkdir()
    (folder / "source").write_bytes(b"x")
    age(folder)

    assert audit("--remove")[0] == 0
    assert not folder.exists()


def test_a_young_file_may_be_work_in_hand_and_is_not_removed(media):
    path = media / "uploads" / f"{uuid.uuid4()}.part"
    path.write_bytes(b"x")

    assert audit("--remove")[0] == 1
    assert path.exists()


def test_a_draft_that_a_killed_worker_left_is_found(video):
    make_complete(video)
    draft = video.folder / ".derived.ab12.part"
    draft.mkdir()

    assert ".derived.ab12.part" in audit()[1]


@pytest.mark.parametrize("name", ["source", "derived/proxy.mp4", "derived/sheets"])
def test_a_video_whose_file_is_gone_is_reported(video, name):
    make_complete(video)
    path = video.folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    code, told = audit()

    assert code == 1
    assert f"(video {video.pk})" in told


def test_a_dataset_whose_archive_is_gone_is_reported():
    dataset = factories.DatasetFactory(status=JobStatus.DONE)

    assert f"(dataset {dataset.pk})" in audit()[1]
