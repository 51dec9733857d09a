"""What verdicts teach, in the form a run keeps: a detector is told this and nothing else about what people said.

A lesson is plain JSON, made once from a frozen dataset by `exports.teaching`:

    {"videos": {id: {"n_frames", "abnormal": [[start, stop], ...], "normal": [...], "disputed": [...]}},
     "audit_share": 0.1,            nothing of the audit is in it
     "verdicts": {"accept": 12, "reject": 30, "disputed": 1, "audit": 4},
     "reviewers": ["Ada", ...],
     "judged_only": [id, ...]}      of these videos only what people judged is learned from: the run before did not
                                    learn from them, so nobody ever said that they are usual
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.runs.models import Run

LEFT_OUT, UNKNOWN, NORMAL, ABNORMAL = -2, -1, 0, 1  # as in detectors.base

Lesson = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Taught:
    """From what a run learns beside its footage: a dataset, its lesson, and the run before it, if there is one."""

    dataset: uuid.UUID
    lesson: Lesson
    parent: Run | None = None
    warm_start: bool = False  # training begins from the parent's model


def spans_of(mask: NDArray[np.bool_]) -> list[list[int]]:
    """Write a mask of frames as half-open spans, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return edges.reshape(-1, 2).tolist()


def mask_of(spans: Iterable[Iterable[int]], n_frames: int) -> NDArray[np.bool_]:
    """Read spans as a mask of frames; bool (n_frames,)."""
    mask = np.zeros(n_frames, np.bool_)
    for start, stop in spans:
        mask[start:stop] = True
    return mask


def labels_of(lesson: Lesson) -> tuple[dict[str, NDArray[np.int8]], dict[str, NDArray[np.bool_]]]:
    """Give the labels and the disputed frames of each video, as detectors.base.Supervision has them."""
    labels, disputed = {}, {}
    judged_only = set(lesson.get("judged_only", ()))
    for video, said in lesson["videos"].items():
        n_frames = said["n_frames"]
        label = np.full(n_frames, LEFT_OUT if video in judged_only else UNKNOWN, np.int8)
        label[mask_of(said["normal"], n_frames)] = NORMAL
        label[mask_of(said["abnormal"], n_frames)] = ABNORMAL
        labels[video] = label
        disputed[video] = mask_of(said["disputed"], n_frames)
    return labels, disputed


def frames_in(lesson: Mapping[str, Any]) -> dict[str, int]:
    """Count the frames of a lesson: abnormal, normal, disputed."""
    return {
        kind: sum(stop - start for said in lesson["videos"].values() for start, stop in said[kind])
        for kind in ("abnormal", "normal", "disputed")
    }
