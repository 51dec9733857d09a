"""System checks: an installation that leaves a door open says so before it starts."""

from __future__ import annotations

import pytest

from vadreview import checks

EVERY = [
    checks.secrets_are_secret,
    checks.debug_stays_at_home,
    checks.hosts_have_names,
    checks.one_machine_has_one_database,
    checks.visitors_can_be_told_apart,
]
SECRET = "n1Ku0cTqv7XyZ2bE5rW8sA3dF6gH9jLmPoI4"
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
POSTGRES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
EMBEDDED = {
    "SECRET_KEY": SECRET,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
    "DATABASES": SQLITE,
    "CELERY_BROKER_URL": "atomicfile://",
    "BEHIND_TLS": False,
    "REST_FRAMEWORK": {"NUM_PROXIES": 0},
}
DEPLOYED = EMBEDDED | {
    "ALLOWED_HOSTS": ["review.example.org"],
    "DATABASES": POSTGRES,
    "CELERY_BROKER_URL": "redis://broker:6379/0",
    "BEHIND_TLS": True,
    "REST_FRAMEWORK": {"NUM_PROXIES": 1},
}


def ids(settings, given: dict) -> set[str]:
    for name, value in given.items():
        setattr(settings, name, value)
    return {message.id for check in EVERY for message in check(None)}


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (EMBEDDED, set()),
        (DEPLOYED, set()),
        (EMBEDDED | {"SECRET_KEY": "changeme"}, {"vadreview.E001"}),
        (EMBEDDED | {"SECRET_KEY": "a" * 60}, {"vadreview.E001"}),
        (EMBEDDED | {"SECRET_KEY": f"django-insecure{SECRET}"}, {"vadreview.E001"}),
        (EMBEDDED | {"DEBUG": True}, set()),
        (DEPLOYED | {"DEBUG": True}, {"vadreview.E002"}),
        (DEPLOYED | {"ALLOWED_HOSTS": ["*"]}, {"vadreview.E003"}),
        (EMBEDDED | {"CELERY_BROKER_URL": "redis://broker:6379/0"}, {"vadreview.E004"}),
        (DEPLOYED | {"CELERY_BROKER_URL": "atomicfile://"}, {"vadreview.W001"}),
        (DEPLOYED | {"REST_FRAMEWORK": {"NUM_PROXIES": 0}}, {"vadreview.W002"}),
        (DEPLOYED | {"BEHIND_TLS": False}, {"vadreview.W003"}),
    ],
)
def test_each_open_door_has_its_own_message(settings, given, expected):
    assert ids(settings, given) == expected


def test_the_checks_run_with_manage_py_check():
    from django.core.checks.registry import registry

    assert set(EVERY) <= set(registry.get_checks())
