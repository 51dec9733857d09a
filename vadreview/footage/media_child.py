"""The process that reads a hostile file: started, listened to, and killed from here."""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from detectors import video
from detectors.video import Limits

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


class MediaError(Exception):
    """Ingest failed for a reason that is not the file's fault; trying again may work. `str` is a sentence."""


class DiskFull(MediaError):
    """There is no room left for what ingest makes."""


class Rejected(MediaError):
    """The file itself cannot be used. `str` is a sentence for a person who is not a programmer."""


class TookTooLong(Rejected):
    """Reading the file was given up after its time was over."""


def read_in_child(source: Path, folder: Path, *, limits: Limits, progress: Progress) -> dict:
    """Run `python -m detectors.video` on a source until it is done and return its report.

    Whatever happens here, the process and its children are gone when this returns or raises. `progress` is
    called at least every second. Raises Rejected, TookTooLong, OSError with the errno of the child's disk,
    and what `progress` raises.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "detectors.video", str(source), str(folder), json.dumps(asdict(limits))],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # its own process group, killed as a whole
    )
    listener = _Listener(process, limits)
    try:
        for position in listener.positions():
            progress(*position)
        code = process.wait(timeout=limits.stall_s)
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
    root = Path(video.__file__).parents[2]
    return {
        "PYTHONPATH": str(root),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # each arena takes 64 MiB of the address space that is limited
    }


class _Listener:
    """Reads the child's JSON lines, and stops listening when it is too slow or too loud."""

    def __init__(self, process: subprocess.Popen, limits: Limits) -> None:
        self._process = process
        self._limits = limits
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
        now, limits = time.monotonic(), self._limits
        quiet = limits.patience_s if self._position[2] == _LAST_PHASE else limits.stall_s
        footage_s = min(self._footage_s, limits.max_duration_s)
        if now - self._heard > quiet or now - self._started > limits.patience_s + limits.slowest * footage_s:
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
