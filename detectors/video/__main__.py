"""`python -m detectors.video SOURCE FOLDER LIMITS`: make a proxy in a process of its own, under hard limits.

LIMITS is `Limits` as JSON. Says what happens as JSON lines on standard output, one object a line with one
of the keys progress ([frames done, frames expected, phase, seconds of footage done]), report, refused (a
sentence about the file), or failed (an errno of the disk).
"""

import ctypes
import dataclasses
import json
import resource
import signal
import sys
import time
from fractions import Fraction
from pathlib import Path

from .errors import UnreadableVideo
from .limits import Limits, cores
from .proxy import Progress, make_proxy

_PR_SET_PDEATHSIG = 1
_EVERY_S = 0.2
_TOO_MUCH_MEMORY: dict[str, object] = {
    "refused": "Reading the file needs more memory than is allowed; convert it to a smaller size first."
}


def main(source: str, folder: str, limits_json: str) -> int:
    limits = Limits(**json.loads(limits_json))
    _confine(limits)
    outcome: dict[str, object]
    try:
        report = make_proxy(Path(source), Path(folder), limits=limits, progress=_throttled())
        outcome = {"report": dataclasses.asdict(report)}
        suspicious = report.damaged > 0
    except UnreadableVideo as error:
        outcome, suspicious = {"refused": error.reason}, True
    except OSError as error:
        outcome, suspicious = {"failed": error.errno or 0, "message": str(error)}, True
    except MemoryError:
        outcome, suspicious = _TOO_MUCH_MEMORY, False
    except Exception:
        if not _starved(limits):
            raise
        outcome, suspicious = _TOO_MUCH_MEMORY, False
    # A decoder that gets no memory may well report damage: look at what was used.
    if suspicious and _starved(limits):
        outcome = _TOO_MUCH_MEMORY
    _say(outcome)
    return 0


def _starved(limits: Limits) -> bool:
    """Whether this process has come close to the end of its address space."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux: the limit is not set either
        return False
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmPeak"))
    return peak_kib * 1024 > 0.85 * limits.memory_bytes


def _confine(limits: Limits) -> None:
    """Give up everything that reading one file does not need; die with the parent."""
    cpu_s = int((limits.patience_s + limits.slowest * limits.max_duration_s) * cores())
    address_space = () if sys.platform != "linux" else ((resource.RLIMIT_AS, limits.memory_bytes),)
    for what, most in (
        *address_space,
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, limits.max_output_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _throttled() -> Progress:
    said_at, said_phase = 0.0, ""

    def progress(done: int, total: int, phase: str, footage_s: float) -> None:
        nonlocal said_at, said_phase
        now = time.monotonic()
        if now - said_at >= _EVERY_S or phase != said_phase:
            said_at, said_phase = now, phase
            _say({"progress": [done, total, phase, round(footage_s, 1)]})

    return progress


def _say(message: dict) -> None:
    print(json.dumps(message, default=_plain), flush=True)


def _plain(value: object) -> list[int]:
    if isinstance(value, Fraction):
        return [value.numerator, value.denominator]
    raise TypeError(f"{type(value).__name__} has no JSON form here")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
