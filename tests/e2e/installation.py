"""A real installation: `manage.py serve` as a process with its own data folder."""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0


@dataclass
class App:
    """A running installation with its own data folder."""

    url: str
    data: Path
    sign_in: str
    process: subprocess.Popen

    def manage(self, *arguments: str) -> str:
        """Run a management command on the same data folder and return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(self.data),
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment(data: Path) -> dict[str, str]:
    """Return the environment of an embedded installation on `data`, whatever database the tests themselves use."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in {"DATABASE_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return kept | {"VADREVIEW_DATA": str(data), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(data: Path, *extra: str) -> App:
    """Start `manage.py serve` on `data` and wait for the line that says it is ready."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(free_port()), *extra],
        cwd=ROOT,
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen: list[str] = []
    waiting = selectors.DefaultSelector()
    waiting.register(process.stdout, selectors.EVENT_READ)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if not waiting.select(timeout=1):
            continue
        line = process.stdout.readline()
        seen.append(line)
        ready = re.search(r"vadreview is ready: ((http://[^/]+)/signin/\S+)", line)
        if ready:
            return App(url=ready.group(2), data=data, sign_in=ready.group(1), process=process)
    process.kill()
    raise AssertionError("The application did not become ready:\n" + "".join(seen))


def stop(app: App) -> None:
    """Press Ctrl-C, and wait until it is gone."""
    if app.process.poll() is None:
        app.process.send_signal(signal.SIGINT)
        app.process.wait(timeout=60)
