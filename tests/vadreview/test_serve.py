"""The supervisor of `make run`: it keeps its children alive, and leaves none behind."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vadreview import serve
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus
from vadreview.sweep import job_models, release_all

DEADLINE_S = 20.0


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[serve.Child]:
    child = serve.Child(
        "sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "sleeper.log"
    )
    yield child
    child.signal_group(signal.SIGKILL)


def test_a_child_that_dies_is_started_again(sleeper: serve.Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "RESTART_PAUSE_S", 0.0)
    said: list[str] = []
    supervisor = serve.Supervisor([sleeper], say=said.append)
    sleeper.start()
    first = sleeper.process

    first.kill()
    first.wait()
    supervisor.check()

    assert sleeper.alive
    assert sleeper.process.pid != first.pid
    assert "sleeper stopped and is started again" in said[0]


def test_stopping_ends_every_child_and_what_it_started(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(p.pid))\n"
        "time.sleep(600)"
    )
    child = serve.Child("parent", [sys.executable, "-c", code], tmp_path / "parent.log")
    child.start()
    assert until(lambda: note.exists() and note.read_text().isdigit())

    serve.Supervisor([child], say=print).stop()

    assert not child.alive
    assert until(lambda: gone(int(note.read_text())) or _is_zombie(int(note.read_text())))


def _is_zombie(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] == "Z"


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "STOP_GRACE_S", 0.2)
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(600)"
    )
    child = serve.Child("deaf", [sys.executable, "-c", code], tmp_path / "deaf.log")
    child.start()
    assert until(ready.exists)

    serve.Supervisor([child], say=print).stop()

    assert not child.alive


def test_a_data_folder_serves_one_installation_at_a_time(tmp_path: Path) -> None:
    with (
        serve.only_one(tmp_path),
        pytest.raises(serve.CannotStart, match="already runs"),
        serve.only_one(tmp_path),
    ):
        pass


def test_a_port_in_use_is_named_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(serve.CannotStart, match=f"make run PORT={port + 1}"):
            serve.check_port("127.0.0.1", port)


def test_the_workers_listen_to_every_queue(tmp_path: Path) -> None:
    commands = [child.command for child in serve.children(host="127.0.0.1", port=1, logs=tmp_path)]
    queues = {
        name
        for command in commands
        if "-Q" in command
        for name in command[command.index("-Q") + 1].split(",")
    }

    assert queues == {model.queue for model in job_models()}


@pytest.mark.parametrize(("interrupted", "attempt"), [(True, 1), (False, 2)])
def test_work_that_was_cut_off_goes_back_to_the_queue(video: Video, interrupted: bool, attempt: int) -> None:
    Video.objects.filter(pk=video.pk).update(status=JobStatus.RUNNING, attempt=2)

    release_all(interrupted=interrupted)

    video.refresh_from_db()
    assert (video.status, video.attempt) == (JobStatus.QUEUED, attempt)
