"""`python -m detectors.video SOURCE FOLDER LIMITS`: make a proxy in a process of its own, under hard limits.

LIMITS is `Limits` as JSON. Says what happens as JSON lines on standard output, one object a line with one
of the keys progress ([frames done, frames expected, phase, seconds of footage done]), report, refused (a
sentence about the file), or failed (an errno of the disk).
"""

import ctypes
import dataclasses
import json
import os
import resource
import signal
import sys
import time
from fractions import Fraction
from pathlib import Path

from .errors import UnreadableVideo
from .limits import Limits
from .proxy import Progress, make_proxy

_PR_SET_PDEATHSIG = 1
_EVERY_S = 0.2


def main(source: str, folder: str, limits_json: str) -> int:
    limits = Limits(**json.loads(limits_json))
    _confine(limits)
    try:
        report = make_proxy(Path(source), Path(folder), limits=limits, progress=_throttled())
        _say({"report": dataclasses.asdict(report)})
    except UnreadableVideo as error:
        _say({"refused": error.reason})
    except MemoryError:
        _say({"refused": "Reading it needs more memory than is allowed; convert it to a smaller size first."})
    except OSError as error:
        _say({"failed": error.errno or 0, "message": str(error)})
    return 0


def _confine(limits: Limits) -> None:
    """Give up everything that reading one file does not need; die with the parent."""
    cores = len(os.sched_getaffinity(0))
    cpu_s = int((limits.patience_s + limits.slowest * limits.max_duration_s) * cores)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
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
    last = [0.0, ""]

    def progress(done: int, total: int, phase: str, footage_s: float) -> None:
        now = time.monotonic()
        if now - last[0] >= _EVERY_S or phase != last[1]:
            last[:] = [now, phase]
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
