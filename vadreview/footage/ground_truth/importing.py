"""What changes the ground truth of a project: preview an import, store it, take it back."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from vadreview import errors
from vadreview.accounts.models import User
from vadreview.footage import services
from vadreview.footage.ground_truth import formats
from vadreview.footage.ground_truth.matching import Match, Matcher
from vadreview.footage.models import GroundTruth, GroundTruthImport, KnownVideo, Project, Video

Files = Iterable[tuple[str, IO[bytes], int]]
Chosen = Mapping[str, uuid.UUID]  # the name in a file -> the video that a person picked for it


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. digest: the same for the same outcome, so that what was seen is what is stored."""

    matches: list[Match]
    unread: list[formats.Unread]
    digest: str

    @property
    def ready(self) -> list[Match]:
        return [match for match in self.matches if match.status == "ready"]


def preview(project: Project, files: Files, *, chosen: Chosen | None = None) -> Preview:
    """Say what the files would change, and change nothing; `chosen` are the videos picked by hand. Raises TooLarge."""
    matches, unread = [], []
    for one in _fitted(project, files, chosen):
        if isinstance(one, formats.Unread):
            unread.append(one)
        else:
            matches.append(_without_mask(one))
    return Preview(matches, unread, _digest(matches))


def store(
    project: Project, files: Files, *, by: User, digest: str = "", chosen: Chosen | None = None
) -> GroundTruthImport:
    """Store what fits, all or nothing; a video's former ground truth comes back when the import is undone.

    Raises Invalid if nothing fits, Conflict if the outcome is another than that of the preview `digest`.
    """
    files = list(files)
    made = GroundTruthImport(
        project=project, files=[services.display_name(name) for name, _, _ in files], imported_by=by
    )
    matches, rows, masks = [], [], []
    try:
        for one in _fitted(project, files, chosen):
            if isinstance(one, formats.Unread):
                continue
            matches.append(_without_mask(one))
            if one.status != "ready" or one.video is None:
                continue
            row = KnownVideo(source=made, video=one.video, spans=[_kept(span, one) for span in one.spans])
            if one.truth.mask is not None:
                row.has_mask = True
                masks.append(row.mask)
                _write_mask(row.mask, one.truth.mask)
            rows.append(row)
        if not rows:
            raise errors.Invalid(
                "Nothing in these files fits a video of this project; the preview says why.",
                code="nothing_fits",
            )
        if digest and digest != _digest(matches):
            raise errors.Conflict(
                "The project or the files changed since the preview. Look at the preview again.",
                code="preview_is_old",
            )
        with transaction.atomic():
            made.save(force_insert=True)
            for row in rows:
                _keep_former(row.video)
            KnownVideo.objects.bulk_create(rows)
            for row in rows:
                _apply(row.video)
    except BaseException:
        for mask in masks:
            services.remove(mask)
        raise
    return made


def undo(made: GroundTruthImport) -> None:
    """Take an import back: each of its videos gets what was known before."""
    with transaction.atomic():
        rows = list(made.known_videos.select_related("video"))
        masks = [row.mask for row in rows if row.has_mask]
        made.delete()
        for row in rows:
            _apply(row.video)
        services.remove_after_commit(*masks)


def read_mask(row: KnownVideo) -> NDArray[np.bool_] | None:
    """Give the pixel mask (T, H, W) that an import brought, or None where its file is gone."""
    try:
        with np.load(row.mask, allow_pickle=False) as archive:
            shape = tuple(archive["shape"].tolist())
            return np.unpackbits(archive["packed"], count=int(np.prod(shape))).reshape(shape).astype(np.bool_)
    except OSError:
        return None


def check_size(total: int) -> None:
    """Raise TooLarge if files of this many bytes are too many to be sent at once."""
    if total > settings.GROUND_TRUTH_MAX_BYTES:
        raise errors.TooLarge(
            f"These files have {total:,} bytes, and {settings.GROUND_TRUTH_MAX_BYTES:,} may be sent at once. Zip masks, "
            "or send fewer files at a time."
        )


# ---- inside ----


def _fitted(project: Project, files: Files, chosen: Chosen | None) -> Iterator[Match | formats.Unread]:
    listed = list(files)
    check_size(sum(size for _, _, size in listed))
    videos = project.videos.filter(state=Video.State.READY).order_by("name", "created_at")
    names = [label["name"] for label in project.labels]
    matcher = Matcher(list(videos), names, times=_times, chosen=chosen)
    for one in formats.read(listed):
        if isinstance(one, formats.Unread):
            yield one
        else:
            yield from matcher.fit(one)


def _times(video: Video) -> NDArray[np.float64]:
    """Give the time at which each frame is shown; evenly spaced where ingest left none."""
    try:
        found = np.load(video.derived / "times.npy", allow_pickle=False)
    except (OSError, ValueError):
        found = np.empty(0)
    if len(found) == video.n_frames:
        return np.asarray(found, np.float64)
    return np.arange(video.n_frames) / float(video.fps)


def _without_mask(match: Match) -> Match:
    """Let go of a mask: those of a whole data set do not fit into memory together."""
    return replace(match, truth=replace(match.truth, mask=None))


def _kept(span: Any, match: Match) -> dict[str, Any]:
    return {"start": span.start, "stop": span.stop, "label": span.label, "origin": match.truth.format[:100]}


def _digest(matches: list[Match]) -> str:
    said = [
        [str(m.video.pk), [[s.start, s.stop, s.label] for s in m.spans]]
        for m in matches
        if m.status == "ready" and m.video is not None
    ]
    return hashlib.sha256(json.dumps(sorted(said)).encode()).hexdigest()


def _write_mask(path: Path, mask: NDArray[np.bool_]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, packed=np.packbits(mask), shape=np.array(mask.shape))


def _keep_former(video: Video) -> None:
    """Keep spans that no import brought, such as the demo's, so that an undo can bring them back."""
    if not video.known.exists() and (spans := list(video.ground_truth.all())):
        KnownVideo.objects.create(
            video=video,
            spans=[{"start": s.start, "stop": s.stop, "label": s.label, "origin": s.origin} for s in spans],
        )


def _apply(video: Video) -> None:
    """Make a video's spans those of the newest word about it."""
    video.ground_truth.all().delete()
    newest = video.known.order_by("-created_at").first()
    if newest is not None:
        GroundTruth.objects.bulk_create(GroundTruth(video=video, **span) for span in newest.spans)
