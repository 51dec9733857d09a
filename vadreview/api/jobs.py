"""The part of every answer that says how far some work is."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.utils import timezone
from rest_framework import serializers

from vadreview.jobs import Job, JobStatus


class JobSerializer(serializers.Serializer):
    """A job's columns, and what follows from them: how much is done, how fast, how long it will take."""

    status = serializers.ChoiceField(choices=JobStatus.choices)
    phase = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    fraction = serializers.FloatField(allow_null=True, help_text="0 to 1; null when it cannot be known.")
    rate = serializers.FloatField(allow_null=True, help_text="Units a second in this phase.")
    eta_s = serializers.FloatField(allow_null=True, help_text="Seconds this phase will still take.")
    attempt = serializers.IntegerField()
    error = serializers.CharField()
    cancel_requested = serializers.BooleanField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    silent_s = serializers.FloatField(
        allow_null=True, help_text="Seconds since its worker last gave a sign of life; null unless it runs."
    )

    def to_representation(self, job: Job) -> dict:
        plain = {
            name: getattr(job, name)
            for name in ("status", "phase", "done", "total", "attempt", "error", "cancel_requested")
        }
        times = {
            name: _iso(getattr(job, name))
            for name in ("queued_at", "started_at", "finished_at", "heartbeat_at")
        }
        return {**plain, **pace(job), **times, "silent_s": silence(job)}


def silence(job: Job) -> float | None:
    """Return how long the worker of a running job has been silent; null where none runs it."""
    if job.status != JobStatus.RUNNING or job.heartbeat_at is None:
        return None
    return max(0.0, round((timezone.now() - job.heartbeat_at).total_seconds(), 1))


class Pace(TypedDict):
    fraction: float | None
    rate: float | None
    eta_s: float | None


def pace(job: Job) -> Pace:
    """Work out how far the current phase is, from the row alone: the rate holds as of the last heartbeat."""
    if job.status == JobStatus.DONE:
        return {"fraction": 1.0, "rate": None, "eta_s": None}
    fraction = min(job.done / job.total, 1.0) if job.total > 0 else None
    running = job.status == JobStatus.RUNNING and job.phase_started_at and job.heartbeat_at
    elapsed = (job.heartbeat_at - job.phase_started_at).total_seconds() if running else 0.0
    gained = job.done - job.phase_started_done
    if elapsed <= 0 or gained <= 0:
        return {"fraction": fraction, "rate": None, "eta_s": None}
    rate = gained / elapsed
    left = max(job.total - job.done, 0) / rate if job.total > 0 else None
    return {"fraction": fraction, "rate": rate, "eta_s": left}


def _iso(moment: datetime | None) -> str | None:
    return serializers.DateTimeField().to_representation(moment) if moment else None
