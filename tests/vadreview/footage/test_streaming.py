"""Files on their way out: who gets them, and every way to ask for a part of one."""

from __future__ import annotations

import os

import numpy as np
import pytest

from vadreview.footage import media, streaming
from vadreview.footage.models import Video

pytestmark = pytest.mark.django_db

FILES = ["proxy.mp4", "poster.jpg", "sheets/0.jpg", "frames/0.jpg", "times/", "source"]
SIZE = 10_000
CONTENT = bytes(n % 251 for n in range(SIZE))


def url(video: Video, name: str = "proxy.mp4") -> str:
    return f"/api/videos/{video.pk}/{name}"


@pytest.fixture(scope="session")
def made(tmp_path_factory, clip):
    """What ingest makes of the clip."""
    out = tmp_path_factory.mktemp("made") / "derived"
    media.ingest(clip, out)
    return out


@pytest.fixture
def files(video_file, made) -> Video:
    """A ready video with every file."""
    os.symlink(made, video_file.derived)
    return video_file


@pytest.fixture(autouse=True)
def _links_may_lead_to_the_made_files(request, monkeypatch):
    if "files" in request.fixturenames:
        monkeypatch.setattr(streaming, "inside_media", lambda path: True)


@pytest.fixture
def plain(video_file) -> Video:
    """A ready video whose proxy is a file of known bytes: ranges do not care what is in it."""
    video_file.derived.mkdir()
    (video_file.derived / "proxy.mp4").write_bytes(CONTENT)
    return video_file


def body(answer) -> bytes:
    return answer.getvalue() if answer.streaming else answer.content


# ---- who gets what ----


@pytest.mark.parametrize("name", FILES)
def test_a_stranger_gets_404_for_every_file(api, stranger, files, name):
    assert api(stranger).get(url(files, name)).status_code == 404
    assert api(stranger).head(url(files, name)).status_code == 404


@pytest.mark.parametrize("name", FILES)
def test_nobody_gets_a_file_without_signing_in(api, anonymous, files, name):
    assert api(anonymous).get(url(files, name)).status_code in (401, 403)


@pytest.mark.parametrize("name", FILES[:-1])
def test_a_viewer_gets_what_a_browser_shows(api, viewer, files, name):
    assert api(viewer).get(url(files, name)).status_code == 200


def test_only_a_manager_gets_the_uploaded_file_and_always_as_an_attachment(
    api, viewer, reviewer, manager, files, clip
):
    Video.objects.filter(pk=files.pk).update(name='north/übers"icht.html')

    answer = api(manager).get(url(files, "source"))

    assert body(answer) == clip.read_bytes()
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "north" not in answer["Content-Disposition"]
    assert [api(user).get(url(files, "source")).status_code for user in (viewer, reviewer)] == [403, 403]


@pytest.mark.parametrize("name", FILES)
def test_files_are_private_typed_and_harmless_as_pages(api, manager, files, name):
    answer = api(manager).get(url(files, name))

    assert answer["Cache-Control"].startswith("private")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Content-Type"] in ("video/mp4", "image/jpeg", "application/octet-stream")


@pytest.mark.parametrize("accept", ["video/*", "image/avif", "text/html", ""])
def test_the_answer_does_not_depend_on_what_a_browser_accepts(api, viewer, files, accept):
    assert api(viewer).get(url(files, "poster.jpg"), headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("name", ["sheets/1.jpg", "sheets/99999999999999999999.jpg", "frames/50.jpg"])
def test_a_number_past_the_end_is_not_found(api, viewer, files, name):
    assert api(viewer).get(url(files, name)).status_code == 404


@pytest.mark.parametrize(
    "name", ["frames/-1.jpg", "frames/1e3.jpg", "sheets/..%2f0.jpg", "sheets/%2e%2e/source"]
)
def test_what_is_no_number_is_no_address(api, viewer, files, name):
    assert api(viewer).get(url(files, name)).status_code == 404


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_there_yet_is_not_found(api, manager, video, name):
    assert api(manager).get(url(video, name)).status_code == 404


def test_a_link_out_of_the_media_folder_is_not_followed(api, manager, video_file, tmp_path):
    secret = tmp_path / "secret_key"
    secret.write_text("do not tell")
    video_file.source.unlink()
    os.symlink(secret, video_file.source)

    assert api(manager).get(url(video_file, "source")).status_code == 404


# ---- what is made when it is asked for ----


def test_a_still_shows_exactly_that_frame(api, viewer, files):
    import cv2

    answer = api(viewer).get(url(files, "frames/30.jpg"))
    picture = cv2.imdecode(np.frombuffer(body(answer), np.uint8), cv2.IMREAD_GRAYSCALE)

    bright = np.flatnonzero(picture[24] > 130)  # the square of the clip stands at [n, n + 12)
    assert (bright[0], bright[-1]) == pytest.approx((30, 41), abs=1)


def test_stills_of_two_frames_are_told_apart_by_their_etags(api, viewer, files):
    first, second = (api(viewer).get(url(files, f"frames/{n}.jpg")) for n in (3, 4))

    assert first["ETag"] != second["ETag"]
    again = api(viewer).get(url(files, "frames/3.jpg"), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_times_are_one_little_endian_double_a_frame(api, viewer, files):
    seconds = np.frombuffer(body(api(viewer).get(url(files, "times/"))), dtype="<f8")

    assert seconds == pytest.approx(np.arange(50) / 25)


# ---- ranges ----


def ask(api, viewer, video, value: str, **headers: str):
    said = {name.replace("_", "-"): header for name, header in headers.items()}
    return api(viewer).get(url(video), headers={"Range": value, **said})


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-199", 100, 200),
        ("bytes=9999-", 9999, SIZE),
        ("bytes=0-", 0, SIZE),
        ("bytes=0-99999999", 0, SIZE),
        ("bytes=-1", 9999, SIZE),
        ("bytes=-100", 9900, SIZE),
        ("bytes=-99999", 0, SIZE),
        ("bytes= 5 - 6 ", 5, 7),
    ],
)
def test_a_range_brings_exactly_its_bytes(api, viewer, plain, asked, start, stop):
    answer = ask(api, viewer, plain, asked)

    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert int(answer["Content-Length"]) == stop - start
    assert body(answer) == CONTENT[start:stop]


@pytest.mark.parametrize("asked", ["bytes=10000-", "bytes=10000-10001", "bytes=99999999999-", "bytes=-0"])
def test_a_range_past_the_end_cannot_be_met(api, viewer, plain, asked):
    answer = ask(api, viewer, plain, asked)

    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{SIZE}"
    assert body(answer) == b""


@pytest.mark.parametrize(
    "asked",
    ["", "bytes=", "bytes=-", "bytes=9-3", "bytes=a-b", "bytes=0-9,20-29", "lines=0-9", "bytes=٣-٤", "bytes=" + "9" * 5000 + "-"],
)  # fmt: skip
def test_what_is_not_one_range_gets_everything(api, viewer, plain, asked):
    answer = ask(api, viewer, plain, asked)

    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer["Accept-Ranges"] == "bytes"


def test_an_open_range_of_the_player_is_cut_to_what_a_paused_player_can_hold(
    api, viewer, manager, plain, monkeypatch
):
    monkeypatch.setattr(streaming, "PLAYER_PART", 1000)
    plain.source.write_bytes(CONTENT)

    answer = ask(api, viewer, plain, "bytes=500-")
    closed = ask(api, viewer, plain, "bytes=500-9998")
    download = api(manager).get(url(plain, "source"), headers={"Range": "bytes=500-"})

    assert (answer["Content-Range"], body(answer)) == (f"bytes 500-1499/{SIZE}", CONTENT[500:1500])
    assert body(closed) == CONTENT[500:9999]
    assert body(download) == CONTENT[500:]


def test_head_tells_the_size_and_ignores_ranges(api, viewer, plain):
    answer = api(viewer).head(url(plain), headers={"Range": "bytes=0-9"})

    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert body(answer) == b""


def test_an_empty_file_is_sent_and_has_no_ranges(api, viewer, plain):
    (plain.derived / "proxy.mp4").write_bytes(b"")

    assert api(viewer).get(url(plain))["Content-Length"] == "0"
    assert ask(api, viewer, plain, "bytes=0-").status_code == 416


# ---- validators ----


def test_the_same_version_is_not_sent_again(api, viewer, plain):
    first = api(viewer).get(url(plain))

    by_etag = api(viewer).get(url(plain), headers={"If-None-Match": f'"x", {first["ETag"]}'})
    by_date = api(viewer).get(url(plain), headers={"If-Modified-Since": first["Last-Modified"]})

    assert (by_etag.status_code, by_date.status_code) == (304, 304)
    assert by_etag["ETag"] == first["ETag"]
    assert by_etag["Cache-Control"].startswith("private")


def test_a_changed_file_is_another_version(api, viewer, plain):
    before = api(viewer).get(url(plain))["ETag"]
    (plain.derived / "proxy.mp4").write_bytes(CONTENT[::-1])

    answer = api(viewer).get(url(plain), headers={"If-None-Match": before})

    assert (answer.status_code, body(answer)) == (200, CONTENT[::-1])


def test_a_range_of_the_version_at_hand_is_continued(api, viewer, plain):
    first = api(viewer).get(url(plain))

    for version in (first["ETag"], first["Last-Modified"]):
        assert ask(api, viewer, plain, "bytes=5-9", If_Range=version).status_code == 206


@pytest.mark.parametrize("version", ['"another"', 'W/"weak"', "Tue, 01 Jan 2019 00:00:00 GMT", ""])
def test_a_range_of_another_version_gets_everything(api, viewer, plain, version):
    answer = ask(api, viewer, plain, "bytes=5-9", If_Range=version)

    assert (answer.status_code, body(answer)) == (200, CONTENT)


def test_a_precondition_on_another_version_fails(api, viewer, plain):
    assert api(viewer).get(url(plain), headers={"If-Match": '"another"'}).status_code == 412


# ---- behind nginx ----


def test_nginx_is_told_which_file_to_send(api, viewer, plain, settings):
    settings.X_ACCEL_PREFIX = "/internal-media/"

    answer = api(viewer).get(url(plain))

    assert answer["X-Accel-Redirect"] == f"/internal-media/videos/{plain.pk}/derived/proxy.mp4"
    assert answer["Content-Type"] == "video/mp4"
    assert body(answer) == b""


def test_nginx_is_told_nothing_on_behalf_of_a_stranger(api, stranger, plain, settings):
    settings.X_ACCEL_PREFIX = "/internal-media/"

    answer = api(stranger).get(url(plain))

    assert answer.status_code == 404
    assert "X-Accel-Redirect" not in answer


def test_what_is_made_from_a_file_is_sent_by_us_even_behind_nginx(api, viewer, files, settings):
    settings.X_ACCEL_PREFIX = "/internal-media/"

    assert len(body(api(viewer).get(url(files, "frames/7.jpg")))) > 100
