"""The Celery application: JSON messages that carry one id, and nothing else.

Which work there is and how far it is stands in the database (vadreview/jobs.py); settings: CELERY_*.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vadreview.settings")

logger = logging.getLogger(__name__)

TRANSPORT_ALIASES["atomicfile"] = "vadreview.embedded_queue:Transport"

app = Celery("vadreview")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Set when this worker was told to stop: work in hand ends at its next progress report (jobs.Reporter), so
# that nobody waits hours for an orderly shutdown.
stopping = threading.Event()
_stop_sweeping = threading.Event()


@worker_shutting_down.connect
def _stop_working(**_: Any) -> None:
    stopping.set()


@worker_ready.connect
def _sweep_while_working(**_: Any) -> None:
    """Sweep at worker start and every minute; in a thread, so that a solo worker that trains does too."""
    _stop_sweeping.clear()
    threading.Thread(target=_sweep_forever, name="sweep", daemon=True).start()


@worker_shutdown.connect
def _end_sweeping(**_: Any) -> None:
    _stop_sweeping.set()


def _sweep_forever() -> None:
    from django.conf import settings
    from django.db import close_old_connections

    from vadreview.sweep import sweep_all

    while True:
        close_old_connections()
        try:
            sweep_all()
        except Exception:  # the outer edge of this thread: a database that is away now is back in a minute
            logger.exception("sweep failed; trying again in %s s", settings.SWEEP_EVERY_S)
        close_old_connections()
        if _stop_sweeping.wait(settings.SWEEP_EVERY_S):
            return
