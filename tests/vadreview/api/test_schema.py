"""The OpenAPI description: complete, up to date, and true."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.vadreview.api.test_access import world  # noqa: F401 (a fixture)
from vadreview.accounts import services as accounts

FILE = Path(settings.BASE_DIR) / "frontend" / "src" / "api" / "openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")  # tus
DESCRIPTION = json.loads(FILE.read_text())


def described(*, mode: str, max_examples: int) -> schemathesis.BaseSchema:
    """Load the description for tests that ask so many random requests, of valid ("positive") or any content."""
    generation = {"mode": mode, "max-examples": max_examples, "deterministic": True, "database": "none"}
    config = schemathesis.Config.from_dict({"generation": generation})
    return schemathesis.openapi.from_dict(DESCRIPTION, config=config)


anything = described(mode="all", max_examples=4)
valid = described(mode="positive", max_examples=1)
in_a_test = examples(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def app(db):
    """The WSGI application, which leaves the connection of the test open, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_description_has_no_warnings(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_the_description_in_the_front_end_is_up_to_date(tmp_path):
    fresh = tmp_path / "openapi.json"
    call_command("spectacular", format="openapi-json", file=str(fresh))

    assert fresh.read_text() == FILE.read_text(), "run: make schema"


def test_every_operation_has_a_name_of_its_own():
    names = [one["operationId"] for path in DESCRIPTION["paths"].values() for one in path.values()]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def with_real_ids(given: Any, ids: dict[str, str]) -> Any:
    """Put ids of the world where a made-up one of the same kind is, so that requests get past the first 404."""
    if not isinstance(given, dict):
        return given
    return {name: ids.get(name, value) if _is_uuid(value) else value for name, value in given.items()}


def ids_of(world: SimpleNamespace, path: str) -> dict[str, str]:  # noqa: F811
    """Return what `project`, `video`, ... and the `id` of a route stand for in the world."""
    rows = {"project": world.project, "video": world.video, "run": world.run, "segment": world.segment}
    primary = {
        **{f"{name}s": row for name, row in rows.items()},
        "tokens": world.token,
        "uploads": world.upload,
        "tracks": world.track,
        "exports": world.dataset,
    }
    ids = {name: str(row.pk) for name, row in rows.items()} | {"user": str(world.member.public_id)}
    own = primary.get(path.split("/")[2])
    return ids | {"id": str(own.pk)} if own else ids


def _is_uuid(value: Any) -> bool:
    try:
        return bool(uuid.UUID(str(value)))
    except ValueError:
        return False


@pytest.fixture
def ask(world, app) -> Callable[[schemathesis.Case, str], schemathesis.Response]:  # noqa: F811
    """Send a generated request as one person, check the answer against the description, undo what it did."""
    secrets = {
        role: accounts.create_token(world.people[role], name="x")[1] for role in ("manager", "stranger")
    }

    def send(case: schemathesis.Case, role: str) -> schemathesis.Response:
        ids = ids_of(world, case.operation.path)
        case.path_parameters = with_real_ids(case.path_parameters, ids)
        case.query = with_real_ids(case.query, ids)
        case.body = with_real_ids(case.body, ids)
        with transaction.atomic():
            headers = {"Authorization": f"Token {secrets[role]}"}
            response = case.call_and_validate(app=app, headers=headers, checks=CHECKS)
            transaction.set_rollback(True)
        return response

    return send


def conformance(schema: schemathesis.BaseSchema, method: str, path: str, role: str) -> Callable:
    """Make the test of one operation; a stranger gets nothing from the routes of others."""

    @pytest.mark.django_db
    @schema.include(method=method.upper(), path=path).parametrize()
    @in_a_test
    def test(case, ask):
        answer = ask(case, role)
        assert role != "stranger" or answer.status_code >= 400

    return test


# A function for each operation, not one for all: schemathesis gives all of one function's tests the same id, and
# pytest-xdist runs one test an id.
for route, operations in DESCRIPTION["paths"].items():
    for verb, operation in operations.items():
        name = operation["operationId"]
        globals()[f"test_as_manager_{name}"] = conformance(anything, verb, route, "manager")
        if "{" in route:
            globals()[f"test_as_stranger_{name}"] = conformance(valid, verb, route, "stranger")
