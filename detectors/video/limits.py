"""How much one file may cost to read."""

import os
from dataclasses import dataclass


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """Bounds on what one file may contain and on what reading it may cost.

    A file past `max_*` is refused. The process that reads it is killed when it needs more address space than
    `memory_bytes`, sends no sign of life for `stall_s`, or needs longer than `patience_s` plus
    `slowest` seconds for each second of footage.
    """

    max_pixels: int = 8192 * 4352
    max_duration_s: float = 7 * 24 * 3600
    max_frames: int = 20_000_000
    max_streams: int = 64
    memory_bytes: int = 6 * 2**30
    max_output_bytes: int = 256 * 2**30
    stall_s: float = 90
    patience_s: float = 300
    slowest: float = 10
