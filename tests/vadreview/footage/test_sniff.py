"""What is refused by its first bytes, and what is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detectors.video import encode
from tests.vadreview.footage.tus_client import Tus
from vadreview.footage import sniff
from vadreview.footage.models import Upload, Video

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def picture(kind: str) -> bytes:
    return cv2.imencode(kind, np.full((48, 64, 3), 90, np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PDF, "PDF"),
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (picture(".png"), "PNG"),
        (picture(".jpg"), "JPEG"),
        (picture(".bmp"), "BMP"),
        (picture(".webp"), "WebP"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "WAV"),
        (b"ID3\x04" + bytes(60), "MP3"),
        ("Zeit;Ereignis\n00:12;Tür geöffnet\n".encode() * 90, "text"),
    ],
)
def test_what_cannot_be_footage_is_named(head, kind):
    said = sniff.surely_not_footage(head[: sniff.ENOUGH])
    assert said is not None
    assert kind in said


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00\x00\x00\x18ftypmp42" + bytes(50),
        b"\x1aE\xdf\xa3" + bytes(50),
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"GIF89a" + bytes(50),
        b"YUV4MPEG2 W64 H48 F25:1 Ip A1:1\nFRAME\n" + b"a" * 90,
        picture(".jpg") * 2,  # a motion-JPEG stream
        b"BM\xff\xff not a bitmap",
        bytes(range(256)),
        b"G@\x00\x10" + bytes(184),
    ],
)
def test_what_may_be_footage_goes_on(head):
    assert sniff.surely_not_footage(head) is None


def test_real_footage_goes_on(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, np.zeros((5, 48, 64, 3), np.uint8))

    assert sniff.surely_not_footage(path.read_bytes()[: sniff.ENOUGH]) is None


@pytest.mark.django_db
def test_an_upload_that_is_no_video_is_refused_with_its_first_chunk(api, manager, project):
    tus = Tus(api(manager))
    url = tus.create(project, length=10**9, name="invoice.mp4")["Location"]

    answer = tus.patch(url, PDF, at=0)

    assert (answer.status_code, answer.json()["code"]) == (415, "not_footage")
    assert "“invoice.mp4” is a PDF document" in answer.json()["message"]
    assert not Upload.objects.exists()
    assert not Video.objects.exists()


@pytest.mark.django_db
def test_too_few_bytes_to_say_are_waited_for(api, manager, project):
    tus = Tus(api(manager))
    url = tus.create(project, length=10**6)["Location"]

    assert tus.patch(url, PDF[:100], at=0).status_code == 204
    assert tus.patch(url, PDF[100:], at=100).status_code == 415


@pytest.mark.django_db
def test_a_small_file_is_judged_as_a_whole(api, manager, project):
    small = "not a video at all"
    answer = Tus(api(manager)).create(project, length=len(small), body=small.encode())

    assert answer.status_code == 415
