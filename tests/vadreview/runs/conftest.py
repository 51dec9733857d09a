"""Runs that can be worked on: in this process (`workable`), or by real worker processes (`workers`)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from kombu import pools

from detectors import catalogue
from tests.vadreview import factories
from tests.vadreview.runs import steady
from vadreview.celery import app
from vadreview.embedded_queue import transport_options
from vadreview.footage.models import Video
from vadreview.runs import services
from vadreview.runs.models import Run

ROOT = Path(__file__).parents[3]
PATIENCE_S = 150.0  # a busy machine: how long a test waits before it calls something missing


@pytest.fixture
def known(monkeypatch) -> None:
    """Put the test detector into the catalogue of this process."""
    monkeypatch.setitem(catalogue.DETECTORS, steady.NAME, f"{steady.__name__}.detector:Steady")


@pytest.fixture
def footage(project, clip) -> Callable[[int], list[Video]]:
    """Make so many ready videos with a real file of 50 frames each."""

    def make(count: int) -> list[Video]:
        made = []
        for n in range(count):
            video = factories.VideoFactory(project=project, name=f"walk {n}.mp4", n_frames=50)
            video.folder.mkdir(parents=True)
            video.source.write_bytes(clip.read_bytes())
            made.append(video)
        return made

    return make


@pytest.fixture
def start(known, project, manager, footage) -> Callable[..., Run]:
    """Start a run of the test detector over new footage: `start(videos=2, epochs=5)`."""

    def started(*, videos: int = 1, name: str = "", **overrides: Any) -> Run:
        footage(videos)
        run, _ = services.start(
            project, by=manager, detector=steady.NAME, preset="fast", overrides=overrides, name=name
        )
        return run

    return started


# ---- worker processes ----


class Workers:
    """Real workers on this test's database and broker. Starting one takes seconds, so the living are used again."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._all: list[subprocess.Popen] = []
        self._taken: set[int] = set()

    def start(self) -> subprocess.Popen:
        """Return a worker that this test has not been given yet."""
        free = [one for one in self._all if one.poll() is None and one.pid not in self._taken]
        process = free[0] if free else self._spawn()
        self._taken.add(process.pid)
        return process

    def is_ready(self, process: subprocess.Popen) -> bool:
        """Say whether a worker listens to its queues yet."""
        return " ready." in (self._folder / f"{self._all.index(process)}.log").read_text()

    def only(self) -> subprocess.Popen:
        """Return a worker, and see to it that there is no other."""
        process = self.start()
        for other in self._all:
            if other is not process:
                kill(other)
        return process

    def _spawn(self) -> subprocess.Popen:
        command = [
            sys.executable, "-m", "celery", "-A", "tests.vadreview.runs.worker", "worker", "--pool", "solo",
            "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
            "-Q", "train,score", "-n", f"{uuid.uuid4()}@test",
        ]  # fmt: skip
        with (self._folder / f"{len(self._all)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        self._all.append(process)
        return process

    def release(self) -> None:
        self._taken.clear()

    def end(self) -> None:
        for process in self._all:
            kill(process)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.iterdir()))


def kill(process: subprocess.Popen) -> None:
    """End a process as the kernel does when memory runs out."""
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def _module_workers(django_db_setup, data_dir, tmp_path_factory) -> Iterator[Workers]:
    """Workers with a sweep every second, and a heartbeat that is stale after four."""
    name = str(connection.settings_dict["NAME"])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "vadreview.settings",
        "JOB_HEARTBEAT_S": "1",
        "JOB_STALE_S": "4",
        "SWEEP_EVERY_S": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "VADREVIEW_DATA": str(data_dir),
    }
    if connection.vendor == "sqlite":
        environment["DATABASE_FILE"] = name
    else:
        server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        environment["DATABASE_URL"] = f"{server}/{name}"
    made = Workers(tmp_path_factory.mktemp("workers"), environment)
    yield made
    made.end()


@pytest.fixture
def workers(_module_workers, transactional_db) -> Iterator[Workers]:
    """Real workers, and this process ringing at the same broker as they listen to."""
    before = {key: app.conf[key] for key in ("broker_url", "broker_transport_options")}
    broker = os.environ.get("BROKER_URL", "")
    _ring_at(broker or "atomicfile://", {} if broker else transport_options(settings.BROKER_DIR))
    yield _module_workers
    print(_module_workers.logs())  # shown when the test fails
    _module_workers.release()
    _ring_at(before["broker_url"], before["broker_transport_options"])


def _ring_at(url: str, options: dict[str, str]) -> None:
    app.conf.update(broker_url=url, broker_transport_options=options)
    pools.reset()  # they hold connections to the broker before
    app._after_fork()  # Celery's own way to forget them


@pytest.fixture
def until() -> Callable[..., Any]:
    """Ask again and again until the answer is truthy: `until(lambda: run.stage == "done")`."""

    def wait(answer: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> Any:
        deadline = time.monotonic() + patience_s
        while not (found := answer()):
            assert time.monotonic() < deadline, "this did not happen in time"
            time.sleep(0.05)
        return found

    return wait
