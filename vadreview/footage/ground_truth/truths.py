"""What a file says about one video, before it is known which video that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Unit = Literal["frames", "seconds"]

FROM_ONE = "frames from 1, both ends included"
FROM_ZERO = "frames from 0, the end not included"
FROM_ZERO_CLOSED = "frames from 0, both ends included"
SECONDS = "seconds"
PER_FRAME = "one label a frame"
PIXELS = "pixel masks"

EVERY_VIDEO = "*"
"""The name of labels that run on over all videos of a project, in the order of their names."""

USUAL = frozenset({"", "normal", "none", "background", "usual"})


class BadFile(ValueError):
    """A file is not what its format says; the message says what is wrong with it, without its name."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open abnormal stretch [start, stop), frames from 0 or seconds; `written` is how the file has it."""

    start: float
    stop: float
    label: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What one file says about one video.

    name: the video's, as the file has it. n_frames: how many frames the file has labels for, None if it does not
    say. mask: bool (T, H, W), what is abnormal in each frame, for formats that have it. No spans: all is normal.
    """

    name: str
    file: str
    format: str
    counting: str
    spans: tuple[Span, ...]
    unit: Unit = "frames"
    n_frames: int | None = None
    mask: NDArray[np.bool_] | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


def closed_from_one(first: int, last: int, label: str = "") -> Span:
    """Make a span of a first and a last frame counted from 1. Raises BadFile."""
    if not 1 <= first <= last:
        raise BadFile(f"frames {first} to {last} are no span: frames count from 1, and the first comes first")
    return Span(first - 1, last, label, f"{first}-{last}")


def runs(labels: NDArray[Any]) -> tuple[Span, ...]:
    """Turn labels (N,), 1 = abnormal, into spans."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], labels.astype(np.int8), [0]])))
    pairs = edges.reshape(-1, 2).tolist()
    return tuple(Span(start, stop, "", f"{start}-{stop - 1}") for start, stop in pairs)


def of_labels(
    labels: Sequence[Any] | NDArray[Any], *, name: str, file: str, format: str, notes: tuple[str, ...] = ()
) -> Truth:
    """Make the truth of labels 0 and 1, one a frame. Raises BadFile."""
    values = np.asarray(labels)
    if values.ndim != 1 or not values.size:
        raise BadFile(f"labels must be a row of 0 and 1, one a frame, but have the shape {values.shape}")
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise BadFile("labels must be 0 (normal) or 1 (abnormal), one a frame; there are other values")
    return Truth(name, file, format, PER_FRAME, runs(values), n_frames=len(values), notes=notes)


def of_mask(mask: NDArray[Any], *, name: str, file: str, format: str) -> Truth:
    """Make the truth of a pixel mask (T, H, W), anything but 0 = abnormal. Raises BadFile."""
    if mask.ndim != 3 or not mask.size or mask.dtype.kind not in "biuf":
        raise BadFile(
            f"a mask must be numbers of the shape (frames, height, width), but is {mask.dtype} {mask.shape}"
        )
    seen = mask if mask.dtype == np.bool_ else mask != 0
    return Truth(name, file, format, PIXELS, runs(seen.any(axis=(1, 2))), n_frames=len(seen), mask=seen)
