"""What people say about windows of footage: the settled verdict that each window meets."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from vadreview.review import queries
from vadreview.review.models import Verdict


class State(IntEnum):
    """What people think of a window; where it meets several verdicts, the highest counts."""

    OPEN = 0
    UNSURE = 1
    NORMAL = 2
    ABNORMAL = 3


_OF = {
    Verdict.Decision.UNSURE: State.UNSURE,
    Verdict.Decision.REJECT: State.NORMAL,
    Verdict.Decision.ACCEPT: State.ABNORMAL,
}

Span = tuple[int, int]
Said = dict[uuid.UUID, list[tuple[int, int, State]]]


def said_about(videos: Sequence[uuid.UUID]) -> Said:
    """Collect the settled verdicts on these videos, whichever run they answer: (start, stop, state)."""
    said: Said = defaultdict(list)
    current = queries.current(Verdict.objects.filter(video__in=videos))
    for settled in queries.settle(queries.light(current, "video_id", "start", "stop")):
        verdict = settled.verdict
        said[verdict.video_id].append((verdict.start, verdict.stop, _OF[Verdict.Decision(verdict.decision)]))
    return said


def of_windows(
    videos: Sequence[uuid.UUID], video: NDArray[np.int32], start: NDArray[np.int32], length: int
) -> NDArray[np.uint8]:
    """Say of each window (N,) what people think of it: uint8 (N,) of State. `video` holds places in `videos`."""
    states = np.zeros(len(start), np.uint8)
    said = said_about(videos)
    for place, one in enumerate(videos):
        mine = np.flatnonzero(video == place)
        for begin, stop, state in sorted(said.get(one, []), key=lambda span: span[2]):
            meets = (start[mine] < stop) & (start[mine] + length > begin)
            states[mine[meets]] = state
    return states


def of_span(said: Said, video: uuid.UUID, start: int, stop: int) -> State:
    """Say what people think of the frames [start, stop) of a video."""
    return max(
        (state for begin, end, state in said.get(video, []) if start < end and begin < stop),
        default=State.OPEN,
    )


def meets(spans: list[Span], others: list[Span]) -> NDArray[np.bool_]:
    """Say of each span whether it shares a frame with any of the others; bool (len(spans),)."""
    if not spans or not others:
        return np.zeros(len(spans), dtype=bool)
    starts = np.sort([start for start, _ in others])
    stops = np.sort([stop for _, stop in others])
    # of the others, those that begin before this one ends, less those that have ended before it begins
    begun = np.searchsorted(starts, [stop for _, stop in spans], side="left")
    ended = np.searchsorted(stops, [start for start, _ in spans], side="right")
    return begun > ended
