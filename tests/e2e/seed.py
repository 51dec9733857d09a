"""A scored run without the hours of scoring: real rows, curves and heatmaps, with values that tests know.

Runs inside an installation: `manage.py shell -c "from tests.e2e import seed; seed.score(...)"`.
"""

from __future__ import annotations

import json

import numpy as np

from tests.e2e import footage
from vadreview.accounts.models import User
from vadreview.footage.models import Project, Video
from vadreview.jobs import JobStatus
from vadreview.runs import artifacts, proposals, tracks
from vadreview.runs.models import Run, RunVideo, Segment

GRID = (12, 16)
REGION = (0.125, 0.0, 0.875, 1.0)  # what a detector saw that crops left and right
PEAKS = [(20, 32), (60, 75), (110, 128), (150, 170)]


def score(project: str, *, name: str = "seeded") -> None:
    """Make a finished run that scores every ready video of a project; prints {"run": id}."""
    user = User.objects.get(username="admin")
    run = Run.objects.create(
        project=Project.objects.get(pk=project), name=name, detector="pseudoanomaly", preset="fast", config={},
        stage=Run.Stage.SCORING, status=JobStatus.DONE, created_by=user, model_sha256="0" * 64, train_seconds=12.0,
        history=[{"epoch": n, "loss": 1 / n} for n in range(1, 9)],
    )  # fmt: skip
    for place, video in enumerate(Video.objects.filter(project=project, state="ready").order_by("name")):
        _score(run, video, place)
    Run.objects.filter(pk=run.pk).update(stage=Run.Stage.DONE)
    run.refresh_from_db()
    proposals.propose(
        run, policy={"method": "fixed", "value": 1.0, "smooth_sigma_frames": 0, "min_length_s": 0}
    )
    print(json.dumps({"run": str(run.pk)}))


def _score(run: Run, video: Video, place: int) -> None:
    values = np.full(video.n_frames, 0.2, np.float32)
    for rank, (start, stop) in enumerate(PEAKS):
        values[start:stop] = 2.0 + rank + place / 10
    maps = np.stack([heatmap(n) for n in range(video.n_frames)])
    meta = {
        "stride": 1, "offset": 0, "height": GRID[0], "width": GRID[1], "count": len(maps), "low": 0.0, "high": 5.0,
        "region": list(REGION), "kind": "error",
    }  # fmt: skip
    row = RunVideo.objects.create(
        run=run, video=video, trains=True, scores=True, status=JobStatus.DONE, heatmap=meta, seconds=1.0
    )
    artifacts.write(row, {"heatmaps": maps})
    tracks.replace({"score": tracks.Series(values)}, video=video, run=run)


def heatmap(n: int) -> np.ndarray:
    """Return the map of frame n: how much of each cell the blob covers; uint8 GRID."""
    left, _, right, _ = REGION
    x, y = footage.blob(n)
    fine = np.zeros((footage.HEIGHT, footage.WIDTH), np.float32)
    fine[int(y) - footage.BLOB : int(y) + footage.BLOB, int(x) - footage.BLOB : int(x) + footage.BLOB] = 1
    seen = fine[:, int(left * footage.WIDTH) : int(right * footage.WIDTH)]
    rows, columns = GRID
    cells = seen.reshape(rows, footage.HEIGHT // rows, columns, seen.shape[1] // columns).mean((1, 3))
    return np.round(cells * 255).astype(np.uint8)


def a_day(project: str, *, runs: int, segments: int, frames: int, spike: int) -> None:
    """Make a video of `frames` frames without a file, with the curves of `runs` runs; prints its ids.

    In the first curve the one frame `spike` stands higher than all others.
    """
    random = np.random.default_rng(0)
    video = Video.objects.create(
        project_id=project, name="a day.mp4", state="ready", status=JobStatus.DONE, n_frames=frames, fps_num=25,
        fps_den=1, proxy_fps_num=25, proxy_fps_den=1, width=640, height=360, duration_s=frames / 25,
    )  # fmt: skip
    made = []
    for n in range(runs):
        run = Run.objects.create(
            project_id=project, name=f"run {n}", detector=DETECTORS[n % len(DETECTORS)], preset="fast", config={},
            stage=Run.Stage.DONE, status=JobStatus.DONE, threshold=8.0, centre=2.0,
        )  # fmt: skip
        RunVideo.objects.create(run=run, video=video, trains=True, scores=True, status=JobStatus.DONE)
        values = random.gamma(2.0, size=frames).astype(np.float32)
        if n == 0:
            values[spike] = 2 * values.max()
        tracks.replace({"score": tracks.Series(values)}, video=video, run=run)
        made.append(run)
    _propose(made[0], video, segments)
    print(json.dumps({"video": str(video.pk), "runs": [str(run.pk) for run in made]}))


DETECTORS = ("pseudoanomaly", "kdiffusion", "stgnf", "diffvad")


def many(project: str, *, segments: int) -> None:
    """Make a run with `segments` short proposals all over the footage, in a mixed order of scores; prints its id."""
    random = np.random.default_rng(0)
    run = Run.objects.create(
        project_id=project, name="many", detector="pseudoanomaly", preset="fast", config={},
        stage=Run.Stage.DONE, status=JobStatus.DONE, threshold=1.0, centre=0.0,
    )  # fmt: skip
    videos = list(Video.objects.filter(project_id=project, state="ready").order_by("name"))
    each = -(-segments // len(videos))
    scores = iter(random.permutation(each * len(videos)) + 2.0)
    for video in videos:
        RunVideo.objects.create(run=run, video=video, trains=True, scores=True, status=JobStatus.DONE)
        tracks.replace(
            {"score": tracks.Series(random.random(video.n_frames, np.float32))}, video=video, run=run
        )
        step = video.n_frames // each
        Segment.objects.bulk_create(
            Segment(
                id=proposals.segment_id(run.pk, video=video.pk, start=n * step, stop=n * step + step - 1),
                run=run, video=video, start=n * step, stop=n * step + step - 1, peak_frame=n * step + 1,
                score=float(next(scores)),
            )
            for n in range(each)
        )  # fmt: skip
    print(json.dumps({"run": str(run.pk)}))


def _propose(run: Run, video: Video, count: int) -> None:
    step = video.n_frames // max(count, 1)
    Segment.objects.bulk_create(
        (
            Segment(
                id=proposals.segment_id(run.pk, video=video.pk, start=n * step, stop=n * step + step // 2),
                run=run, video=video, start=n * step, stop=n * step + step // 2, peak_frame=n * step + 3,
                score=2.0 + n % 17,
            )
            for n in range(count)
        ),
        batch_size=500,
    )  # fmt: skip
