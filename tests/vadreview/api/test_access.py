"""Every route and method of the API, as each kind of person, against one table."""

from __future__ import annotations

import base64
import json
import uuid
from types import SimpleNamespace

import numpy as np
import pytest
from django.db import transaction
from rest_framework.test import APIClient

from tests.vadreview import factories
from tests.vadreview.api import routes
from tests.vadreview.api.access_table import ROLES, TABLE, UNKNOWN
from vadreview.accounts import services as accounts
from vadreview.footage.models import GroundTruthImport
from vadreview.jobs import JobStatus
from vadreview.review.models import PolicyChange, SavedPolicy

WALKED = sorted(set(routes.walk()), key=lambda one: (one[1], one[0]))


@pytest.fixture
def world(project, manager, reviewer, viewer, stranger, anonymous, video, run, segments, clip):
    """One of everything, in a project that the stranger is not in."""
    other = factories.UserFactory(username="other")
    factories.MembershipFactory(project=project, user=other)
    link = accounts.create_sign_in_link(other)
    upload = factories.UploadFactory(project=project, user=manager)
    upload.part.parent.mkdir(parents=True, exist_ok=True)
    upload.part.touch()
    dataset = factories.DatasetFactory(project=project, status=JobStatus.DONE)
    dataset.file.parent.mkdir(parents=True, exist_ok=True)
    dataset.file.write_bytes(b"PK")
    (video.derived / "sheets").mkdir(parents=True, exist_ok=True)
    video.source.write_bytes(clip.read_bytes())
    (video.derived / "proxy.mp4").write_bytes(clip.read_bytes())
    for name in ("poster.jpg", "sheets/0000.jpg"):
        (video.derived / name).write_bytes(b"\xff\xd8\xff")
    np.save(video.derived / "times.npy", np.arange(1000) / 25)
    told = {"filename": "a.mp4", "project": str(project.pk)}
    return SimpleNamespace(
        people=dict(zip(ROLES, (anonymous, stranger, viewer, reviewer, manager), strict=True)),
        project=project,
        video=video,
        run=run,
        segment=segments[0],
        link=link,
        member=other,
        token=accounts.create_token(manager, name="x")[0],
        upload=upload,
        upload_metadata=",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items()
        ),
        dataset=dataset,
        track=run.tracks.get(),
        policy=SavedPolicy.objects.create(project=project, name="n", detector=run.detector, fields={}),
        policy_change=PolicyChange.objects.create(
            project=project, name="n", fields={}, runs=[], status=JobStatus.DONE
        ),
        known=GroundTruthImport.objects.create(project=project),
    )


def address(path: str, world: SimpleNamespace, *, unknown: bool = False) -> str:
    """Put the ids of the world, or ids of nothing, into a route."""
    kind = path.split("/")[2]
    primary = {
        "tokens": "token",
        "projects": "project",
        "uploads": "upload",
        "videos": "video",
        "runs": "run",
        "tracks": "track",
        "segments": "segment",
        "exports": "dataset",
        "policies": "policy",
        "policy-changes": "policy_change",
    }
    ids = {"n": "0", "run": world.run.pk, "video": world.video.pk, "project": world.project.pk}
    ids["user"] = world.member.public_id
    if "/ground-truth/" in path:
        ids["pk"] = world.known.pk
    elif kind in primary:
        ids["pk"] = getattr(world, primary[kind]).pk
    if unknown:
        ids = {name: value if name == "n" else UNKNOWN for name, value in ids.items()}
    return path.format(**{name: str(value) for name, value in ids.items()})


def send(world: SimpleNamespace, role: str, method: str, path: str, *, unknown: bool = False) -> int:
    """Make the request of a row as one person, undo what it did, and return the status."""
    row = TABLE[method, path]
    client = APIClient()
    if role != "anonymous":
        client.force_login(world.people[role])
    body = row.body(world)
    content = body if isinstance(body, bytes) else json.dumps(body) if body is not None else ""
    query = "&".join(f"{name}={value}" for name, value in row.query(world).items())
    where = f"{address(path, world, unknown=unknown)}?{query}"
    with transaction.atomic():
        answer = client.generic(method, where, content, content_type=row.content_type, **row.headers(world))
        transaction.set_rollback(True)
    if answer.streaming:
        b"".join(answer.streaming_content)  # also closes the file
    return answer.status_code


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(WALKED) - set(TABLE) == set(), "routes without a row in access_table.py"
    assert set(TABLE) - set(WALKED) == set(), "rows without a route"


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), WALKED, ids=lambda part: part)
def test_each_person_gets_the_answer_of_the_table(world, method, path):
    expected = TABLE[method, path].statuses

    found = tuple(send(world, role, method, path) for role in ROLES)

    assert dict(zip(ROLES, found, strict=True)) == dict(zip(ROLES, expected, strict=True))
    if "{" in path:
        # nobody finds out which ids exist: what is hidden and what is not there get the same answer
        assert expected[1] == 404
        assert send(world, "stranger", method, path, unknown=True) == 404
        assert send(world, "manager", method, path, unknown=True) == 404


@pytest.mark.django_db
def test_no_list_shows_a_stranger_anything_of_others(world, api):
    ids = {name: str(getattr(world, name).pk) for name in ("project", "video", "run")}
    client = api(world.people["stranger"])
    lists = [
        path for method, path in WALKED if method == "GET" and "{" not in path and path != "/api/schema/"
    ]

    for path in lists:
        for query in [
            {},
            *({name: value} for name, value in ids.items()),
            {"ids": ids["video"]},
            {"search": "gate"},
        ]:
            answer = client.get(path, query)
            assert answer.status_code in (200, 400, 404), path
            if answer.status_code == 200:
                shown = answer.content.decode()
                assert not [name for name in ids if ids[name] in shown], (path, query)
                assert "north gate" not in shown, (path, query)


@pytest.mark.django_db
def test_no_session_changes_anything_without_the_csrf_token(world):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.people["manager"])

    for method, path in WALKED:
        if method in ("GET", "HEAD"):
            continue
        row = TABLE[method, path]
        answer = client.generic(
            method,
            address(path, world),
            json.dumps(None),
            content_type=row.content_type,
            **row.headers(world),
        )
        assert answer.status_code == 403, (method, path)
        assert "CSRF" in answer.json()["message"], (method, path)


@pytest.mark.django_db
def test_an_id_that_is_none_is_not_found(api, manager):
    for kind in ("projects", "videos", "runs", "segments", "exports", "uploads"):
        assert api(manager).get(f"/api/{kind}/{uuid.uuid4()}x/").status_code == 404


def test_an_unknown_address_under_api_is_json(client):
    answer = client.get("/api/nothing/here/")

    assert answer.status_code == 404
    assert answer.json().keys() == {"code", "message", "fields"}
