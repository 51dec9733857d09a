"""The worker's side of exports."""

from __future__ import annotations

from vadreview import jobs
from vadreview.celery import app
from vadreview.exports import services
from vadreview.exports.models import Dataset


@app.task(name=Dataset.task)
def write(dataset_id: str) -> None:
    jobs.perform(Dataset, dataset_id, services.write, explain=services.explain)
