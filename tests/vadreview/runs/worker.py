"""A real Celery worker that also knows the test detector: `celery -A tests.vadreview.runs.worker worker`."""

from tests.vadreview.runs import steady
from vadreview.celery import app

steady.register()

__all__ = ["app"]
