"""One sweep over everything that can be queued: found by its base class, so that no list can go stale."""

from __future__ import annotations

import logging

from django.apps import apps

from vadreview.jobs import Job, release, sweep

logger = logging.getLogger(__name__)


def job_models() -> list[type[Job]]:
    """Return every concrete model whose rows are work."""
    return [model for model in apps.get_models() if issubclass(model, Job)]


def sweep_all() -> dict[str, dict[str, int]]:
    """Sweep every kind of work, then let each app repair what depends on it; what was done, by name.

    An app that has something to repair (rows that follow other rows, things that expire) says so with a
    method `sweep() -> dict[str, int]` of its AppConfig.
    """
    done = {model._meta.label: sweep(model) for model in job_models()}
    for app in apps.get_app_configs():
        if hasattr(app, "sweep"):
            try:
                done[app.label] = app.sweep()
            except Exception:  # one app's trouble must not keep the others from being swept
                logger.exception("the sweep of %s failed", app.label)
    return done


def release_all(*, interrupted: bool = False) -> int:
    """Put every running row back in the queue. Only for the one who knows that no worker runs: `serve`."""
    return sum(release(model, interrupted=interrupted) for model in job_models())
