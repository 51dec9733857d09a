"""Uploads over a real line into a real web server: lines that are cut, clients that fall silent, kill -9."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from django.conf import settings
from django.db import connection
from tusclient.client import TusClient
from tusclient.uploader import Uploader

from vadreview import serve
from vadreview.accounts import services as accounts
from vadreview.footage.models import Upload, Video

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live-uploads")]

MB = 1024 * 1024
BODY = random.Random(7).randbytes(3 * MB + 12_345)
SILENCE_S = 2


def eventually(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Server:
    """The web process that `make run` starts, on the database of this test session."""

    def __init__(self, data_dir: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "live-web.log"
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name not in ("BROKER_URL", "CACHE_URL") and not name.startswith("PYTEST_")
        } | {"VADREVIEW_DATA": str(data_dir), "CLIENT_SILENCE_S": str(SILENCE_S), "DISK_FLOOR_BYTES": "0"}
        name = str(connection.settings_dict["NAME"])
        if connection.vendor == "sqlite":
            (data_dir / "db.sqlite3").symlink_to(name)
        else:
            parts = urlsplit(os.environ["DATABASE_URL"])
            self.env |= {"DATABASE_URL": parts._replace(path=f"/{quote(name)}").geturl()}
            self.env |= {"SECRET_KEY": settings.SECRET_KEY}

    def start(self) -> None:
        web = next(child for child in serve.children(host="127.0.0.1", port=self.port, logs=self.log.parent)
                   if child.name == "web")  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                web.command,
                env=self.env,
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self.answers, seconds=60)

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(data_dir, django_db_setup, django_db_blocker) -> Iterator[Server]:
    running = Server(data_dir)
    try:
        running.start()
        yield running
    finally:
        running.kill()
        (data_dir / "db.sqlite3").unlink(missing_ok=True)


@pytest.fixture
def token(manager) -> str:
    return accounts.create_token(manager, name="script")[1]


@pytest.fixture
def headers(token) -> dict[str, str]:
    return {"Authorization": f"Token {token}", "Tus-Resumable": "1.0.0"}


@pytest.fixture
def upload(server, project, headers) -> str:
    """The address of an upload of BODY that has just begun."""
    told = {"filename": "walk.mp4", "project": str(project.pk)}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    answer = requests.post(
        f"{server.url}/api/uploads/",
        headers={**headers, "Upload-Length": str(len(BODY)), "Upload-Metadata": metadata},
        timeout=30,
    )
    assert answer.status_code == 201
    return server.url + answer.headers["Location"]


def offset(upload: str, headers: dict[str, str]) -> int:
    return int(requests.head(upload, headers=headers, timeout=30).headers["Upload-Offset"])


def patch(upload: str, headers: dict[str, str], body: bytes, *, at: int) -> requests.Response:
    said = {**headers, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
    return requests.patch(upload, data=body, headers=said, timeout=30)


def begin_patch(
    upload: str, headers: dict[str, str], body: bytes, *, at: int, of: int
) -> http.client.HTTPConnection:
    """Send the first bytes of a PATCH of `of` bytes, and leave the line open."""
    parts = urlsplit(upload)
    line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    line.putrequest("PATCH", parts.path)
    said = {**headers, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
    for name, value in (said | {"Content-Length": str(of)}).items():
        line.putheader(name, value)
    line.endheaders(body)
    return line


def received() -> bytes:
    return Video.objects.get().source.read_bytes()


def test_tuspy_uploads_a_file_in_chunks(server, project, token, tmp_path):
    path = tmp_path / "walk.mp4"
    path.write_bytes(BODY)
    client = TusClient(f"{server.url}/api/uploads/", headers={"Authorization": f"Token {token}"})

    client.uploader(
        str(path),
        chunk_size=MB,
        metadata={"filename": "Küste.mp4", "project": str(project.pk)},
        upload_checksum=True,
    ).upload()

    assert Video.objects.get().name == "Küste.mp4"
    assert hashlib.sha256(received()).digest() == hashlib.sha256(BODY).digest()


def test_an_upload_goes_on_after_the_server_was_killed_in_the_middle_of_a_chunk(
    server, project, token, headers, upload, tmp_path
):
    path = tmp_path / "walk.mp4"
    path.write_bytes(BODY)
    part = Upload.objects.get().part
    patch(upload, headers, BODY[:MB], at=0)
    begin_patch(upload, headers, BODY[MB : MB + 400_000], at=MB, of=2 * MB)
    eventually(lambda: part.stat().st_size > MB)

    server.kill()
    server.start()

    client = TusClient(f"{server.url}/api/uploads/", headers={"Authorization": f"Token {token}"})
    resumed = Uploader(str(path), url=upload, client=client, chunk_size=MB)
    assert MB < resumed.offset <= MB + 400_000
    resumed.upload()
    assert hashlib.sha256(received()).digest() == hashlib.sha256(BODY).digest()


def test_a_cut_line_keeps_every_byte_that_arrived(headers, upload):
    line = begin_patch(upload, headers, BODY[:500_000], at=0, of=MB)
    line.close()

    eventually(lambda: offset(upload, headers) == 500_000)
    eventually(lambda: patch(upload, headers, BODY[500_000:], at=500_000).status_code == 204)
    assert received() == BODY


def test_of_two_requests_at_once_the_second_is_told_to_wait_and_writes_nothing(headers, upload):
    line = begin_patch(upload, headers, BODY[:MB], at=0, of=len(BODY))
    eventually(lambda: offset(upload, headers) > 0)

    second = patch(upload, headers, b"x" * 100, at=offset(upload, headers))
    line.send(BODY[MB:])

    assert second.status_code == 423
    assert line.getresponse().status == 204
    assert received() == BODY


def test_a_client_that_falls_silent_does_not_keep_others_out(headers, upload):
    silent = begin_patch(upload, headers, BODY[:300_000], at=0, of=len(BODY))
    eventually(lambda: offset(upload, headers) > 0)

    def go_on() -> bool:
        at = offset(upload, headers)
        return patch(upload, headers, BODY[at:], at=at).status_code == 204

    eventually(go_on)
    silent.close()
    assert received() == BODY


def test_a_refused_chunk_leaves_the_line_usable(headers, upload):
    with requests.Session() as line:
        line.headers.update(headers)
        said = {"Upload-Offset": "5", "Content-Type": "application/offset+octet-stream"}
        refused = line.patch(upload, data=BODY[:MB], headers=said, timeout=30)
        after = line.head(upload, timeout=30)

    assert (refused.status_code, after.status_code, after.headers["Upload-Offset"]) == (409, 200, "0")


def test_a_cancelled_upload_is_gone_even_while_it_arrives(headers, upload):
    part = Upload.objects.get().part
    line = begin_patch(upload, headers, BODY[:MB], at=0, of=len(BODY))
    eventually(lambda: offset(upload, headers) > 0)

    assert requests.delete(upload, headers=headers, timeout=30).status_code == 204
    line.send(BODY[MB:])

    assert line.getresponse().status == 410
    assert not Video.objects.exists()
    assert not part.exists()


def test_ranges_arrive_whole_over_a_real_line(server, video_file, headers):
    video_file.derived.mkdir()
    (video_file.derived / "proxy.mp4").write_bytes(BODY)
    address = f"{server.url}/api/videos/{video_file.pk}/proxy.mp4"

    with requests.Session() as line:
        line.headers.update(headers)
        part = line.get(address, headers={"Range": "bytes=1000000-1000099"}, timeout=30)
        head = line.head(address, timeout=30)
        whole = line.get(address, timeout=30)

    assert (part.status_code, part.content) == (206, BODY[1_000_000:1_000_100])
    assert (head.headers["Content-Length"], head.content) == (str(len(BODY)), b"")
    assert whole.content == BODY
