"""How far a whole run is, in words and numbers for people: training and scoring together."""

from __future__ import annotations

from typing import TypedDict

from vadreview.api.jobs import pace, silence
from vadreview.jobs import JobStatus
from vadreview.runs import inference
from vadreview.runs.models import Run, RunVideo

# share of the bar that training fills; scoring has the rest
TRAINING_SHARE = 0.6
ENDINGS = {
    Run.Stage.DONE: "Done",
    Run.Stage.FAILED: "Failed",
    Run.Stage.CANCELLED: "Cancelled",
}


class Overall(TypedDict):
    """`fraction` is of the whole run; done, total, rate and eta_s are of the phase. Units: see the phase."""

    phase: str
    fraction: float
    done: int
    total: int
    rate: float | None
    eta_s: float | None
    silent_s: float | None


def overall(run: Run, rows: list[RunVideo]) -> Overall:
    """Say how far a run is, from its training job and the jobs of the videos it scores."""
    scored = [row for row in rows if row.scores]
    if run.stage in ENDINGS:
        fraction = 1.0 if run.stage == Run.Stage.DONE else TRAINING_SHARE * run.fitted
        return _still(ENDINGS[run.stage], fraction)
    if run.status == JobStatus.QUEUED and run.stage != Run.Stage.SCORING:
        waiting = "Waiting for a worker" if run.attempt == 0 else "Starting again after an interruption"
        return _still(waiting, TRAINING_SHARE * run.fitted)
    now = _scoring(scored) if run.stage == Run.Stage.SCORING else _training(run)
    if run.cancel_requested or any(row.cancel_requested for row in scored):
        return _still("Stopping", now["fraction"])
    return now


def _still(phase: str, fraction: float) -> Overall:
    return {
        "phase": phase,
        "fraction": fraction,
        "done": 0,
        "total": 0,
        "rate": None,
        "eta_s": None,
        "silent_s": None,
    }


def _training(run: Run) -> Overall:
    now = pace(run)
    return {
        "phase": inference.phase_title(run.detector, run.phase) or "Starting",
        "fraction": TRAINING_SHARE * run.fitted,
        "done": run.done,
        "total": run.total,
        "rate": now["rate"],
        "eta_s": now["eta_s"],
        "silent_s": silence(run),
    }


def _scoring(rows: list[RunVideo]) -> Overall:
    """Count in frames: videos differ in length, and several may be scored at once."""
    ended = [row for row in rows if row.status in (JobStatus.DONE, JobStatus.FAILED)]
    running = [row for row in rows if row.status == JobStatus.RUNNING]
    total = sum(row.video.n_frames for row in rows)
    done = sum(row.video.n_frames for row in ended)
    done += sum(int(row.video.n_frames * (pace(row)["fraction"] or 0.0)) for row in running)
    begun = [row.started_at for row in rows if row.started_at]
    seen = [moment for row in rows for moment in (row.heartbeat_at, row.finished_at) if moment]
    elapsed = (max(seen) - min(begun)).total_seconds() if begun and seen else 0.0
    rate = done / elapsed if elapsed > 0 and done > 0 else None
    which = min(len(ended) + 1, len(rows))
    return {
        "phase": f"Scoring {which} of {len(rows)} videos" if len(rows) > 1 else "Scoring",
        "fraction": TRAINING_SHARE + (1 - TRAINING_SHARE) * (done / total if total else 0.0),
        "done": done,
        "total": total,
        "rate": rate,
        "eta_s": (total - done) / rate if rate else None,
        # of several workers the liveliest: while one goes on the run does
        "silent_s": min((quiet for row in running if (quiet := silence(row)) is not None), default=None),
    }
