"""Uploads when a line, a process, a disk or a person gives up."""

from __future__ import annotations

import fcntl
import io
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.vadreview import factories
from tests.vadreview.footage.tus_client import BODY, upload_at
from vadreview import errors
from vadreview.footage import tus
from vadreview.footage.models import Upload, Video

pytestmark = pytest.mark.django_db


# ---- lines that are cut, and repetitions ----


class CutLine(io.RawIOBase):
    """A request body that breaks after some bytes, as one whose client went away."""

    def __init__(self, body: bytes) -> None:
        self.body = io.BytesIO(body)

    def read(self, size: int = -1) -> bytes:
        block = self.body.read(size)
        if not block:
            raise ConnectionResetError("the client went away")
        return block


def test_what_arrived_before_the_line_was_cut_is_kept(client, url):
    upload = tus.receive(upload_at(url), CutLine(BODY[:700]), at=0, size=len(BODY))

    assert tus.offset(upload) == 700
    assert client.patch(url, BODY[700:], at=700).status_code == 204
    assert Video.objects.get().source.read_bytes() == BODY


def test_the_last_chunk_sent_twice_makes_one_video(client, url):
    first = client.patch(url, BODY, at=0)

    again = client.patch(url, BODY, at=0)
    empty = client.patch(url, b"", at=len(BODY), **{"Content-Type": "application/offset+octet-stream"})
    head = client.send("HEAD", url)

    assert (again.status_code, empty.status_code) == (409, 204)
    assert head["Upload-Offset"] == str(len(BODY))
    assert head["X-Video"] == empty["X-Video"] == first["X-Video"]
    assert Video.objects.count() == 1


def test_while_one_request_writes_another_is_told_to_wait(client, url):
    with upload_at(url).part.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = client.patch(url, BODY, at=0)

    assert answer.status_code == 423
    assert client.offset(url) == 0
    assert client.patch(url, BODY, at=0).status_code == 204


def test_a_process_that_died_after_the_last_byte_is_made_up_for_by_asking(client, url):
    upload = upload_at(url)
    upload.part.write_bytes(BODY)

    head = client.send("HEAD", url)

    assert Video.objects.get(pk=head["X-Video"]).source.read_bytes() == BODY


def test_a_process_that_died_after_moving_the_file_is_made_up_for(client, url):
    upload = upload_at(url)
    target = Video(id=upload.pk).source
    target.parent.mkdir(parents=True)
    target.write_bytes(BODY)
    upload.part.unlink()

    assert client.offset(url) == len(BODY)
    assert Video.objects.get().source.read_bytes() == BODY


def test_the_sweep_finishes_what_nobody_asks_about(client, url):
    upload_at(url).part.write_bytes(BODY)

    assert tus.sweep()["finished"] == 1
    assert tus.sweep()["finished"] == 0
    assert Video.objects.get().source.read_bytes() == BODY


# ---- cancelling and expiry ----


def test_a_cancelled_upload_leaves_nothing(client, url, django_capture_on_commit_callbacks):
    upload = upload_at(url)
    client.patch(url, BODY[:100], at=0)

    with django_capture_on_commit_callbacks(execute=True):
        assert client.send("DELETE", url).status_code == 204

    assert not upload.part.exists()
    assert client.send("HEAD", url).status_code == 404


def test_an_upload_cancelled_while_bytes_arrive_makes_no_video(
    client, url, django_capture_on_commit_callbacks
):
    upload = upload_at(url)

    class Cancelling(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            with django_capture_on_commit_callbacks(execute=True):
                tus.terminate(upload_at(url))
            self.read = super().read
            return super().read(size)

    with pytest.raises(errors.Gone):
        tus.receive(upload, Cancelling(BODY), at=0, size=len(BODY))

    assert not Video.objects.exists()
    assert not upload.part.exists()


def test_a_finished_upload_cannot_be_cancelled(client, url):
    client.patch(url, BODY, at=0)

    assert client.send("DELETE", url).status_code == 409
    assert Video.objects.get().source.is_file()


def test_an_expired_upload_is_gone_and_its_part_is_removed(client, url):
    upload = upload_at(url)
    client.patch(url, BODY[:100], at=0)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    before = [client.send("HEAD", url).status_code, client.patch(url, b"x", at=100).status_code]
    swept = tus.sweep()

    assert before == [410, 410]
    assert swept["expired"] == 1
    assert not upload.part.exists()
    assert client.send("HEAD", url).status_code == 410


def test_an_upload_that_is_still_written_does_not_expire(url):
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    upload = upload_at(url)

    with upload.part.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert tus.sweep()["expired"] == 0

    assert upload.part.exists()


def test_every_chunk_puts_the_expiry_off(client, url):
    Upload.objects.update(expires_at=timezone.now() + timedelta(seconds=30))

    client.patch(url, BODY[:100], at=0)

    assert upload_at(url).expires_at > timezone.now() + timedelta(hours=1)


def test_old_rows_are_forgotten_but_open_uploads_are_not(url):
    long_ago = timezone.now() - timedelta(days=30)
    for status in ("finished", "expired"):
        factories.UploadFactory(status=status, expires_at=long_ago)

    tus.sweep()

    assert [upload.pk for upload in Upload.objects.all()] == [upload_at(url).pk]


def test_a_part_that_vanished_is_gone_and_does_not_come_back_empty(client, url):
    upload_at(url).part.unlink()

    assert client.send("HEAD", url).status_code == 410
    assert client.patch(url, BODY, at=0).status_code == 410
    assert not upload_at(url).part.exists()


# ---- room ----


def test_a_file_above_the_limit_is_refused_with_both_sizes(client, project, settings):
    settings.UPLOAD_MAX_BYTES = 5_000_000

    answer = client.create(project, length=7_000_000)

    assert answer.status_code == 413
    assert "7.0 MB" in answer.json()["message"]
    assert "5.0 MB" in answer.json()["message"]


def test_the_quota_of_a_project_counts_videos_and_open_uploads(client, project, settings):
    settings.PROJECT_QUOTA_BYTES = 1000
    factories.VideoFactory(project=project, size_bytes=500)

    answers = [client.create(project, length=length).status_code for length in (300, 300, 200)]

    assert answers == [201, 413, 201]


def test_unfinished_uploads_of_a_person_are_limited(client, project, settings):
    settings.UPLOAD_OPEN_PER_USER = 2

    assert [client.create(project).status_code for _ in range(3)] == [201, 201, 409]


def test_an_upload_that_would_eat_the_disks_reserve_is_refused(client, project, settings):
    settings.DISK_FLOOR_BYTES = shutil.disk_usage(settings.DATA_DIR).total

    answer = client.create(project, length=1000)

    assert answer.status_code == 507
    assert "free some space" in answer.json()["message"]


def test_a_disk_that_fills_up_keeps_what_was_written(client, url):
    upload = upload_at(url)

    class Full:
        """Stands for a stream during which the disk runs full: the kernel says so when the part is written."""

        def read(self, size: int) -> bytes:
            raise errors.DiskFull("full")

    upload.part.write_bytes(BODY[:100])
    with pytest.raises(errors.DiskFull):
        tus.receive(upload, Full(), at=100, size=100)

    assert client.offset(url) == 100


def test_the_kernels_no_space_becomes_a_sentence():
    with (
        open("/dev/full", "wb", buffering=0) as full,
        pytest.raises(errors.DiskFull, match="free some"),
    ):
        tus._copy(io.BytesIO(BODY), full, len(BODY))
