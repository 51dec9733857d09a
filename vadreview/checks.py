"""System checks of an installation: `python manage.py check` refuses what would leave a door open."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

LOCAL = {"localhost", "127.0.0.1", "[::1]", "::1"}
SECRET_LENGTH = 32


def _public() -> list[str]:
    return [host for host in settings.ALLOWED_HOSTS if host not in LOCAL and not host.endswith(".localhost")]


@register(Tags.security)
def secrets_are_secret(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check the key that signs sessions; an embedded install made its own."""
    key = settings.SECRET_KEY
    if len(key) >= SECRET_LENGTH and len(set(key)) >= 10 and not key.startswith("django-insecure"):
        return []
    return [
        Error(
            f"SECRET_KEY signs the sessions and is easy to guess: use {SECRET_LENGTH} random characters.",
            hint='python -c "import secrets; print(secrets.token_urlsafe(50))"',
            id="vadreview.E001",
        )
    ]


@register(Tags.security)
def debug_stays_at_home(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that tracebacks, which show settings and SQL, never leave this machine."""
    if not settings.DEBUG or not _public():
        return []
    return [
        Error(
            f"DEBUG is on while ALLOWED_HOSTS lets other machines in ({', '.join(_public())}).",
            hint="Unset DEBUG, or set ALLOWED_HOSTS to localhost.",
            id="vadreview.E002",
        )
    ]


@register(Tags.security)
def hosts_have_names(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that a forged Host header cannot end up in an address we send."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS is *, so a request may claim to be for any host.",
            hint="List the names under which people reach vadreview: ALLOWED_HOSTS=review.example.org",
            id="vadreview.E003",
        )
    ]


@register(Tags.database)
def one_machine_has_one_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that a broker that others can reach comes with a database that they can reach."""
    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    file_broker = settings.CELERY_BROKER_URL.startswith("atomicfile")
    found: list[CheckMessage] = []
    if sqlite and not file_broker:
        found.append(
            Error(
                "BROKER_URL names a shared broker, but the database is this machine's SQLite file: "
                "a worker elsewhere would look for its work in another file.",
                hint="Set DATABASE_URL=postgres://... too, or unset BROKER_URL.",
                id="vadreview.E004",
            )
        )
    if not sqlite and file_broker:
        found.append(
            Warning(
                "The database is shared, but the broker is a folder of this machine: "
                "workers elsewhere start their work up to a minute late.",
                hint="Set BROKER_URL=redis://...",
                id="vadreview.W001",
            )
        )
    return found


@register(Tags.security)
def visitors_can_be_told_apart(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check what the sign-in throttle counts by: addresses of visitors, over all web processes."""
    found: list[CheckMessage] = []
    if settings.BEHIND_TLS and not settings.REST_FRAMEWORK["NUM_PROXIES"]:
        found.append(
            Warning(
                "BEHIND_TLS says that a proxy is in front, but NUM_PROXIES is 0: all visitors count as one.",
                hint="Set NUM_PROXIES to the number of proxies that add X-Forwarded-For, usually 1.",
                id="vadreview.W002",
            )
        )
    if _public() and not settings.BEHIND_TLS:
        found.append(
            Warning(
                f"Other machines come in over plain HTTP ({', '.join(_public())}): passwords can be read.",
                hint="Put a TLS proxy in front and set BEHIND_TLS=1.",
                id="vadreview.W003",
            )
        )
    return found
