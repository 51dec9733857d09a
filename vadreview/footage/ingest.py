"""What a worker does with an uploaded file: read it once, and say what it is or why it cannot be used."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from vadreview import errors, jobs
from vadreview.celery import app
from vadreview.footage import media, services, tus
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus, Reporter

logger = logging.getLogger(__name__)

BLOCK = 4 * 1024**2
LARGEST = 2**31 - 1  # of the columns that hold rates


def work_on(video_id: str) -> None:
    """Ingest a queued video, then ring for what comes after it."""
    pk = uuid.UUID(video_id)
    try:
        jobs.perform(Video, pk, _ingest, explain=_explain)
    finally:
        _forget_deleted(pk)


def _ingest(video: Video, report: Reporter) -> None:
    if not video.source.is_file():
        raise media.MediaError(
            "The uploaded file is gone from the server. Delete this video and upload it again."
        )
    tus.check_disk(coming=0)
    if original := _same_file(video, report):
        _reject_duplicate(video, original)
        return
    try:
        found = media.ingest(
            video.source,
            video.derived,
            limits=media.Limits(
                max_pixels=settings.INGEST_MAX_PIXELS,
                max_duration_s=settings.INGEST_MAX_DURATION_S,
                memory_bytes=settings.INGEST_MEMORY_BYTES,
                stall_s=settings.INGEST_STALL_S,
            ),
            progress=lambda done, total, phase: report(phase, done, total),
        )
    except media.Rejected as error:
        _reject(video, str(error))
        return
    try:
        with transaction.atomic():
            _keep(video, found)
    except IntegrityError:  # the same content became ready while this was read
        original = Video.objects.filter(
            project=video.project_id, sha256=found.sha256, state=Video.State.READY
        )
        _reject_duplicate(video, original.get())


def _keep(video: Video, found: media.Ingested) -> None:
    fps, proxy_fps = _storable(found.fps), _storable(found.proxy_fps)
    ended = jobs.finish(
        video,
        JobStatus.DONE,
        state=Video.State.READY,
        reason="",
        warnings=list(found.warnings),
        size_bytes=video.source.stat().st_size,
        sha256=found.sha256,
        container=found.container,
        codec=found.codec,
        width=found.width,
        height=found.height,
        rotation=found.rotation,
        fps_num=fps.numerator,
        fps_den=fps.denominator,
        proxy_fps_num=proxy_fps.numerator,
        proxy_fps_den=proxy_fps.denominator,
        n_frames=found.n_frames,
        duration_s=found.duration_s,
        vfr=found.vfr,
        has_audio=found.has_audio,
        sheets=asdict(found.sheets),
    )
    if ended:
        # by name: footage does not know that runs exist, and the sweep makes up for a lost message
        transaction.on_commit(
            lambda: app.send_task(
                "vadreview.runs.tasks.after_ingest", args=[str(video.pk)], queue="motion", ignore_result=True
            )
        )


def _reject(video: Video, reason: str, **fields: Any) -> None:
    if jobs.finish(video, JobStatus.DONE, state=Video.State.REJECTED, reason=reason, **fields):
        services.remove(video.derived)


# ---- the same file twice ----


def _same_file(video: Video, report: Reporter) -> Video | None:
    """Return the project's ready video of the same content, if there is one."""
    size = video.source.stat().st_size
    twins = Video.objects.filter(project=video.project_id, state=Video.State.READY, size_bytes=size)
    twins = twins.exclude(pk=video.pk)
    if not twins.exists():  # hashing costs a pass over the file, so only a file of equal size is worth it
        return None
    return twins.filter(sha256=_sha256(video, report, size)).first()


def _sha256(video: Video, report: Reporter, size: int) -> str:
    digest = hashlib.sha256()
    with video.source.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            report("comparing", file.tell(), size)
    return digest.hexdigest()


def _reject_duplicate(video: Video, original: Video) -> None:
    _reject(video, f"The same file is already here as “{original.name}”.", sha256=original.sha256)
    # one copy on disk is enough for both rows; with two, dropping a folder twice would cost its size twice
    link = video.folder / "source.link"
    try:
        if original.source.samefile(video.source):
            return
        link.unlink(missing_ok=True)
        os.link(original.source, link)
        os.replace(link, video.source)
    except OSError as error:
        logger.info("could not share one file between %s and %s: %s", original.pk, video.pk, error)


# ---- ends ----


def _storable(rate: Fraction) -> Fraction:
    exact = max(rate.numerator, rate.denominator) <= LARGEST
    return rate if exact else rate.limit_denominator(1_000_000)


def _explain(error: Exception) -> str | None:
    if isinstance(error, media.DiskFull | errors.DiskFull):
        return (
            "The server's disk is full, so this video could not be prepared. The uploaded file is safe. "
            "Free some space (delete videos that are no longer needed), then retry."
        )
    return str(error) if isinstance(error, media.MediaError) else None


def _forget_deleted(pk: uuid.UUID) -> None:
    """Remove what was written for a video that was deleted in the meantime."""
    folder = Video(id=pk).folder
    if folder.exists() and not Video.objects.filter(pk=pk).exists():
        services.remove(folder)
