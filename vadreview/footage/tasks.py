"""What Celery calls, with one id each. The rows say what to do; see vadreview/jobs.py."""

from __future__ import annotations

from vadreview.celery import app
from vadreview.footage import ingest as reading


@app.task
def ingest(video_id: str) -> None:
    reading.work_on(video_id)
