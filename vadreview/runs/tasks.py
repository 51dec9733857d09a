"""What Celery calls, with one id each. The rows say what to do; see vadreview/jobs.py."""

from __future__ import annotations

from vadreview.celery import app
from vadreview.runs import maps, scoring, training
from vadreview.runs import motion as reference


@app.task
def train(run_id: str) -> None:
    training.work_on(run_id)


@app.task
def score(row_id: str) -> None:
    scoring.work_on(row_id)


@app.task
def motion(job_id: str) -> None:
    reference.work_on(job_id)


@app.task
def arrange(map_id: str) -> None:
    maps.work_on(map_id)


@app.task
def after_ingest(video_id: str) -> None:
    reference.after_ingest(video_id)
