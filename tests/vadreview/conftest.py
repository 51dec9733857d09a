"""Fixtures of the application's tests: everything they write lands in a temporary folder, and no worker runs.

- People: `manager`, `reviewer` and `viewer` of `project`; `stranger` has a project of their own; `anonymous`.
- `api(user)` is a client that is signed in by the session; `rung()` lists the messages sent to workers.
- Messages are sent when a transaction commits. In a test with `db` wrap the request in
  `django_capture_on_commit_callbacks(execute=True)`, or use `transactional_db`.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connections
from django.test import override_settings
from kombu.transport import memory
from rest_framework.test import APIClient

from detectors.video import encode
from tests.vadreview import factories
from vadreview.accounts.models import Role, User
from vadreview.celery import app
from vadreview.footage.models import Project, Video
from vadreview.runs.models import Run, Segment

PEAKS = [(100, 140), (400, 460), (800, 830)]  # of `run`: frames with a high score


@pytest.fixture(scope="session", autouse=True)
def data_dir(tmp_path_factory) -> Iterator[Path]:
    """A data folder of this test session, in the settings and for processes that tests start."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "static").mkdir()
    before = os.environ.get("VADREVIEW_DATA")
    os.environ["VADREVIEW_DATA"] = str(folder)
    places = {
        "DATA_DIR": folder,
        "MEDIA_ROOT": folder / "media",
        "CACHE_DIR": folder / "cache",
        "STATIC_ROOT": folder / "static",
        "BROKER_DIR": folder / "broker",
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "DISK_FLOOR_BYTES": 0,
    }
    app.conf.update(broker_url="memory://", broker_transport_options={})
    with override_settings(**places):
        yield folder
    if before is None:
        del os.environ["VADREVIEW_DATA"]
    else:
        os.environ["VADREVIEW_DATA"] = before


@pytest.fixture(scope="session")
def django_db_modify_db_settings(data_dir) -> None:
    """Give each test process a database of its own, so that two test runs at once do not meet."""
    test = connections["default"].settings_dict["TEST"]
    if connections["default"].vendor == "sqlite":
        test["NAME"] = str(data_dir / "test.sqlite3")
    else:
        test["NAME"] = f"test_vadreview_{os.getpid()}"


@pytest.fixture(autouse=True)
def _fresh_throttles_and_queues() -> Iterator[None]:
    yield
    cache.clear()
    for waiting in memory.Channel.queues.values():
        waiting.queue.clear()


class Message(NamedTuple):
    task: str
    args: list
    queue: str


@pytest.fixture
def rung() -> Callable[[], list[Message]]:
    """Take the messages that workers would get: `[Message(task, args, queue)]`, then there are none."""

    def take() -> list[Message]:
        messages = []
        for queue, waiting in memory.Channel.queues.items():
            while not waiting.empty():
                message = waiting.get_nowait()
                args = json.loads(_body(message))[0]
                messages.append(Message(message["headers"]["task"], args, queue))
        return messages

    return take


def _body(message: dict) -> str:
    encoding = message["properties"].get("body_encoding")
    return base64.b64decode(message["body"]).decode() if encoding == "base64" else message["body"]


@pytest.fixture
def project(db) -> Project:
    return factories.ProjectFactory(name="Car park")


def _member(project: Project, role: Role) -> User:
    user = factories.UserFactory(username=role.value)
    factories.MembershipFactory(project=project, user=user, role=role)
    return user


@pytest.fixture
def manager(project) -> User:
    return _member(project, Role.MANAGER)


@pytest.fixture
def reviewer(project) -> User:
    return _member(project, Role.REVIEWER)


@pytest.fixture
def viewer(project) -> User:
    return _member(project, Role.VIEWER)


@pytest.fixture
def stranger(db) -> User:
    user = factories.UserFactory(username="stranger")
    factories.MembershipFactory(
        project=factories.ProjectFactory(name="Elsewhere"), user=user, role=Role.MANAGER
    )
    return user


@pytest.fixture
def superuser(db) -> User:
    return factories.UserFactory(username="root", is_superuser=True, is_staff=True)


@pytest.fixture
def anonymous() -> AnonymousUser:
    return AnonymousUser()


@pytest.fixture
def api() -> Callable[[User | AnonymousUser], APIClient]:
    """Make a client: `api(manager).get("/api/projects/")`. It does not enforce CSRF."""

    def client(user: User | AnonymousUser) -> APIClient:
        made = APIClient()
        if user.is_authenticated:
            made.force_login(user)
        return made

    return client


@pytest.fixture
def video(project) -> Video:
    """A ready video of 1,000 frames at 25 fps: a row without files."""
    return factories.VideoFactory(project=project, name="north gate.mp4")


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """A real mp4 of 50 frames, 64 x 48, 25 fps: a bright square walks over a dark ground."""
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    pictures = np.full((50, 48, 64, 3), 40, dtype=np.uint8)
    for n, picture in enumerate(pictures):
        picture[16:32, n : n + 12] = 220
    encode(path, pictures, fps=Fraction(25))
    return path


@pytest.fixture
def video_file(project, clip) -> Video:
    """A ready video whose source file is the real `clip`; nothing is derived from it yet."""
    made = factories.VideoFactory(
        project=project, name="walk.mp4", n_frames=50, size_bytes=clip.stat().st_size
    )
    made.folder.mkdir(parents=True)
    made.source.write_bytes(clip.read_bytes())
    return made


@pytest.fixture
def run(project, video) -> Run:
    """A finished run over `video`, with its score track; three plateaus (PEAKS) stand out."""
    made = factories.RunFactory(project=project)
    factories.RunVideoFactory(run=made, video=video)
    factories.make_track(factories.peaky_scores(video.n_frames, peaks=PEAKS), video=video, run=made)
    return made


@pytest.fixture
def segments(run, video) -> list[Segment]:
    """The three proposals of `run`, in order of time, with scores 10, 12 and 11."""
    return [
        factories.SegmentFactory(
            run=run, video=video, start=start, stop=stop, peak_frame=start + 5, score=score
        )
        for (start, stop), score in zip(PEAKS, (10, 12, 11), strict=True)
    ]


@pytest.fixture
def segment(segments) -> Segment:
    return segments[0]


@pytest.fixture
def media_root(data_dir) -> Path:
    """Where `video.folder`, `run.folder` and `dataset.file` are in tests."""
    return Path(settings.MEDIA_ROOT)
