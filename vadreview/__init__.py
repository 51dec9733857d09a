"""The Django project: footage in, review, labeled dataset out."""

from vadreview.celery import app as celery_app

__all__ = ["celery_app"]
