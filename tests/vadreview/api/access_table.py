"""Who gets which answer from which route: the one table of permissions.

Each row is (what the request needs, the statuses for anonymous, stranger, viewer, reviewer, manager). A stranger
is signed in and manages another project. What a stranger may not see does not exist for them (404); what a member
may see but not do is 403.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.vadreview.factories import PASSWORD

ROLES = ("anonymous", "stranger", "viewer", "reviewer", "manager")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
KEY = "11111111-1111-4111-8111-111111111111"


@dataclass(frozen=True)
class Row:
    """One route and method. `body` and `query` are made from the world of the test (see test_access.py)."""

    statuses: tuple[int, int, int, int, int]
    body: Callable[[Any], Any] = lambda world: None
    query: Callable[[Any], dict[str, str]] = lambda world: {}
    headers: Callable[[Any], dict[str, str]] = lambda world: {}
    content_type: str = "application/json"
    before: Callable[[Any], None] = field(default=lambda world: None)


MULTIPART = "multipart/form-data; boundary=x"
EVERYBODY = (200, 200, 200, 200, 200)
SIGNED_IN = (401, 200, 200, 200, 200)
MEMBERS = (401, 404, 200, 200, 200)
REVIEWERS = (401, 404, 403, 200, 200)
MANAGERS = (401, 404, 403, 403, 200)


def _new_run(world: Any) -> dict[str, Any]:
    return {"project": str(world.project.pk), "detector": "pseudoanomaly", "client_key": KEY}


def _verdict(world: Any) -> dict[str, Any]:
    return {"client_key": KEY, "segment": str(world.segment.pk), "decision": "accept"}


def _bulk(world: Any) -> dict[str, Any]:
    return {"client_key": KEY, "segments": [str(world.segment.pk)], "decision": "accept"}


def _proposal(world: Any) -> dict[str, Any]:
    return {"run": str(world.run.pk), "policy": {}}


def _teach(world: Any) -> dict[str, Any]:
    return {
        "project": str(world.project.pk),
        "choices": [{"detector": "pseudoanomaly"}],
        "client_key": KEY,
    }


def _tus(world: Any) -> dict[str, str]:
    return {"HTTP_TUS_RESUMABLE": "1.0.0"}


def _project(world: Any) -> dict[str, str]:
    return {"project": str(world.project.pk)}


def _twice(world: Any) -> dict[str, str]:
    return {"a": str(world.run.pk), "b": str(world.run.pk)}


def _video(world: Any) -> dict[str, str]:
    return {"video": str(world.video.pk)}


def _truth(world: Any) -> bytes:
    lines = [
        "--x",
        'Content-Disposition: form-data; name="files"; filename="a.json"',
        "",
        f'{{"{world.video.name}": [[1, 5]]}}',
        "--x--",
        "",
    ]
    return "\r\n".join(lines).encode()


TABLE: dict[tuple[str, str], Row] = {
    # the session, and oneself
    ("GET", "/api/schema/"): Row(EVERYBODY),
    ("GET", "/api/session/"): Row(EVERYBODY),
    ("POST", "/api/session/"): Row(
        EVERYBODY, body=lambda world: {"username": "viewer", "password": PASSWORD}
    ),
    ("DELETE", "/api/session/"): Row((204, 204, 204, 204, 204)),
    ("POST", "/api/session/link/"): Row(EVERYBODY, body=lambda world: {"secret": world.link}),
    ("GET", "/api/me/"): Row(SIGNED_IN),
    ("PATCH", "/api/me/"): Row(SIGNED_IN, body=lambda world: {"display_name": "x"}),
    ("POST", "/api/me/password/"): Row(
        (401, 204, 204, 204, 204),
        body=lambda world: {"old_password": PASSWORD, "new_password": "a better one 9"},
    ),
    ("GET", "/api/tokens/"): Row(SIGNED_IN),
    ("POST", "/api/tokens/"): Row((401, 201, 201, 201, 201), body=lambda world: {"name": "x"}),
    ("DELETE", "/api/tokens/{pk}/"): Row((401, 404, 404, 404, 204)),  # the manager's own
    # projects
    ("GET", "/api/projects/"): Row(SIGNED_IN),
    ("POST", "/api/projects/"): Row((401, 201, 201, 201, 201), body=lambda world: {"name": "x"}),
    ("GET", "/api/projects/{pk}/"): Row(MEMBERS),
    ("PATCH", "/api/projects/{pk}/"): Row(MANAGERS, body=lambda world: {"name": "x"}),
    ("DELETE", "/api/projects/{pk}/"): Row(
        (401, 404, 403, 403, 204), query=lambda world: {"confirm": world.project.name}
    ),
    ("GET", "/api/projects/{project}/members/"): Row(MEMBERS),
    ("POST", "/api/projects/{project}/members/"): Row(
        (401, 404, 403, 403, 201), body=lambda world: {"username": "newcomer", "role": "viewer"}
    ),
    ("PATCH", "/api/projects/{project}/members/{user}/"): Row(
        MANAGERS, body=lambda world: {"role": "manager"}
    ),
    ("DELETE", "/api/projects/{project}/members/{user}/"): Row((401, 404, 403, 403, 204)),
    ("GET", "/api/projects/{project}/ground-truth/"): Row(MEMBERS),
    ("POST", "/api/projects/{project}/ground-truth/"): Row(
        (401, 404, 403, 403, 201), body=_truth, content_type=MULTIPART
    ),
    ("POST", "/api/projects/{project}/ground-truth/preview/"): Row(
        MANAGERS, body=_truth, content_type=MULTIPART
    ),
    ("DELETE", "/api/projects/{project}/ground-truth/{pk}/"): Row((401, 404, 403, 403, 204)),
    # uploads: an upload is seen by who began it alone, here the manager
    ("GET", "/api/uploads/"): Row(SIGNED_IN),
    ("POST", "/api/uploads/"): Row(
        (401, 404, 403, 403, 201),
        headers=lambda world: {
            **_tus(world),
            "HTTP_UPLOAD_LENGTH": "10",
            "HTTP_UPLOAD_METADATA": world.upload_metadata,
        },
    ),
    ("HEAD", "/api/uploads/{pk}/"): Row((401, 404, 404, 404, 200), headers=_tus),
    ("PATCH", "/api/uploads/{pk}/"): Row(
        (401, 404, 404, 404, 204),
        body=lambda world: b"12345",
        headers=lambda world: {**_tus(world), "HTTP_UPLOAD_OFFSET": "0"},
        content_type="application/offset+octet-stream",
    ),
    ("DELETE", "/api/uploads/{pk}/"): Row((401, 404, 404, 404, 204), headers=_tus),
    # videos
    ("GET", "/api/videos/"): Row(SIGNED_IN),
    ("GET", "/api/videos/{pk}/"): Row(MEMBERS),
    ("PATCH", "/api/videos/{pk}/"): Row(MANAGERS, body=lambda world: {"name": "x"}),
    ("DELETE", "/api/videos/{pk}/"): Row((401, 404, 403, 403, 409)),  # a run uses it
    ("POST", "/api/videos/{pk}/retry/"): Row((401, 404, 403, 403, 409)),  # it is ready
    ("POST", "/api/videos/{pk}/motion/"): Row((401, 404, 403, 403, 200)),
    ("POST", "/api/videos/{pk}/cancel/"): Row((401, 404, 403, 403, 409)),
    ("GET", "/api/videos/{pk}/proxy.mp4"): Row(MEMBERS),
    ("GET", "/api/videos/{pk}/poster.jpg"): Row(MEMBERS),
    ("GET", "/api/videos/{pk}/sheets/{n}.jpg"): Row(MEMBERS),
    ("GET", "/api/videos/{pk}/frames/{n}.jpg"): Row(MEMBERS),
    ("GET", "/api/videos/{pk}/times/"): Row(MEMBERS),
    ("GET", "/api/videos/{pk}/source"): Row(MANAGERS),
    # detectors and runs
    ("GET", "/api/detectors/"): Row(SIGNED_IN),
    ("GET", "/api/runs/"): Row(SIGNED_IN),
    ("POST", "/api/runs/"): Row((401, 404, 403, 403, 201), body=_new_run),
    ("POST", "/api/runs/estimate/"): Row(MANAGERS, body=_new_run),
    ("GET", "/api/runs/{pk}/"): Row(MEMBERS),
    ("PATCH", "/api/runs/{pk}/"): Row(MANAGERS, body=lambda world: {"name": "x"}),
    ("DELETE", "/api/runs/{pk}/"): Row((401, 404, 403, 403, 204)),
    ("POST", "/api/runs/{pk}/cancel/"): Row((401, 404, 403, 403, 409)),  # it is done
    ("POST", "/api/runs/{pk}/retry/"): Row((401, 404, 403, 403, 409)),
    ("GET", "/api/runs/{run}/judgement/"): Row((401, 404, 204, 204, 204)),  # nothing is known here
    ("GET", "/api/runs/{run}/heatmaps/{video}/"): Row((401, 404, 404, 404, 404)),  # this run has none
    # this run has no patterns: those who may see it are told so
    ("GET", "/api/runs/{run}/patterns/"): Row((401, 404, 409, 409, 409)),
    ("GET", "/api/runs/{run}/patterns/figure/"): Row((401, 404, 409, 409, 409)),
    ("GET", "/api/runs/{run}/patterns/states/"): Row((401, 404, 409, 409, 409)),
    ("POST", "/api/runs/{run}/patterns/select/"): Row(
        MEMBERS, body=lambda world: {"spans": [{**_video(world), "start": 0, "stop": 200}]}
    ),
    ("GET", "/api/runs/{run}/patterns/maps/"): Row(MEMBERS),
    ("POST", "/api/runs/{run}/patterns/maps/"): Row((401, 404, 403, 409, 409), body=lambda world: {}),
    ("POST", "/api/runs/{run}/patterns/maps/{pk}/cancel/"): Row((401, 404, 404, 404, 404)),
    ("GET", "/api/runs/{run}/patterns/{video}/window/"): Row(
        (401, 404, 404, 404, 404), query=lambda world: {"frame": "3"}
    ),
    ("GET", "/api/runs/{run}/people/{video}/"): Row((401, 404, 404, 404, 404)),
    ("GET", "/api/runs/{run}/people/{video}/lanes/"): Row((401, 404, 404, 404, 404)),
    ("GET", "/api/runs/{run}/people/{video}/stills/{n}.png"): Row((401, 404, 404, 404, 404)),
    ("GET", "/api/runs/{run}/audit/"): Row(MEMBERS),
    ("GET", "/api/runs/{run}/effort/"): Row((401, 404, 409, 409, 409)),  # no ground truth
    ("GET", "/api/runs/compare/"): Row((401, 400, 400, 400, 400), query=_twice),  # one run, twice
    ("GET", "/api/runs/compare/curves/"): Row(
        (401, 400, 400, 400, 400), query=lambda world: {**_twice(world), **_video(world)}
    ),
    ("GET", "/api/runs/{run}/refinement/{video}/"): Row((401, 404, 404, 404, 404)),  # this run has none
    ("GET", "/api/runs/{run}/refinement/{video}/window/"): Row(
        (401, 404, 404, 404, 404), query=lambda world: {"frame": "3"}
    ),
    ("GET", "/api/runs/{run}/why/{video}/"): Row(MEMBERS, query=lambda world: {"frame": "3"}),
    ("GET", "/api/tracks/"): Row(MEMBERS, query=_video),
    ("GET", "/api/tracks/at/"): Row(MEMBERS, query=lambda world: {**_video(world), "frame": "3"}),
    ("GET", "/api/tracks/{pk}/window/"): Row(MEMBERS),
    # review
    ("GET", "/api/segments/"): Row(SIGNED_IN),
    ("GET", "/api/segments/{pk}/"): Row(MEMBERS),
    ("POST", "/api/segments/preview/"): Row(MEMBERS, body=_proposal),
    ("POST", "/api/segments/propose/"): Row(REVIEWERS, body=_proposal),
    ("GET", "/api/verdicts/"): Row(SIGNED_IN),
    ("POST", "/api/verdicts/"): Row((401, 404, 403, 201, 201), body=_verdict),
    ("GET", "/api/verdicts/summary/"): Row(MEMBERS, query=_project),
    ("POST", "/api/verdicts/bulk/"): Row((401, 404, 403, 201, 201), body=_bulk),
    # threshold policies
    ("GET", "/api/policies/"): Row(SIGNED_IN),
    ("POST", "/api/policies/"): Row(
        (401, 404, 403, 201, 201), body=lambda world: {**_proposal(world), "name": "x"}
    ),
    ("DELETE", "/api/policies/{pk}/"): Row((401, 404, 403, 403, 204)),
    ("POST", "/api/policies/{pk}/apply/"): Row(
        (401, 404, 403, 403, 202), body=lambda world: {"runs": [str(world.run.pk)]}
    ),
    ("GET", "/api/policy-changes/"): Row(SIGNED_IN),
    ("GET", "/api/policy-changes/{pk}/"): Row(MEMBERS),
    ("POST", "/api/policy-changes/{pk}/cancel/"): Row(MANAGERS),
    # exports
    ("GET", "/api/exports/"): Row(SIGNED_IN),
    ("POST", "/api/exports/"): Row(
        (401, 404, 403, 403, 202), body=lambda world: {**_project(world), "name": "x", "client_key": KEY}
    ),
    ("GET", "/api/exports/{pk}/"): Row(MEMBERS),
    ("DELETE", "/api/exports/{pk}/"): Row((401, 404, 403, 403, 204)),
    ("POST", "/api/exports/{pk}/cancel/"): Row((401, 404, 403, 403, 409)),  # it is done
    ("POST", "/api/exports/{pk}/retry/"): Row((401, 404, 403, 403, 409)),
    ("GET", "/api/exports/{pk}/download"): Row(MEMBERS),
    ("GET", "/api/exports/{pk}/lineage/"): Row(MEMBERS),
    ("POST", "/api/exports/teach/"): Row((401, 404, 403, 403, 409), body=_teach),  # nothing is decided yet
}
