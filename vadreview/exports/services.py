"""Asking for datasets: the content is frozen in the request, the files are written by a worker."""

from __future__ import annotations

import errno
import os
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from vadreview import errors, jobs
from vadreview.accounts.models import User
from vadreview.exports import archive, manifest
from vadreview.exports.models import Dataset, DatasetVideo
from vadreview.footage.models import Project, Video
from vadreview.footage.services import remove_after_commit
from vadreview.jobs import JobStatus


def request(
    project: Project, *, by: User, name: str, videos: list[uuid.UUID] | None, client_key: uuid.UUID
) -> tuple[Dataset, bool]:
    """Freeze what is decided now about `videos` (None: all that are ready) and queue the writing of its files.

    Returns the dataset and whether it is new: the same `client_key` again has no second effect. Raises Invalid
    when a video is not a ready one of this project, Conflict when the key is another request's.
    """
    known = _known(project, client_key)
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            chosen = _chosen(project, videos)
            content = manifest.freeze(project, chosen)
            dataset = Dataset.objects.create(
                project=project,
                name=name,
                created_by=by,
                client_key=client_key,
                manifest=content,
                content_sha256=manifest.sha256(content),
            )
            DatasetVideo.objects.bulk_create(DatasetVideo(dataset=dataset, video=video) for video in chosen)
            jobs.ring(dataset)
    except IntegrityError:
        known = _known(project, client_key)
        if known is None:
            raise
        return known, False
    return dataset, True


def _known(project: Project, client_key: uuid.UUID) -> Dataset | None:
    known = Dataset.objects.filter(client_key=client_key).first()
    if known is not None and known.project_id != project.pk:
        raise errors.Conflict("This client_key is in use. Send a new random one.", code="client_key_taken")
    return known


def _chosen(project: Project, videos: list[uuid.UUID] | None) -> list[Video]:
    ready = Video.objects.filter(project=project, state=Video.State.READY)
    if videos is None:
        chosen = list(ready)
        if not chosen:
            raise errors.Conflict(
                "This project has no video that is ready, so there is nothing to export. Add footage first.",
                code="no_videos",
            )
        return chosen
    wanted = set(videos)
    chosen = list(ready.filter(pk__in=wanted))
    missing = wanted - {video.pk for video in chosen}
    if missing or not chosen:
        message = (
            f"{len(missing)} of the chosen videos are not ready videos of this project: {min(missing)}."
            if missing
            else "Choose at least one video, or leave the choice out to export all that are ready."
        )
        raise errors.Invalid(message, code="invalid_videos", fields={"videos": message})
    return chosen


def retry(dataset: Dataset) -> None:
    """Queue a dataset whose writing failed or was cancelled. Raises Conflict for any other."""
    if dataset.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        raise errors.Conflict(
            f"This export is {dataset.status}; only a failed or cancelled one can be tried again.",
            code="not_ended",
        )
    jobs.queue(dataset)


def cancel(dataset: Dataset) -> None:
    """Stop the writing of a dataset's files. Raises Conflict when there is nothing to stop."""
    if dataset.status in jobs.ENDED:
        raise errors.Conflict(
            f"This export is {dataset.status} already; there is nothing to cancel.", code="ended"
        )
    jobs.cancel(dataset)


@transaction.atomic
def delete(dataset: Dataset) -> None:
    """Remove a dataset and, once that is certain, its file. Raises Conflict while a run has learned from it."""
    file = dataset.file
    try:
        dataset.delete()
    except ProtectedError:
        names = [str(run) for run in dataset.runs.all()[:3]]
        raise errors.Conflict(
            f"{'A run' if len(names) == 1 else 'Runs'} learned from “{dataset.name}”: {', '.join(names)}. It says "
            "what they were taught, so delete those first; nothing was removed.",
            code="in_use",
        ) from None
    remove_after_commit(file)


# ---- in the worker ----


def write(dataset: Dataset, report: jobs.Reporter) -> None:
    """Write the files of a claimed dataset and end its row. A second worker would write the same bytes."""
    file = dataset.file
    file.parent.mkdir(parents=True, exist_ok=True)
    for stale in file.parent.glob(f"{dataset.pk}.*.part"):
        stale.unlink(missing_ok=True)  # of a worker that died in the middle
    draft = file.with_name(f"{dataset.pk}.{dataset.claim}.part")
    try:
        digest = archive.write(draft, manifest=dataset.manifest, export=_export(dataset), report=report)
        size = draft.stat().st_size
        report.beat()  # still ours, and nobody cancelled: now it may become the file that people get
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    if not jobs.finish(dataset, JobStatus.DONE, size_bytes=size, sha256=digest):
        with transaction.atomic():
            if not Dataset.objects.filter(pk=dataset.pk).exists():
                file.unlink(missing_ok=True)  # deleted while we wrote


def _export(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": str(dataset.pk),
        "name": dataset.name,
        "created_at": dataset.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "created_by": dataset.created_by.shown_name if dataset.created_by else None,
        "content_sha256": dataset.content_sha256,
    }


def explain(error: Exception) -> str | None:
    """Say what a person can do about a failure; None for one that nobody foresaw."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space on the server, then retry."
    return None
