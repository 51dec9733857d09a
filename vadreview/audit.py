"""Do the media folder and the database tell the same story? Files nobody knows, and rows whose files are gone.

Rows go before files (a deletion) and come after them (an upload), so what a killed process leaves behind is a
file without a row: harmless, and safe to remove once it is old enough to be nobody's work in hand.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Model

from vadreview.exports.models import Dataset
from vadreview.footage.models import Upload, Video
from vadreview.footage.services import remove
from vadreview.jobs import JobStatus
from vadreview.runs.models import Run, RunVideo

IN_HAND_S = 3600.0
DERIVED = ("proxy.mp4", "poster.jpg", "times.npy", "sheets")


@dataclass(frozen=True, slots=True)
class Stray:
    """A file or folder that no row knows."""

    path: Path
    size: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that a row needs and that is not there."""

    row: str
    path: Path
    advice: str


def strays() -> Iterator[Stray]:
    """Find what lies in the media folder without a row; work in hand may be among it while it is young."""
    root = Path(settings.MEDIA_ROOT)
    expected = {
        "uploads": {
            f"{pk}{suffix}"
            for pk in _ids(Upload, status=Upload.Status.RECEIVING)
            for suffix in (".part", ".chunk")
        },
        "videos": _ids(Video) | _ids(Upload, status=Upload.Status.RECEIVING),
        "runs": _ids(Run),
        "datasets": {f"{pk}.zip" for pk in _ids(Dataset)},
    }
    for folder in _entries(root):
        known = expected.get(folder.name)
        if known is None:
            yield _stray(folder)
            continue
        for path in _entries(folder):
            if path.name not in known:
                yield _stray(path)
            elif path.is_dir():
                yield from (_stray(draft) for draft in _entries(path) if draft.name.startswith("."))


def missing() -> Iterator[Missing]:
    """Find rows whose files are gone."""
    for upload in Upload.objects.filter(status=Upload.Status.RECEIVING):
        if not upload.part.exists() and not Video(id=upload.pk).source.exists():
            yield Missing(f"upload {upload.pk}", upload.part, "Start the upload again.")
    for video in Video.objects.all():
        if not video.source.exists():
            yield Missing(f"video {video.pk}", video.source, "Restore it from a backup, or delete the video.")
        if video.state == Video.State.READY:
            for name in DERIVED:
                if not (video.derived / name).exists():
                    yield Missing(f"video {video.pk}", video.derived / name, "Restore it from a backup.")
    for run in Run.objects.exclude(model_sha256=""):
        if not run.model.exists():
            yield Missing(f"run {run.pk}", run.model, "Restore it from a backup, or delete the run.")
    for row in RunVideo.objects.exclude(heatmap={}).select_related("run"):
        if not row.artifacts.exists():
            yield Missing(f"run {row.run_id}", row.artifacts, "Restore it from a backup, or score again.")
    for dataset in Dataset.objects.filter(status=JobStatus.DONE):
        if not dataset.file.exists():
            yield Missing(
                f"dataset {dataset.pk}", dataset.file, "Restore it from a backup, or retry the export."
            )


def remove_strays(found: list[Stray]) -> list[Stray]:
    """Remove the strays that are too old to be work in hand; returns them."""
    old = [stray for stray in found if stray.age_s > IN_HAND_S]
    for stray in old:
        remove(stray.path)
    return old


def _ids(model: type[Model], **conditions: str) -> set[str]:
    ids: list[uuid.UUID] = list(model.objects.filter(**conditions).values_list("pk", flat=True))
    return {str(pk) for pk in ids}


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def _stray(path: Path) -> Stray:
    files = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
    stats = [file.lstat() for file in files]
    return Stray(
        path=path,
        size=sum(stat.st_size for stat in stats),
        age_s=time.time() - max(stat.st_mtime for stat in stats),
    )
