"""Start the whole application on one machine: web and workers as child processes of one supervisor.

A child that dies is started again; Ctrl-C (or a terminal that closes) stops everything that was started.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_GRACE_S = 8.0
RESTART_PAUSE_S = 2.0


class CannotStart(Exception):
    """Why the application cannot start here, in a sentence."""


@dataclass
class Child:
    """One process the supervisor keeps alive."""

    name: str
    command: list[str]
    log: Path
    nice: int = 0
    process: subprocess.Popen | None = None
    started: float = 0.0
    restarts: int = field(default=0)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # idle OpenMP threads that spin would take the cores that web and decoding need
                env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops its children in order
                preexec_fn=_before_exec(self.nice),
            )
        self.started = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: int) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def _before_exec(nice: int) -> Callable[[], None]:
    def prepare() -> None:
        if nice:
            os.nice(nice)
        if sys.platform == "linux":
            # a supervisor that is killed -9 must not leave its children behind
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

    return prepare


def children(*, host: str, port: int, logs: Path) -> list[Child]:
    """Return the processes of the embedded installation; one worker a kind of work, so that none waits for another."""
    python = sys.executable
    web = [
        python, "-m", "gunicorn", "vadreview.wsgi", "--bind", f"{host}:{port}", "--workers", "1", "--threads", "16",
        "--timeout", "120", "--graceful-timeout", "3", "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",
    ]  # fmt: skip

    def worker(name: str, queues: str, nice: int) -> Child:
        command = [
            python, "-m", "celery", "-A", "vadreview", "worker", "--pool", "solo", "--without-gossip",
            "--without-mingle", "--without-heartbeat", "--loglevel", "INFO", "-Q", queues, "-n", f"{name}@%h",
        ]  # fmt: skip
        return Child(name=name, command=command, log=logs / f"{name}.log", nice=nice)

    return [
        Child(name="web", command=web, log=logs / "web.log"),
        worker("media", "ingest,export", 2),
        worker("compute", "train,score", 5),
        worker("motion", "motion", 10),
    ]


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder for this supervisor; raise CannotStart when another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"vadreview already runs with the data folder {folder}. Stop it first, or choose another: make run DATA=..."
            ) from None
        yield


def check_port(host: str, port: int) -> None:
    """Raise CannotStart when something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise CannotStart(
                f"Port {port} is in use by another program. Choose another: make run PORT={port + 1}"
            ) from None


class Supervisor:
    """Keeps children alive until told to stop."""

    def __init__(self, kept: list[Child], *, say: Callable[[str], None]) -> None:
        self.kept = kept
        self.say = say
        self.stopping = False

    def start(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        for child in self.kept:
            child.start()

    def _on_signal(self, number: int, frame: object) -> None:
        if self.stopping:  # a second Ctrl-C: no more waiting
            for child in self.kept:
                child.signal_group(signal.SIGKILL)
        self.stopping = True

    def watch(self) -> None:
        """Start children that died again, until a signal says stop; then stop all of them."""
        while not self.stopping:
            self.check()
            time.sleep(0.3)

    def check(self) -> None:
        """Start again whichever child has died."""
        for child in self.kept:
            if child.alive or self.stopping:
                continue
            if time.monotonic() - child.started < RESTART_PAUSE_S:
                continue
            child.restarts += 1
            self.say(f"{child.name} stopped and is started again (its log: {child.log})")
            child.start()

    def stop(self) -> None:
        """Ask every child to stop, then insist. Work that is cut off is taken up again at the next start."""
        self.stopping = True
        for child in self.kept:
            child.signal_group(signal.SIGTERM)  # a worker gives its row back at its next progress report
        deadline = time.monotonic() + STOP_GRACE_S
        while any(child.alive for child in self.kept) and time.monotonic() < deadline:
            time.sleep(0.1)
        for child in self.kept:
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
