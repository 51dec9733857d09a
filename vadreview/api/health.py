"""Is the process up (/healthz), and can it do its work (/readyz)?"""

from __future__ import annotations

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 503 with the part that is missing: database or disk."""
    checks = {"database": "ok", "disk": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        checks["database"] = "cannot be reached"
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < settings.DISK_FLOOR_BYTES:
        checks["disk"] = f"only {free // 1024**2} MiB free"
    healthy = all(value == "ok" for value in checks.values())
    return JsonResponse(
        {"status": "ok" if healthy else "unready", "checks": checks}, status=200 if healthy else 503
    )
