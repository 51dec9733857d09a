"""The demo project: generated footage that went the whole way, so that every page is full on first sight.

Nothing here is faked: the clips are ingested, learned from and scored by the same workers as any footage.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import transaction

from fixtures import generate
from vadreview import jobs
from vadreview.accounts.models import User
from vadreview.footage import services as footage
from vadreview.footage.models import GroundTruth, Project, Video
from vadreview.runs import services as runs
from vadreview.runs.models import Run

NAME = "Demo: a plaza"
SEED = 7
DETECTOR = "pseudoanomaly"
WAIT_S = 900.0
LABELS = {
    "running": "Running",
    "cyclist": "Cyclist",
    "vehicle": "Vehicle where none belongs",
    "fall": "Person down",
    "left_object": "Abandoned object",
    "wrong_way": "Wrong way",
}
COLORS = ("#e03131", "#f08c00", "#9c36b5", "#1971c2", "#0c8599", "#2f9e44")

Say = Callable[[str], None]
KeepGoing = Callable[[], bool]


def make(
    user: User, *, say: Say, keep_going: KeepGoing, seed: int = SEED, quick: bool = False
) -> Project | None:
    """Make the demo project once per data folder; a start that was stopped goes on where it was.

    Needs running workers. Returns None when it was made before, was deleted, or `keep_going` said no.
    """
    done = settings.DATA_DIR / "demo.done"
    if done.exists():
        return None
    say(
        "You can start. Meanwhile a demo project fills itself (once, some minutes; `make run DEMO=0` skips it) ..."
    )
    project = Project.objects.filter(is_demo=True).first() or _project(user)
    clips = _clips(seed=seed, quick=quick, say=say, keep_going=keep_going)
    if clips is None:
        return None
    videos = {clip.name: _video(project, clip, user) for clip in clips}
    if not _wait(lambda: _ingested(project), what="videos read", say=say, keep_going=keep_going):
        return None
    for clip in clips:
        _ground_truth(videos[clip.name], clip)
    run = project.runs.first() or _run(project, clips, videos, user)
    if not _wait(lambda: _scored(run), what="videos scored", say=say, keep_going=keep_going):
        return None
    done.touch()
    run.refresh_from_db()
    if run.stage != Run.Stage.DONE:
        say(f"The demo run ended as “{run.stage}”: {run.error or 'see the logs'}")
    else:
        say("The demo project is complete.")
    return project


def _clips(*, seed: int, quick: bool, say: Say, keep_going: KeepGoing) -> list[generate.Clip] | None:
    class Stopped(Exception):
        pass

    folder = settings.CACHE_DIR / "demo"
    with suppress(FileNotFoundError):
        return generate.read(folder)
    shown = -1

    def progress(done: int, total: int) -> None:
        nonlocal shown
        if not keep_going():
            raise Stopped
        percent = 100 * done // max(total, 1)
        if percent // 20 > shown // 20:
            shown = percent
            say(f"  filming {percent} %")

    try:
        return generate.make(folder, seed=seed, quick=quick, progress=progress)
    except Stopped:
        return None


def _project(user: User) -> Project:
    with transaction.atomic():
        project = footage.create_project(
            user,
            name=NAME,
            description="Generated footage with known events. It fills itself during the first minutes: look around, "
            "then make a project of your own.",
            labels=[
                {"name": name, "color": color} for name, color in zip(LABELS.values(), COLORS, strict=True)
            ],
        )
        Project.objects.filter(pk=project.pk).update(is_demo=True)
    project.refresh_from_db()
    return project


def _video(project: Project, clip: generate.Clip, user: User) -> Video:
    name = f"{clip.name}.mp4"
    known = project.videos.filter(name=name).first()
    if known is not None:
        return known
    video = Video(project=project, name=name, uploaded_by=user, size_bytes=clip.video.stat().st_size)
    video.folder.mkdir(parents=True)
    shutil.copyfile(clip.video, video.source)
    with transaction.atomic():
        video.save(force_insert=True)
        jobs.ring(video)
    return video


def _ground_truth(video: Video, clip: generate.Clip) -> None:
    with transaction.atomic():
        video.ground_truth.all().delete()
        GroundTruth.objects.bulk_create(
            GroundTruth(
                video=video,
                start=span.start,
                stop=span.stop,
                label=LABELS.get(span.kind, span.label),
                origin="fixtures",
            )
            for span in clip.spans
        )


def _run(project: Project, clips: list[generate.Clip], videos: dict[str, Video], user: User) -> Run:
    run, _ = runs.start(
        project,
        by=user,
        detector=DETECTOR,
        preset="fast",
        mode=Run.Mode.PARTIAL,
        train_videos=[videos[clip.name].pk for clip in clips if clip.split == "train"],
        score_videos=[videos[clip.name].pk for clip in clips if clip.split == "test"],
        name="First look",
    )
    return run


def _ingested(project: Project) -> tuple[int, int]:
    videos = project.videos.all()
    ended = [v for v in videos if v.state != Video.State.INGESTING or v.status in jobs.ENDED]
    return len(ended), len(videos)


def _scored(run: Run) -> tuple[int, int]:
    run.refresh_from_db()
    rows = list(run.run_videos.filter(scores=True))
    if run.stage in (Run.Stage.DONE, Run.Stage.FAILED, Run.Stage.CANCELLED):
        return len(rows), len(rows)
    # the run itself counts as one: it is over when its proposals are stored
    return min(sum(row.status == jobs.JobStatus.DONE for row in rows), len(rows) - 1), len(rows)


def _wait(count: Callable[[], tuple[int, int]], *, what: str, say: Say, keep_going: KeepGoing) -> bool:
    """Wait until all are done, saying how far it is; False when told to stop, or when it takes too long."""
    deadline = time.monotonic() + WAIT_S
    shown = -1
    while time.monotonic() < deadline:
        done, total = count()
        if done != shown:
            shown = done
            say(f"  {done} of {total} {what}")
        if done == total:
            return True
        if not keep_going():
            return False
        time.sleep(0.5)
    say("  the demo takes longer than expected; it goes on in the background")
    return False
