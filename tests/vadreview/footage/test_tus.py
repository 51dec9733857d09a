"""The upload protocol: what is accepted, from whom, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid

import pytest
from django.test import Client

from tests.vadreview import factories
from tests.vadreview.footage.tus_client import BODY, Tus, encoded, upload_at
from vadreview.accounts import services as accounts
from vadreview.accounts.models import Role
from vadreview.footage import tus
from vadreview.footage.models import Upload, Video

pytestmark = pytest.mark.django_db

SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


# ---- the way it is meant to go ----


def test_the_server_says_what_it_can_do(client):
    answer = client.send("OPTIONS")

    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert set(answer["Tus-Extension"].split(",")) >= {"creation", "termination", "checksum", "expiration"}
    assert answer["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_file_in_two_chunks_becomes_a_queued_video(
    client, url, project, manager, rung, django_capture_on_commit_callbacks
):
    first = client.patch(url, BODY[:4000], at=0)
    with django_capture_on_commit_callbacks(execute=True):
        last = client.patch(url, BODY[4000:], at=4000)

    assert (first.status_code, first["Upload-Offset"]) == (204, "4000")
    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(BODY)))
    video = Video.objects.get(pk=last["X-Video"])
    assert (video.project, video.uploaded_by, video.name) == (project, manager, "a.mp4")
    assert (video.state, video.size_bytes) == ("ingesting", len(BODY))
    assert video.source.read_bytes() == BODY
    assert [message.args for message in rung()] == [[str(video.pk)]]


def test_creation_answers_with_a_relative_address_and_an_expiry(client, project):
    answer = client.create(project)

    assert answer.status_code == 201
    assert answer["Location"].startswith("/api/uploads/")
    assert answer["Upload-Expires"].endswith("GMT")


def test_head_says_where_to_go_on_and_is_never_cached(client, url):
    client.patch(url, BODY[:100], at=0)

    answer = client.send("HEAD", url)

    assert (answer["Upload-Offset"], answer["Upload-Length"]) == ("100", str(len(BODY)))
    assert answer["Cache-Control"] == "no-store"
    assert base64.b64decode(answer["Upload-Metadata"].split(",")[0].split()[1]) == b"a.mp4"


def test_the_first_bytes_may_come_with_the_creation(client, project):
    answer = client.create(project, body=BODY[:10])

    assert (answer.status_code, answer["Upload-Offset"]) == (201, "10")


def test_a_path_within_a_dropped_folder_is_part_of_the_name(client, project):
    metadata = encoded(filename="1.mp4", relativepath="north/1.mp4", project=str(project.pk))

    answer = client.send("POST", **{"Upload-Length": "5", "Upload-Metadata": metadata})

    assert upload_at(answer["Location"]).name == "north/1.mp4"


def test_my_open_uploads_are_listed_with_their_offsets(client, url, project):
    client.patch(url, BODY[:100], at=0)
    factories.UploadFactory(project=project)

    rows = client.client.get(f"/api/uploads/?project={project.pk}").json()["results"]

    assert [(row["name"], row["offset"], row["length"]) for row in rows] == [("a.mp4", 100, len(BODY))]


def test_post_may_stand_in_for_patch_and_delete(client, url):
    appended = client.send(
        "POST", url, BODY[:10], **{"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    )
    deleted = client.send("POST", url, **{"X-HTTP-Method-Override": "DELETE"})
    bare = client.send("POST", url)

    assert (appended.status_code, deleted.status_code, bare.status_code) == (204, 204, 405)


# ---- who may ----


def test_a_stranger_cannot_upload_into_a_project(api, stranger, project):
    assert Tus(api(stranger)).create(project).status_code == 404


def test_a_reviewer_cannot_upload(api, reviewer, project):
    assert Tus(api(reviewer)).create(project).status_code == 403


def test_another_manager_does_not_see_my_upload(api, url, project):
    other = factories.MembershipFactory(project=project, role=Role.MANAGER).user

    assert Tus(api(other)).send("HEAD", url).status_code == 404
    assert Tus(api(other)).patch(url, b"x", at=0).status_code == 404
    assert Tus(api(other)).send("DELETE", url).status_code == 404


def test_who_is_no_longer_a_manager_cannot_go_on(client, url, manager):
    manager.memberships.update(role=Role.VIEWER)

    assert client.patch(url, b"x", at=0).status_code == 403


def test_a_session_needs_the_csrf_token_for_every_change(manager, project, url):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(manager)
    without = Tus(browser)

    assert without.create(project).status_code == 403
    assert without.create(project, body=BODY[:10]).status_code == 403
    assert without.patch(url, b"x", at=0).status_code == 403
    assert without.send("DELETE", url).status_code == 403
    browser.get("/api/session/")
    token = browser.cookies["csrftoken"].value
    assert without.create(project, body=BODY[:10], **{"X-CSRFToken": token}).status_code == 201


def test_an_api_token_needs_no_csrf_token(manager, project):
    _, secret = accounts.create_token(manager, name="script")
    script = Tus(Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {secret}"}))

    created = script.create(project)

    assert created.status_code == 201
    assert script.patch(created["Location"], BODY, at=0).status_code == 204


# ---- refusals ----


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_another_version_of_tus_is_refused(client, url, method, version):
    address = "/api/uploads/" if method == "POST" else url

    answer = client.send(method, address, **{"Tus-Resumable": version})

    assert answer.status_code == 412
    assert answer["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_unknown_upload_is_not_found(client, method):
    answer = client.send(method, f"/api/uploads/{uuid.uuid4()}/", b"x", **{"Upload-Offset": "0"})

    assert answer.status_code == 404


@pytest.mark.parametrize("length", ["", "-1", "1.5", "1e3", "9" * 30, "abc", "0", "٣"])
def test_a_length_that_is_none_is_refused(client, project, length):
    answer = client.create(project, **{"Upload-Length": length})

    assert answer.status_code == 400
    assert answer.json()["fields"]


def test_a_length_that_comes_later_is_refused(client, project):
    metadata = encoded(filename="a.mp4", project=str(project.pk))

    answer = client.send("POST", **{"Upload-Defer-Length": "1", "Upload-Metadata": metadata})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "metadata", ["", "filename !!!", "filename /w==", encoded(filename="a.mp4"), encoded(project="../x")]
)
def test_metadata_that_cannot_be_used_is_refused(client, metadata):
    answer = client.send("POST", **{"Upload-Length": "5", "Upload-Metadata": metadata})

    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("name", ["", "\u202e", "\x00"])
def test_an_upload_needs_a_name(client, project, name):
    assert client.create(project, name=name).status_code == 400


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "%2e%2e%2f", "n" * 300]
)
def test_a_hostile_name_is_displayed_and_touches_no_path(client, project, name, media_root):
    url = client.create(project, name=name)["Location"]
    video = Video.objects.get(pk=client.patch(url, BODY, at=0)["X-Video"])

    assert video.name == (name if len(name) <= 255 else "n" * 254 + "…")
    assert video.source == media_root / "videos" / str(video.pk) / "source"
    assert video.source.is_file()


@pytest.mark.parametrize("at", [0, 99, 101, 10_000])
def test_a_wrong_offset_writes_nothing(client, url, at):
    client.patch(url, BODY[:100], at=0)

    answer = client.patch(url, b"x" * 10, at=at)

    assert answer.status_code == 409
    assert "100" in answer.json()["message"]
    assert client.offset(url) == 100


def test_more_bytes_than_announced_are_refused_before_one_is_written(client, url):
    client.patch(url, BODY[:100], at=0)

    answer = client.patch(url, BODY[100:] + b"!", at=100)

    assert answer.status_code == 413
    assert client.offset(url) == 100


def test_a_chunk_of_another_type_is_refused(client, url):
    answer = client.patch(url, b"{}", at=0, **{"Content-Type": "application/json"})

    assert answer.status_code == 415
    assert client.offset(url) == 0


def test_a_body_of_unknown_length_is_refused(client, url):
    answer = client.patch(url, b"x", at=0, **{"Transfer-Encoding": "chunked"})

    assert answer.status_code == 411


# ---- checksums ----


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_chunk_with_the_right_checksum_is_kept(client, url, algorithm):
    digest = base64.b64encode(hashlib.new(algorithm, BODY[:500]).digest()).decode()

    answer = client.patch(url, BODY[:500], at=0, **{"Upload-Checksum": f"{algorithm} {digest}"})

    assert (answer.status_code, client.offset(url)) == (204, 500)


def test_a_chunk_with_a_wrong_checksum_is_discarded(client, url):
    client.patch(url, BODY[:100], at=0)

    answer = client.patch(url, BODY[100:], at=100, **{"Upload-Checksum": f"sha256 {SHA256}"})

    assert answer.status_code == 460
    assert client.offset(url) == 100
    assert not Video.objects.exists()


@pytest.mark.parametrize("header", ["md5 x", "sha256 !!!", "sha256", ""])
def test_a_checksum_that_cannot_be_checked_is_refused(client, url, header):
    assert client.patch(url, BODY, at=0, **{"Upload-Checksum": header}).status_code in (400, 460)
    assert client.offset(url) == 0


def test_a_creation_with_a_wrong_first_chunk_leaves_nothing(client, project):
    answer = client.create(project, body=BODY[:10], **{"Upload-Checksum": f"sha256 {SHA256}"})

    assert answer.status_code == 460
    assert not Upload.objects.exists()


def test_a_checked_chunk_that_is_cut_counts_for_nothing(client, url):
    upload = upload_at(url)

    tus.receive(upload, io.BytesIO(BODY[:50]), at=0, size=100, checksum=("sha1", b""))

    assert client.offset(url) == 0
    assert not list(upload.part.parent.glob(f"{upload.pk}.chunk"))
