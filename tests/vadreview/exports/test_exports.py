"""Asking for an export, having it written, cancelled, tried again, downloaded and deleted."""

from __future__ import annotations

import errno
import io
import json
import uuid
import zipfile

import pytest

from tests.vadreview import factories
from vadreview import jobs
from vadreview.exports import archive, services, tasks
from vadreview.exports.models import Dataset
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus

pytestmark = pytest.mark.django_db
URL = "/api/exports/"


@pytest.fixture
def client(api, manager):
    return api(manager)


@pytest.fixture
def decided(segments, reviewer):
    """One accepted and one rejected proposal; the third is open."""
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer, decision="accept")
    factories.VerdictFactory(segment=segments[1], reviewer=reviewer, decision="reject")


def request(project, **fields) -> dict:
    return {"project": str(project.pk), "name": "March", "client_key": str(uuid.uuid4()), **fields}


def export(client, project, **fields) -> Dataset:
    answer = client.post(URL, request(project, **fields))
    assert answer.status_code == 202, answer.json()
    return Dataset.objects.get(pk=answer.json()["id"])


def content(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_an_export_is_frozen_queued_written_and_downloaded(
    client, project, decided, rung, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(URL, request(project))
    pk = answer.json()["id"]

    assert answer.status_code == 202
    assert answer.json()["job"]["status"] == "queued"
    assert answer.json()["download"] is None
    assert answer.json()["counts"] == {
        "videos": 1,
        "frames": 1000,
        "abnormal_frames": 40,
        "spans": 1,
        "rejected": 1,
        "unsure": 0,
        "conflicts": 0,
        "unreviewed": 1,
    }
    assert rung() == [("vadreview.exports.tasks.write", [pk], "export")]

    tasks.write(pk)

    shown = client.get(f"{URL}{pk}/").json()
    assert shown["job"]["status"] == "done"
    assert shown["created_by"] == "manager"
    download = client.get(shown["download"])
    assert download.status_code == 200
    assert download.headers["Content-Type"] == "application/zip"
    assert download.headers["Content-Disposition"] == 'attachment; filename="march.zip"'
    body = content(download)
    assert len(body) == shown["size_bytes"]
    bundle = zipfile.ZipFile(io.BytesIO(body))
    assert bundle.testzip() is None
    said = json.loads(bundle.read("export.json"))
    assert (said["id"], said["name"], said["content_sha256"]) == (pk, "March", shown["content_sha256"])


def test_part_of_a_download_can_be_fetched(client, project, video):
    dataset = export(client, project)
    tasks.write(str(dataset.pk))

    part = client.get(f"{URL}{dataset.pk}/download", HTTP_RANGE="bytes=0-3")

    assert part.status_code == 206
    assert content(part) == b"PK\x03\x04"


def test_verdicts_given_later_do_not_change_a_frozen_export(client, project, segments, reviewer):
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer)
    dataset = export(client, project)
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer, decision="reject")
    Video.objects.update(name="renamed.mp4")

    tasks.write(str(dataset.pk))

    with zipfile.ZipFile(dataset.file) as bundle:
        text = bundle.read("segments.csv").decode()
    assert "accept" in text
    assert "renamed" not in text


def test_the_same_state_has_the_same_content_hash(client, project, segments, decided):
    first, second = export(client, project), export(client, project, name="Another name")
    factories.VerdictFactory(segment=segments[2])
    third = export(client, project)

    assert first.content_sha256 == second.content_sha256 != third.content_sha256


def test_the_same_request_again_has_one_effect(client, project, video):
    asked = request(project)

    first, second = client.post(URL, asked), client.post(URL, asked)

    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Dataset.objects.count() == 1


def test_a_key_of_another_project_is_refused(client, api, stranger, project, video):
    asked = request(project)
    client.post(URL, asked)
    own = stranger.memberships.get().project

    assert api(stranger).post(URL, asked | {"project": str(own.pk)}).status_code == 409


def test_some_videos_can_be_chosen(client, project, video):
    other = factories.VideoFactory(project=project)

    dataset = export(client, project, videos=[str(other.pk)])

    assert [one["id"] for one in dataset.manifest["videos"]] == [str(other.pk)]


@pytest.mark.parametrize("kind", ["foreign", "rejected", "unknown", "none"])
def test_videos_that_cannot_be_exported_are_named(client, project, video, kind):
    chosen = {
        "foreign": lambda: [str(factories.VideoFactory().pk)],
        "rejected": lambda: [
            str(factories.VideoFactory(project=project, state="rejected").pk),
            str(video.pk),
        ],
        "unknown": lambda: [str(uuid.uuid4())],
        "none": lambda: [],
    }[kind]()

    answer = client.post(URL, request(project, videos=chosen))

    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == {"videos"}


def test_a_project_without_footage_has_nothing_to_export(client, project):
    assert client.post(URL, request(project)).status_code == 409


def test_a_video_of_an_export_cannot_be_deleted(client, project, video):
    export(client, project)

    assert client.delete(f"/api/videos/{video.pk}/").status_code == 409


def test_a_queued_export_is_cancelled_at_once_and_can_be_tried_again(client, project, video):
    dataset = export(client, project)

    cancelled = client.post(f"{URL}{dataset.pk}/cancel/")
    tasks.write(str(dataset.pk))
    again = client.post(f"{URL}{dataset.pk}/retry/")
    tasks.write(str(dataset.pk))

    assert cancelled.json()["job"]["status"] == "cancelled"
    assert again.json()["job"]["status"] == "queued"
    dataset.refresh_from_db()
    assert dataset.status == JobStatus.DONE
    assert dataset.file.is_file()


def test_cancelling_while_it_is_written_leaves_no_file(client, project, video, settings, monkeypatch):
    settings.JOB_HEARTBEAT_S = 0
    dataset = export(client, project)
    add = archive._add

    def cancel_then_add(bundle, name, content):
        if name == "segments.csv":
            client.post(f"{URL}{dataset.pk}/cancel/")
        add(bundle, name, content)

    monkeypatch.setattr(archive, "_add", cancel_then_add)
    tasks.write(str(dataset.pk))

    dataset.refresh_from_db()
    assert dataset.status == JobStatus.CANCELLED
    assert list(dataset.file.parent.glob(f"{dataset.pk}*")) == []


def test_what_a_dead_worker_left_is_removed(client, project, video):
    dataset = export(client, project)
    dataset.file.parent.mkdir(parents=True, exist_ok=True)
    left = dataset.file.with_name(f"{dataset.pk}.{uuid.uuid4()}.part")
    left.write_bytes(b"half a zip")

    tasks.write(str(dataset.pk))

    assert not left.exists()
    assert dataset.file.is_file()


def test_a_full_disk_is_said_in_words(client, project, video, monkeypatch):
    dataset = export(client, project)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_add", full)
    tasks.write(str(dataset.pk))

    job = client.get(f"{URL}{dataset.pk}/").json()["job"]
    assert job["status"] == "failed"
    assert "disk is full" in job["error"]
    assert list(dataset.file.parent.glob(f"{dataset.pk}*")) == []


def test_an_export_deleted_while_it_is_written_leaves_no_file(client, project, video, monkeypatch):
    dataset = export(client, project)
    claimed = jobs.claim(Dataset, dataset.pk)
    replace = services.os.replace

    def delete_then_replace(draft, file):
        Dataset.objects.filter(pk=dataset.pk).delete()
        replace(draft, file)

    monkeypatch.setattr(services.os, "replace", delete_then_replace)
    services.write(claimed, jobs.Reporter(claimed))

    assert not dataset.file.exists()


def test_deleting_removes_the_file_after_the_commit(
    client, project, video, django_capture_on_commit_callbacks
):
    dataset = export(client, project)
    tasks.write(str(dataset.pk))

    with django_capture_on_commit_callbacks() as callbacks:
        assert client.delete(f"{URL}{dataset.pk}/").status_code == 204
        assert dataset.file.is_file()
    for callback in callbacks:
        callback()

    assert not dataset.file.exists()
    assert client.delete(f"/api/videos/{video.pk}/").status_code == 204


def test_what_is_done_is_neither_cancelled_nor_tried_again(client, project, video):
    dataset = export(client, project)
    tasks.write(str(dataset.pk))

    assert client.post(f"{URL}{dataset.pk}/cancel/").status_code == 409
    assert client.post(f"{URL}{dataset.pk}/retry/").status_code == 409


def test_there_is_no_download_before_the_files_are_written(client, project, video):
    dataset = export(client, project)

    assert client.get(f"{URL}{dataset.pk}/download").status_code == 409


@pytest.mark.parametrize("name", ["../../x", 'a"b;c', "  ", "\u202egpj.exe", "x" * 200])
def test_a_name_is_shown_and_never_a_path(client, project, video, name):
    answer = client.post(URL, request(project, name=name))

    if answer.status_code == 400:
        assert answer.json()["fields"].keys() == {"name"}
        return
    dataset = Dataset.objects.get()
    tasks.write(str(dataset.pk))
    header = client.get(f"{URL}{dataset.pk}/download").headers["Content-Disposition"]
    assert header.startswith('attachment; filename="')
    assert not set(header.removeprefix('attachment; filename="')[:-1]) & set('/\\";')
    assert dataset.file.name == f"{dataset.pk}.zip"


def test_a_long_list_of_exports_does_not_read_their_manifests(
    client, project, video, django_assert_max_num_queries
):
    for _ in range(5):
        export(client, project)

    with django_assert_max_num_queries(4) as captured:
        listed = client.get(URL, {"project": str(project.pk)}).json()

    assert listed["count"] == 5
    assert not any(', "exports_dataset"."manifest"' in query["sql"] for query in captured)


def test_exports_can_be_narrowed_to_a_project(client, api, superuser, project, video):
    export(client, project)
    other = factories.DatasetFactory()

    def found(**query):
        return {one["id"] for one in api(superuser).get(URL, query).json()["results"]}

    assert len(found()) == 2
    assert found(project=str(other.project_id)) == {str(other.pk)}
