"""Boxes: left, top, right, bottom in pixels, float (N, 4)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def overlap(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Give the share (N, M) of each pair's union that both cover, 0..1 (IoU)."""
    both = _both(first, second)
    return both / np.maximum(area(first)[:, None] + area(second)[None] - both, 1e-6)


def shared_part(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Give the share (N, M) of the smaller box of each pair that the other covers, 0..1."""
    smaller = np.maximum(np.minimum(area(first)[:, None], area(second)[None]), np.float32(1e-6))
    return (_both(first, second) / smaller).astype(np.float32)


def _both(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    # pixels (N, M) that both cover
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)


def area(boxes: Boxes) -> NDArray[np.float32]:
    """Give the pixels (N,) in each box."""
    return np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)


def grown(boxes: Boxes, share: float) -> Boxes:
    """Move each side out by a share of the box's size."""
    size = (boxes[:, 2:] - boxes[:, :2]) * share
    return np.concatenate([boxes[:, :2] - size, boxes[:, 2:] + size], axis=1)


def best_of(
    boxes: Boxes,
    scores: NDArray[np.float32],
    *,
    most: float,
    by: Callable[[Boxes, Boxes], NDArray[np.float32]] = overlap,
) -> NDArray[np.int64]:
    """Choose boxes, best score first, leaving out those that overlap a better one by more than `most` (NMS)."""
    waiting = np.argsort(-scores, kind="stable")
    chosen = []
    while waiting.size:
        best, rest = waiting[0], waiting[1:]
        chosen.append(best)
        waiting = rest[by(boxes[best][None], boxes[rest])[0] <= most]
    return np.array(chosen, np.int64)


def turned_back(boxes: Boxes, turns: int, *, height: int, width: int) -> Boxes:
    """Give boxes in a picture that np.rot90 turned as they are in the picture itself, of this height and width."""
    left, top, right, bottom = boxes.T
    corners = (
        (left, top, right, bottom),
        (width - bottom, left, width - top, right),
        (width - right, height - bottom, width - left, height - top),
        (top, height - right, bottom, height - left),
    )[turns % 4]
    return np.stack(corners, axis=1)


def within(boxes: Boxes, *, height: int, width: int) -> Boxes:
    """Cut boxes off at the edges of the picture."""
    return np.clip(boxes, 0, np.array([width, height, width, height], np.float32)).astype(np.float32)
