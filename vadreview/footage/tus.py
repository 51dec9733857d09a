"""Resumable uploads (tus 1.0.0) without the HTTP: a part file that only grows, and a row that names it.

The size of the part file is the offset, whatever happened before: a cut line, a killed process, a full disk.
Whoever writes holds the part file's lock (flock, which the kernel frees when a process dies), for as long as
bytes arrive; a database lock would stay open for hours and, on SQLite, stop everybody else.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import hmac
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vadreview import errors, jobs
from vadreview.accounts.models import User
from vadreview.footage import services, sniff
from vadreview.footage.models import Project, Upload, Video

logger = logging.getLogger(__name__)

BLOCK = 64 * 1024  # also the most that a broken line can lose: a block counts once it is written
CHECKSUMS = ("sha1", "sha256")
KEEP_ENDED = timedelta(days=7)  # how long a finished or expired upload is still answered for


CANCELLED = "This upload was cancelled."
EXPIRED = "This upload was left unfinished for too long and was removed. Start it again."
LOST = "What had arrived of this upload is gone from the server. Start it again."


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


# ---- begin, continue, end ----


def create(user: User, project: Project, *, name: str, length: int) -> Upload:
    """Begin an upload of `length` bytes; raises Invalid, TooLarge or DiskFull when it cannot end well."""
    shown = services.display_name(name)
    if not shown:
        raise errors.Invalid(
            "The upload has no file name. Send it as `filename` in Upload-Metadata.",
            fields={"filename": "is missing"},
        )
    if length <= 0:
        raise errors.Invalid(
            f"“{shown}” is empty: there is nothing to upload.", fields={"Upload-Length": "is 0"}
        )
    if length > settings.UPLOAD_MAX_BYTES:
        raise errors.TooLarge(
            f"“{shown}” has {_size(length)}; one file may have at most {_size(settings.UPLOAD_MAX_BYTES)}. "
            "Cut it into shorter videos."
        )
    quota, used = settings.PROJECT_QUOTA_BYTES, services.storage_bytes(project)
    if quota and used + length > quota:
        raise errors.TooLarge(
            f"“{shown}” has {_size(length)}, but only {_size(max(quota - used, 0))} of this project's "
            f"{_size(quota)} are left. Delete videos that are no longer needed.",
            code="quota",
        )
    if (
        Upload.objects.filter(user=user, status=Upload.Status.RECEIVING).count()
        >= settings.UPLOAD_OPEN_PER_USER
    ):
        raise errors.Conflict(
            f"You have {settings.UPLOAD_OPEN_PER_USER} unfinished uploads. Finish or cancel some first.",
            code="too_many_uploads",
        )
    check_disk(coming=length + _still_to_come())
    upload = Upload(project=project, user=user, name=shown, length=length, expires_at=_new_expiry())
    upload.part.parent.mkdir(parents=True, exist_ok=True)
    upload.part.touch(mode=0o600, exist_ok=False)
    upload.save(force_insert=True)
    return upload


def offset(upload: Upload) -> int:
    """Return how many bytes have arrived; raises Gone for an upload that expired or lost its part file."""
    if upload.status == Upload.Status.FINISHED:
        return upload.length
    if upload.status == Upload.Status.EXPIRED or upload.expires_at <= timezone.now():
        raise errors.Gone(EXPIRED)
    try:
        return upload.part.stat().st_size
    except FileNotFoundError:
        if _moved(upload):  # moved, but the process died before it could say so
            return upload.length
        raise errors.Gone(LOST) from None


def receive(
    upload: Upload, stream: Stream, *, at: int, size: int, checksum: tuple[str, bytes] | None = None
) -> Upload:
    """Append `size` bytes from `stream` at offset `at`; with the last byte the video is made and queued.

    Keeps whatever arrived when the line is cut or the disk fills up. With a checksum the bytes count only as
    a whole. Raises Locked while another request writes, Conflict for a wrong offset, TooLarge past the end,
    Corrupted when the checksum differs, DiskFull, Gone,
    NotFootage when the first bytes say that no video can follow.
    """
    if upload.status == Upload.Status.FINISHED:
        return _repeated(upload, at=at, size=size)
    offset(upload)
    with _writing(upload) as part:
        upload = _fresh(upload)
        have = offset(upload)
        if upload.status == Upload.Status.FINISHED:
            return _repeated(upload, at=at, size=size)
        _check_place(upload, have=have, at=at, size=size)
        check_disk(coming=size)
        if checksum:
            _append_checked(upload, part, stream, size=size, checksum=checksum)
        else:
            _copy(stream, part, size)
        if have < sniff.ENOUGH:
            _refuse_what_is_no_footage(upload)
        Upload.objects.filter(pk=upload.pk).update(expires_at=_new_expiry())
        if os.fstat(part.fileno()).st_size == upload.length:
            os.fsync(part.fileno())
            return finish(upload)
    return _fresh(upload)


def finish(upload: Upload) -> Upload:
    """Make the video of a complete upload, once however often it is called, and queue it.

    The file moves before the row is written, to the place that the upload's id names: a process that dies in
    between leaves a moved file, which the next call (the client's or the sweep's) takes up.
    """
    video = Video(
        id=upload.pk,
        project_id=upload.project_id,
        name=upload.name,
        uploaded_by_id=upload.user_id,
        size_bytes=upload.length,
    )
    with transaction.atomic():
        row = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if row is None:
            raise errors.Gone(CANCELLED)
        if row.status == Upload.Status.FINISHED:
            return row
        if not _moved(row):
            video.folder.mkdir(parents=True, exist_ok=True)
            try:
                os.replace(row.part, video.source)
            except FileNotFoundError:
                raise errors.Gone(LOST) from None
        video.save(force_insert=True)
        row.video, row.status, row.finished_at = video, Upload.Status.FINISHED, timezone.now()
        row.save(update_fields=["video", "status", "finished_at"])
        jobs.ring(video)
    return row


def terminate(upload: Upload) -> None:
    """Cancel an upload and remove what arrived, even while more comes in; Conflict for a finished one."""
    with transaction.atomic():
        row = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if row is None:
            return
        if row.status == Upload.Status.FINISHED:
            raise errors.Conflict(
                "This upload is finished and became a video. Delete the video instead.", code="finished"
            )
        left = [row.part, _checked_part(row), *([_target(row).parent] if _moved(row) else [])]
        row.delete()
        services.remove_after_commit(*left)


def _refuse_what_is_no_footage(upload: Upload) -> None:
    """Forget an upload whose first bytes say that it can be no video; raises NotFootage with what it is."""
    try:
        with upload.part.open("rb") as part:
            head = part.read(sniff.ENOUGH)
    except FileNotFoundError:
        raise errors.Gone(CANCELLED) from None  # by another request, while these bytes arrived
    if len(head) < min(sniff.ENOUGH, upload.length):
        return  # too little has arrived to say
    kind = sniff.surely_not_footage(head)
    if kind is not None:
        terminate(upload)
        raise errors.NotFootage(
            f"“{upload.name}” is {kind}, not a video. Upload videos: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others."
        )


# ---- the part file ----


@contextmanager
def _writing(upload: Upload) -> Iterator[BinaryIO]:
    """Open the part file for appending, alone. Raises Locked when another request writes it."""
    try:
        # no O_CREAT: a part that was moved or removed must not come back empty
        descriptor = os.open(upload.part, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        raise errors.Gone(LOST) from None
    with open(descriptor, "ab", buffering=0) as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.Locked(
                "Another request is writing to this upload. Ask for the offset again in a few seconds."
            ) from None
        yield part


def _fresh(upload: Upload) -> Upload:
    row = Upload.objects.filter(pk=upload.pk).first()
    if row is None:
        raise errors.Gone(CANCELLED)
    return row


def _repeated(upload: Upload, *, at: int, size: int) -> Upload:
    """Answer a request that repeats the end of a finished upload: fine when it has nothing to add."""
    if at == upload.length and size == 0:
        return upload
    raise errors.Conflict(
        f"This upload is complete with {upload.length} bytes; the request began at {at}.", code="offset"
    )


def _check_place(upload: Upload, *, have: int, at: int, size: int) -> None:
    if at != have:
        raise errors.Conflict(
            f"The upload stands at byte {have}, but the request began at {at}. Go on from {have}.",
            code="offset",
        )
    if at + size > upload.length:
        raise errors.TooLarge(
            f"The request brings {size} bytes, but only {upload.length - at} of {upload.length} are missing. "
            "Nothing was written."
        )


def _copy(stream: Stream, into: BinaryIO, size: int) -> int:
    """Write up to `size` bytes of the stream, block by block; one that ends early or breaks is no error."""
    copied = 0
    while copied < size:
        try:
            block = stream.read(min(BLOCK, size - copied))
        except (
            OSError
        ) as error:  # the client went away or fell silent; the client asks for the offset and goes on
            logger.info("an upload's line was cut after %s bytes: %s", copied, error)
            break
        if not block:
            break
        _write(into, block)
        copied += len(block)
    return copied


def _write(into: BinaryIO, block: bytes) -> None:
    rest = memoryview(block)
    try:
        while rest:
            rest = rest[into.write(rest) :]
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full() from None
        raise


def _append_checked(
    upload: Upload, part: BinaryIO, stream: Stream, *, size: int, checksum: tuple[str, bytes]
) -> None:
    """Receive beside the part file and append only what is proven: a kill in between leaves no doubt."""
    algorithm, expected = checksum
    beside = _checked_part(upload)
    try:
        with beside.open("w+b", buffering=0) as draft:
            arrived = _copy(stream, draft, size)
            if arrived < size:
                return  # cannot be proven, so it did not arrive
            draft.seek(0)
            if not hmac.compare_digest(hashlib.file_digest(draft, algorithm).digest(), expected):
                raise errors.Corrupted(
                    f"The {algorithm} of this chunk differs from what you sent. Send the chunk again."
                )
            draft.seek(0)
            _copy(draft, part, size)
    finally:
        beside.unlink(missing_ok=True)


def _checked_part(upload: Upload) -> Path:
    return upload.part.with_suffix(".chunk")


def _target(upload: Upload) -> Path:
    return Video(id=upload.pk).source


def _moved(upload: Upload) -> bool:
    return not upload.part.exists() and _target(upload).is_file()


# ---- room ----


def check_disk(*, coming: int) -> None:
    """Raise DiskFull when `coming` more bytes would eat into the disk's reserve."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free - coming < settings.DISK_FLOOR_BYTES:
        raise _disk_full()


def _disk_full() -> errors.DiskFull:
    return errors.DiskFull(
        "The server's disk has no room for this upload. What arrived so far is kept: free some space "
        "(delete videos that are no longer needed) and go on."
    )


def _still_to_come() -> int:
    """Return how many bytes the open uploads may yet bring."""
    waiting = Upload.objects.filter(status=Upload.Status.RECEIVING)
    return sum(
        upload.length - (upload.part.stat().st_size if upload.part.exists() else 0) for upload in waiting
    )


def _size(count: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"


# ---- what is left behind ----


def _new_expiry() -> datetime:
    return timezone.now() + timedelta(seconds=settings.UPLOAD_EXPIRE_S)


def sweep() -> dict[str, int]:
    """Finish uploads whose process died at the end, remove parts nobody went on with, forget old rows."""
    now = timezone.now()
    counts = {"finished": 0, "expired": 0}
    for upload in Upload.objects.filter(status=Upload.Status.RECEIVING):
        counts["finished"] += _finish_left_behind(upload)
    for upload in Upload.objects.filter(status=Upload.Status.RECEIVING, expires_at__lte=now):
        counts["expired"] += _expire(upload)
    Upload.objects.exclude(status=Upload.Status.RECEIVING).filter(
        expires_at__lt=now - KEEP_ENDED,
    ).delete()
    return counts


def _finish_left_behind(upload: Upload) -> bool:
    complete = upload.part.exists() and upload.part.stat().st_size == upload.length
    if not complete and not _moved(upload):
        return False
    try:
        if complete:
            with _writing(upload):
                finish(upload)
        else:
            finish(upload)
    except (errors.Locked, errors.Gone):
        return False  # its own request is at it
    return True


def _expire(upload: Upload) -> bool:
    try:
        with _writing(upload):
            changed = Upload.objects.filter(pk=upload.pk, status=Upload.Status.RECEIVING).update(
                status=Upload.Status.EXPIRED
            )
            upload.part.unlink(missing_ok=True)
    except errors.Locked:
        return False
    except errors.Gone:
        changed = Upload.objects.filter(pk=upload.pk).update(status=Upload.Status.EXPIRED)
    _checked_part(upload).unlink(missing_ok=True)
    return changed == 1
