"""What people do with runs: start, cancel, retry, rename, delete. Workers do the rest (training, scoring)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

import vadreview
from vadreview import errors, jobs
from vadreview.accounts.models import User
from vadreview.footage.models import Project, Video
from vadreview.footage.services import remove_after_commit
from vadreview.jobs import JobStatus
from vadreview.runs import closing, inference
from vadreview.runs.lessons import Taught
from vadreview.runs.models import Run, RunVideo

UNDER_WAY = (Run.Stage.QUEUED, Run.Stage.TRAINING, Run.Stage.SCORING)

Chosen = Sequence[uuid.UUID] | None  # None: every ready video of the project


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds a run would take on one CPU core, or None where nobody has measured it."""

    train_s: float | None
    score_s: float | None
    frames: int
    note: str


def start(
    project: Project,
    *,
    by: User,
    detector: str,
    preset: str,
    overrides: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    mode: str = Run.Mode.MERGED,
    train_videos: Chosen = None,
    score_videos: Chosen = None,
    name: str = "",
    client_key: uuid.UUID | None = None,
    taught: Taught | None = None,
) -> tuple[Run, bool]:
    """Make a run and ring for its training; the run, and whether it is new (not the one of this client_key).

    `taught` makes it a supervised one, whatever `mode` says. Raises Invalid where a setting or a video is not allowed, with a field for each.
    """
    known = _of_key(project, client_key)
    if known is not None:
        return known, False
    config = inference.configure(detector, preset=preset, overrides=overrides or {})
    inference.require_weights(detector, preset)
    train, score = choose_videos(project, mode=mode, train_videos=train_videos, score_videos=score_videos)
    run = Run(
        project=project,
        created_by=by,
        name=name.strip(),
        detector=detector,
        preset=preset,
        config=config,
        overrides=dict(overrides or {}),
        seed=seed,
        device=device,
        mode=mode,
        client_key=client_key,
        code_version=vadreview.__version__,
    )
    if taught is not None:
        run.mode = Run.Mode.SUPERVISED
        run.trained_on_id, run.lesson, run.parent = taught.dataset, taught.lesson, taught.parent
        run.warm_start = taught.warm_start and taught.parent is not None
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            RunVideo.objects.bulk_create(
                RunVideo(
                    run=run,
                    video_id=video,
                    trains=video in train,
                    scores=video in score,
                    status=JobStatus.WAITING,
                )
                for video in dict.fromkeys([*train, *score])
            )
            jobs.ring(run)
    except IntegrityError:
        known = _of_key(project, client_key)  # the same request, twice at the same moment
        if known is None:
            raise
        return known, False
    return run, True


def _of_key(project: Project, client_key: uuid.UUID | None) -> Run | None:
    return Run.objects.filter(project=project, client_key=client_key).first() if client_key else None


def choose_videos(
    project: Project, *, mode: str, train_videos: Chosen, score_videos: Chosen
) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Return which videos are learned from and which are scored. Raises Invalid."""
    ready = list(project.videos.filter(state=Video.State.READY).values_list("pk", flat=True))
    if not ready:
        raise errors.Invalid("This project has no video that is ready. Add footage, or wait for its ingest.")
    if mode == Run.Mode.PARTIAL and not train_videos:
        sentence = "Choose at least one video to learn from; in this mode the others are only scored."
        raise errors.Invalid(sentence, fields={"train_videos": sentence})
    train = ready if train_videos is None else _checked(train_videos, ready, field="train_videos")
    if score_videos is not None:
        score = _checked(score_videos, ready, field="score_videos")
    elif mode == Run.Mode.PARTIAL:
        score = [video for video in ready if video not in train] or train
    else:
        score = ready
    return train, score


def _checked(chosen: Sequence[uuid.UUID], ready: Sequence[uuid.UUID], *, field: str) -> list[uuid.UUID]:
    unusable = [video for video in chosen if video not in set(ready)]
    sentence = ""
    if not chosen:
        sentence = "Choose at least one video."
    elif unusable:
        sentence = (
            f"{len(unusable)} of the chosen videos are not ready, or not of this project: "
            f"{', '.join(str(video) for video in unusable[:3])}. Leave them out, or wait for their ingest."
        )
    if sentence:
        raise errors.Invalid(sentence, fields={field: sentence})
    return list(dict.fromkeys(chosen))


def estimate(
    project: Project,
    *,
    detector: str,
    preset: str,
    overrides: Mapping[str, Any] | None = None,
    mode: str = Run.Mode.MERGED,
    train_videos: Chosen = None,
    score_videos: Chosen = None,
) -> Estimate:
    """Say about how long a run would take: as the last one like it did here, else as measured elsewhere."""
    inference.configure(detector, preset=preset, overrides=overrides or {})
    train, score = choose_videos(project, mode=mode, train_videos=train_videos, score_videos=score_videos)
    n_frames = dict(project.videos.filter(pk__in=[*train, *score]).values_list("pk", "n_frames"))
    train_frames, score_frames = (
        sum(n_frames[video] for video in train),
        sum(n_frames[video] for video in score),
    )
    frames = sum(n_frames.values())

    last = _last_like(project, detector=detector, preset=preset, overrides=overrides or {})
    if last is not None:
        learned, scored, score_s = _measured(last)
        if learned and scored:
            return Estimate(
                train_s=last.train_seconds * train_frames / learned,
                score_s=score_s * score_frames / scored,
                frames=frames,
                note="As fast as the last run with these settings on this server.",
            )
    cost = inference.cost(detector, preset)
    if cost is None:
        return Estimate(
            train_s=None, score_s=None, frames=frames, note="Nobody has measured how long this takes."
        )
    note = f"Measured on {cost['measured_on']}."
    if overrides:
        note += " Your changes to the settings are not counted in."
    return Estimate(
        train_s=cost["train_fixed_s"] + cost["train_s_per_1000_frames"] * train_frames / 1000,
        score_s=cost["score_s_per_1000_frames"] * score_frames / 1000,
        frames=frames,
        note=note,
    )


def _last_like(project: Project, *, detector: str, preset: str, overrides: Mapping[str, Any]) -> Run | None:
    alike = project.runs.filter(
        detector=detector, preset=preset, stage=Run.Stage.DONE, train_seconds__isnull=False
    )
    return next((run for run in alike[:20] if run.overrides == dict(overrides)), None)


def _measured(run: Run) -> tuple[int, int, float]:
    """Frames learned from, frames scored, and the seconds of the scoring."""
    rows = list(run.run_videos.select_related("video"))
    scored = [row for row in rows if row.scores and row.seconds is not None]
    return (
        sum(row.video.n_frames for row in rows if row.trains),
        sum(row.video.n_frames for row in scored),
        sum(row.seconds for row in scored),
    )


def rename(run: Run, name: str) -> Run:
    run.name = name.strip()
    run.save(update_fields=["name"])
    return run


def cancel(run: Run) -> Run:
    """Stop a run: at once what nobody works on yet, the rest at its next progress report. Raises Conflict."""
    if run.stage not in UNDER_WAY:
        raise errors.Conflict(f"This run is {run.stage}; only a run that is under way can be cancelled.")
    # the training first: once it is over no more scoring jobs can appear
    jobs.cancel(run)
    for job in run.run_videos.filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING]):
        jobs.cancel(job)
    closing.settle(run.pk)
    run.refresh_from_db()
    return run


def retry(run: Run) -> Run:
    """Take up a run that failed or was cancelled, with what it has: its checkpoint, its model, scored videos.

    Also takes up the videos that a finished run could not score. Raises Conflict.
    """
    unscored = run.run_videos.filter(scores=True).exclude(status=JobStatus.DONE)
    if run.stage in UNDER_WAY:
        raise errors.Conflict("This run is under way; cancel it first to start it again.")
    if run.stage == Run.Stage.DONE and not unscored.exists():
        raise errors.Conflict("This run is done; there is nothing to try again. Start a new run instead.")
    with transaction.atomic():
        if run.status == JobStatus.DONE and run.model_sha256 and run.model.is_dir():
            # only one of two people who click at once gets to queue the jobs
            if _moved(run, Run.Stage.SCORING):
                for job in unscored:
                    jobs.queue(job)
        elif _moved(run, Run.Stage.QUEUED):
            run.tracks.all().delete()
            run.segments.all().delete()
            run.run_videos.update(
                status=JobStatus.WAITING,
                error="",
                heatmap={},
                patterns={},
                refinement={},
                notes=[],
                seconds=None,
            )
            if not run.checkpoint.exists():
                Run.objects.filter(pk=run.pk).update(fitted=0.0)
            jobs.queue(run)
    closing.settle(run.pk)  # everything may be scored already, and only the closing have failed
    run.refresh_from_db()
    return run


def _moved(run: Run, stage: Run.Stage) -> bool:
    return Run.objects.filter(pk=run.pk, stage=run.stage).update(stage=stage) == 1


def delete(run: Run) -> None:
    """Remove a run with its tracks and proposals; verdicts stay. Raises Conflict while it is under way."""
    if run.stage in UNDER_WAY:
        raise errors.Conflict("This run is under way. Cancel it first, then delete it.")
    with transaction.atomic():
        remove_after_commit(run.folder)
        run.delete()
