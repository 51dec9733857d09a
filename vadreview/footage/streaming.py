"""Files on their way out: what a name means, and one answer for all of them (ranges, validators, headers).

Whoever calls has asked whether the person may see the video. Nothing here takes a type, a name or a path from
an upload: the types are fixed, the paths are made from ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date

from vadreview.footage.models import Video

BLOCK = 256 * 1024
# A paused player stops reading, which keeps a thread busy until all is sent: it gets what the line can hold,
# and asks for more. RFC 9110, 15.3.7 allows to send less than was asked for.
PLAYER_PART = 2 * 1024**2


@dataclass(frozen=True, slots=True)
class Media:
    """Something to send: a file, or bytes that are made from one when they are needed."""

    path: Path
    content_type: str
    make: Callable[[], bytes] | None = None  # what to send instead of the file itself
    part: str = ""  # tells apart what is made from one file
    attachment: str = ""  # the name to save it under
    max_age: int = 600
    longest_part: int | None = None  # bytes, of a range without an end

    @property
    def etag(self) -> str:
        status = self.path.stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}{self.part}"'


def find(video: Video, what: str, n: int | None = None) -> Media | None:
    """Return a video's file by its name in the API (proxy, poster, sheet, frame, times, source), or None."""
    derived = video.derived
    proxy = derived / "proxy.mp4"
    match what:
        case "proxy":
            media = Media(proxy, "video/mp4", longest_part=PLAYER_PART)
        case "poster":
            media = Media(derived / "poster.jpg", "image/jpeg")
        case "sheet":
            media = Media(derived / "sheets" / f"{n:04d}.jpg", "image/jpeg")
        case "frame" if n is not None and n < video.n_frames:
            media = Media(proxy, "image/jpeg", make=lambda: _still(proxy, n), part=f"-{n}")
        case "times":
            times = derived / "times.npy"
            media = Media(times, "application/octet-stream", make=lambda: _times(times), part="-f8")
        case "source":
            name = re.split(r"[/\\]", video.name)[-1] or "video"
            media = Media(video.source, "application/octet-stream", attachment=name, max_age=0)
        case _:
            return None
    return media if inside_media(media.path) and media.path.is_file() else None


def inside_media(path: Path) -> bool:
    """Say whether a path, with every link followed, lies in the media folder."""
    return path.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve())


def _still(proxy: Path, n: int) -> bytes:
    from vadreview.footage import media  # decoders: not loaded before a still is asked for

    return media.still(proxy, n)


def _times(path: Path) -> bytes:
    import numpy as np

    return np.load(path, allow_pickle=False).astype("<f8").tobytes()


# ---- the answer ----


def send(request: HttpRequest, media: Media) -> HttpResponseBase:
    """Answer GET or HEAD: 200, 206 (one range), 304, 412 or 416."""
    headers = _headers(media)
    if settings.X_ACCEL_PREFIX and media.make is None:
        return HttpResponse(headers=headers | {"X-Accel-Redirect": _internal_address(media.path)})
    etag, modified = media.etag, int(media.path.stat().st_mtime)
    headers |= {"ETag": etag, "Last-Modified": http_date(modified), "Accept-Ranges": "bytes"}
    conditions = get_conditional_response(request, etag, modified, HttpResponse(headers=headers))
    if conditions.status_code != 200:  # 304 or 412
        return conditions
    file: BinaryIO = BytesIO(media.make()) if media.make else media.path.open("rb")
    size = file.seek(0, 2)
    wanted = _range(request, headers, size)
    if wanted is not None and wanted.start >= wanted.stop:
        file.close()
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, stop = 0, size
    if wanted is not None:
        start, stop = wanted.start, wanted.stop
        if wanted.open_ended and media.longest_part:
            stop = min(stop, start + media.longest_part)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(_Part(file, start, stop), status=status, headers=headers)


def _headers(media: Media) -> dict[str, str]:
    headers = {
        "Content-Type": media.content_type,
        "Cache-Control": f"private, max-age={media.max_age}" if media.max_age else "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if media.attachment:
        headers["Content-Disposition"] = content_disposition_header(True, media.attachment)
    return headers


def _internal_address(path: Path) -> str:
    inside = path.resolve().relative_to(Path(settings.MEDIA_ROOT).resolve())
    return f"{settings.X_ACCEL_PREFIX.rstrip('/')}/{quote(inside.as_posix())}"


class _Range(NamedTuple):
    start: int
    stop: int
    open_ended: bool


def _range(request: HttpRequest, headers: dict[str, str], size: int) -> _Range | None:
    """Return the one range asked for, empty when it cannot be met; None means: send everything.

    Several ranges at once and what is not a range are ignored, as RFC 9110 (14.2) allows; so is a range under
    an If-Range that names another version.
    """
    asked = re.fullmatch(
        r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", request.headers.get("Range", ""), re.ASCII
    )
    if request.method != "GET" or asked is None or asked.groups() == ("", ""):
        return None
    condition = request.headers.get("If-Range")
    if condition is not None and condition not in (headers["ETag"], headers["Last-Modified"]):
        return None
    first, last = asked.groups()
    if not first:
        return _Range(max(size - int(last), 0), size, open_ended=False) if int(last) else _Range(0, 0, False)
    if last and int(last) < int(first):
        return None
    return _Range(int(first), min(int(last) + 1, size) if last else size, open_ended=not last)


class _Part:
    """The bytes [start, stop) of a file, in blocks; closes it at the end or when nobody reads on."""

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        self._file = file
        self._start = start
        self._stop = stop

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self._stop - self._start
        while left > 0 and (block := self._file.read(min(BLOCK, left))):
            left -= len(block)
            yield block

    def close(self) -> None:
        self._file.close()
