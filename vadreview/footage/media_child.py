"""The process that reads a hostile file: started, listened to, and killed from here."""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]

_TICK_S = 1.0
_KEPT_LOG = 4000
_LONGEST_LINE = 2**20
_LAST_PHASE = "finishing"  # rewrites the proxy once, silently: allowed to be quiet for longer

_CRASHED = (
    "Reading the file crashed the decoder; the file is damaged or was made to do that. Convert it first."
)
_OUT_OF_MEMORY = "Reading the file needs more memory than there is; convert it to a smaller size first."
_TOO_SLOW = "Reading the file took longer than is allowed for its length; convert it to H.264 first."


class Patience(Protocol):
    """How long a reader may take: killed when silent for `stall_s`, or after `patience_s` plus `slowest` seconds a
    second of footage, of which `max_duration_s` count at most.
    """

    stall_s: float
    patience_s: float
    slowest: float
    max_duration_s: float


class MediaError(Exception):
    """Ingest failed for a reason that is not the file's fault; trying again may work. `str` is a sentence."""


class DiskFull(MediaError):
    """There is no room left for what ingest makes."""


class Rejected(MediaError):
    """The file itself cannot be used. `str` is a sentence for a person who is not a programmer."""


class TookTooLong(Rejected):
    """Reading the file was given up after its time was over."""


def read_in_child(command: Sequence[str], folder: Path, *, patience: Patience, progress: Progress) -> dict:
    """Run a reader in `folder` until it is done and return its report.

    It says where it is, and what came of it, in lines of JSON: see `detectors.video.__main__`. Whatever happens
    here, the process and its children are gone when this returns or raises. `progress` is called at least every
    second. Raises Rejected, TookTooLong, OSError with the errno of the child's disk, and what `progress` raises.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # its own process group, killed as a whole
    )
    listener = _Listener(process, patience)
    try:
        for position in listener.positions():
            progress(*position)
        code = process.wait(timeout=patience.stall_s)
    except subprocess.TimeoutExpired as error:
        raise TookTooLong(_TOO_SLOW) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()
    return _report(listener, code)


def _environment() -> dict[str, str]:
    """Nothing of ours: no passwords and no settings for a process that reads hostile files."""
    root = Path(__file__).parents[2]  # where the reader is, too
    return {
        "PYTHONPATH": str(root),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # each arena takes 64 MiB of the address space that is limited
    }


class _Listener:
    """Reads the child's JSON lines, and stops listening when it is too slow or too loud."""

    def __init__(self, process: subprocess.Popen, patience: Patience) -> None:
        self._process = process
        self._patience = patience
        self._started = self._heard = time.monotonic()
        self._position = (0, 0, "opening")
        self._footage_s = 0.0
        self._line = b""
        self.outcome: dict = {}
        self.last_words = b""

    def positions(self) -> Iterator[tuple[int, int, str]]:
        """Where the child is, at least every second, until it closes its output."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ, self._hear)
            selector.register(self._process.stderr, selectors.EVENT_READ, self._hear_error)
            while selector.get_map():
                yield self._position
                for key, _ in selector.select(_TICK_S):
                    if data := os.read(key.fd, 65536):
                        key.data(data)
                    else:
                        selector.unregister(key.fileobj)
                self._check_time()

    def _hear(self, data: bytes) -> None:
        self._heard = time.monotonic()
        *lines, self._line = (self._line + data).split(b"\n")
        if len(self._line) > _LONGEST_LINE:
            raise Rejected(_CRASHED)
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError as error:
                raise Rejected(_CRASHED) from error
            if "progress" in message:
                done, total, phase, self._footage_s = message["progress"]
                self._position = (int(done), int(total), str(phase))
            else:
                self.outcome = message

    def _hear_error(self, data: bytes) -> None:
        self.last_words = (self.last_words + data)[-_KEPT_LOG:]

    def _check_time(self) -> None:
        now, may = time.monotonic(), self._patience
        quiet = may.patience_s if self._position[2] == _LAST_PHASE else may.stall_s
        footage_s = min(self._footage_s, may.max_duration_s)
        if now - self._heard > quiet or now - self._started > may.patience_s + may.slowest * footage_s:
            raise TookTooLong(_TOO_SLOW)


def _report(listener: _Listener, code: int) -> dict:
    outcome = listener.outcome
    if "report" in outcome:
        return outcome["report"]
    if "refused" in outcome:
        raise Rejected(str(outcome["refused"]))
    if "failed" in outcome:
        raise OSError(int(outcome["failed"]), str(outcome["message"]))
    log.warning("reading a file ended with code %s: %s", code, listener.last_words.decode("utf-8", "replace"))
    raise Rejected(_OUT_OF_MEMORY if code == -signal.SIGKILL else _CRASHED)
