"""The worker's side of reviews."""

from __future__ import annotations

from vadreview import jobs
from vadreview.celery import app
from vadreview.review import policies
from vadreview.review.models import PolicyChange


@app.task(name=PolicyChange.task)
def apply_policy(change_id: str) -> None:
    jobs.perform(PolicyChange, change_id, policies.work, explain=policies.explain)
