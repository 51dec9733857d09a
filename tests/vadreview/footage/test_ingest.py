"""What a worker makes of an uploaded file: ready, rejected with a reason, failed and worth a retry."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.vadreview import factories
from vadreview import jobs
from vadreview.footage import ingest, media, services
from vadreview.footage.models import Video
from vadreview.footage.tasks import ingest as task
from vadreview.jobs import JobStatus

pytestmark = pytest.mark.django_db(transaction=True)  # messages are sent when a transaction commits


@pytest.fixture
def uploaded(project):
    """Make a queued video whose source is a copy of a file, or holds the given bytes."""

    def make(content: Path | bytes, **fields) -> Video:
        video = factories.VideoFactory(
            project=project,
            state=Video.State.INGESTING,
            status=JobStatus.QUEUED,
            sha256="",
            n_frames=0,
            **fields,
        )
        video.folder.mkdir(parents=True)
        if isinstance(content, bytes):
            video.source.write_bytes(content)
        else:
            shutil.copyfile(content, video.source)
        Video.objects.filter(pk=video.pk).update(size_bytes=video.source.stat().st_size)
        return video

    return make


def after(video: Video) -> Video:
    task(str(video.pk))
    video.refresh_from_db()
    return video


# ---- a file that can be used ----


def test_a_clip_becomes_ready_with_all_its_numbers(uploaded, clip, rung):
    video = after(uploaded(clip))

    assert (video.state, video.status, video.attempt) == ("ready", JobStatus.DONE, 1)
    assert (video.n_frames, video.width, video.height, video.fps_num) == (50, 64, 48, 25)
    assert video.duration_s == pytest.approx(2.0)
    assert len(video.sha256) == 64
    assert video.sheets["count"] >= 1
    assert rung() == [("vadreview.runs.tasks.after_ingest", [str(video.pk)], "motion")]


def test_everything_a_browser_needs_is_there(uploaded, clip):
    video = after(uploaded(clip))

    names = {path.name for path in video.derived.iterdir()}
    assert {"proxy.mp4", "poster.jpg", "sheets", "times.npy"} <= names
    assert np.load(video.derived / "times.npy", allow_pickle=False).shape == (50,)


def test_a_message_that_comes_twice_changes_nothing(uploaded, clip, rung):
    video = after(uploaded(clip))
    made = (video.derived / "proxy.mp4").stat().st_mtime_ns
    rung()

    again = after(video)

    assert (again.attempt, (again.derived / "proxy.mp4").stat().st_mtime_ns) == (1, made)
    assert rung() == []


def test_a_message_for_a_video_that_is_gone_does_nothing(media_root):
    task("5e2b4f9e-0d3c-4a55-9d62-0c65a1a7f0aa")

    assert not (media_root / "videos" / "5e2b4f9e-0d3c-4a55-9d62-0c65a1a7f0aa").exists()


# ---- a file that cannot be used ----


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
        b"\x00" * 5000,
        b"%PDF-1.7 not a video",
    ],
    ids=["html", "playlist", "zeros", "pdf"],
)
def test_a_file_that_is_no_video_is_rejected_with_a_reason(uploaded, content):
    video = after(uploaded(content))

    assert (video.state, video.status) == ("rejected", JobStatus.DONE)
    assert video.reason.endswith(".")
    assert "/" not in video.reason  # no path of the server
    assert not video.derived.exists()


def test_a_cut_off_mp4_is_rejected_or_read_as_far_as_it_goes(uploaded, clip):
    video = after(uploaded(clip.read_bytes()[:1500]))

    assert video.state in ("rejected", "ready")
    assert bool(video.reason) == (video.state == "rejected")


def test_a_rejected_file_is_kept_and_can_be_tried_again(uploaded, clip):
    video = after(uploaded(b"nothing"))
    shutil.copyfile(clip, video.source)

    services.retry_ingest(video)

    assert after(video).state == "ready"
    assert video.reason == ""


# ---- the same file twice ----


def test_the_same_file_is_rejected_with_the_name_of_the_first(uploaded, clip):
    first = after(uploaded(clip, name="monday.mp4"))

    second = after(uploaded(clip, name="copy.mp4"))

    assert first.state == "ready"
    assert (second.state, second.reason) == (
        "rejected", "The same file is already here as “monday.mp4”.",
    )  # fmt: skip


def test_a_duplicate_takes_no_room_of_its_own(uploaded, clip):
    first, second = after(uploaded(clip)), after(uploaded(clip))

    assert second.source.samefile(first.source)
    assert not second.derived.exists()


def test_a_duplicate_can_be_ingested_once_the_first_is_deleted(uploaded, clip):
    first, second = after(uploaded(clip)), after(uploaded(clip))
    again = services.retry_ingest(second)
    assert after(again).state == "rejected"

    services.delete_video(first)
    services.retry_ingest(second)

    assert after(second).state == "ready"
    assert [path.name for path in second.folder.glob("*.link")] == []


def test_the_same_file_in_another_project_is_welcome_and_not_told(uploaded, clip):
    other = after(uploaded(clip))
    mine = uploaded(clip)
    Video.objects.filter(pk=mine.pk).update(project=factories.ProjectFactory())

    assert (after(mine).state, after(other).state) == ("ready", "ready")


def test_of_two_that_finish_together_one_is_the_duplicate(uploaded, clip, monkeypatch):
    first, second = uploaded(clip, name="first.mp4"), uploaded(clip, name="second.mp4")
    read = media.ingest

    def overtaken(*args, **kwargs):
        monkeypatch.setattr(media, "ingest", read)
        after(second)
        return read(*args, **kwargs)

    monkeypatch.setattr(media, "ingest", overtaken)

    assert (after(first).state, after(second).state) == ("rejected", "ready")
    assert "second.mp4" in first.reason


# ---- trouble that passes ----


def test_a_full_disk_fails_with_what_to_do_and_keeps_the_upload(uploaded, clip, settings):
    settings.DISK_FLOOR_BYTES = shutil.disk_usage(settings.DATA_DIR).total
    video = after(uploaded(clip))

    assert (video.state, video.status) == ("ingesting", JobStatus.FAILED)
    assert "Free some space" in video.error
    settings.DISK_FLOOR_BYTES = 0
    services.retry_ingest(video)
    assert after(video).state == "ready"


def test_a_disk_that_fills_up_while_writing_fails_with_what_to_do(uploaded, clip, monkeypatch):
    video = uploaded(clip)
    monkeypatch.setattr(media, "_publish", _no_space)

    after(video)

    assert (video.state, video.status) == ("ingesting", JobStatus.FAILED)
    assert "retry" in video.error
    assert sorted(path.name for path in video.folder.iterdir()) == ["source"]


def _no_space(draft: Path, out: Path) -> None:
    raise OSError(28, "No space left on device")


def test_a_source_that_is_gone_says_what_to_do(uploaded, clip):
    video = uploaded(clip)
    video.source.unlink()

    assert after(video).status == JobStatus.FAILED
    assert "upload it again" in video.error


def test_a_cancelled_ingest_stops_leaves_nothing_and_can_be_retried(uploaded, clip, monkeypatch):
    video = uploaded(clip)
    monkeypatch.setattr(
        ingest, "_same_file", lambda video, report: jobs.cancel(Video.objects.get(pk=video.pk))
    )

    after(video)

    assert (video.state, video.status) == ("ingesting", JobStatus.CANCELLED)
    assert sorted(path.name for path in video.folder.iterdir()) == ["source"]
    monkeypatch.undo()
    services.retry_ingest(video)
    assert after(video).state == "ready"


def test_a_video_deleted_while_it_is_read_leaves_no_file(uploaded, clip, monkeypatch):
    video = uploaded(clip)
    read = media.ingest

    def deleted_meanwhile(*args, **kwargs):
        found = read(*args, **kwargs)
        Video.objects.get(pk=video.pk).delete()
        return found

    monkeypatch.setattr(media, "ingest", deleted_meanwhile)

    task(str(video.pk))

    assert not video.folder.exists()
