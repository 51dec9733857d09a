"""Which frames of the training footage are learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.base import Video
from detectors.flow import CHUNK

Span = tuple[Video, int, int]
"""Frames [start, stop) of a video."""


def spread(videos: Sequence[Video], *, most_frames: int) -> list[Span]:
    """Choose everything, or whole chunks of motion spread evenly if there is more; neighbours become one span."""
    chunks = [(video, first) for video in videos for first in range(0, video.n_frames, CHUNK)]
    frames = sum(video.n_frames for video in videos)
    if frames > most_frames:
        keep = max(1, len(chunks) * most_frames // frames)
        chunks = [chunks[i] for i in np.linspace(0, len(chunks) - 1, keep).round().astype(int)]
    spans: list[Span] = []
    for video, first in chunks:
        stop = min(first + CHUNK, video.n_frames)
        if spans and spans[-1][0] is video and spans[-1][2] == first:
            spans[-1] = (video, spans[-1][1], stop)
        else:
            spans.append((video, first, stop))
    return spans
