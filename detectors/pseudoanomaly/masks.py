"""Where a pseudo-anomaly is put: irregular strokes, or the things in the picture (Rai et al., section 3.1).

True in a mask is the hole that is filled. Instances of a picture are a map of small numbers: 0 is nothing, and
each other number is one thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.windows import reflected

Mask = NDArray[np.bool_]
Instances = NDArray[np.uint8]

_REFERENCE_SIDE = 256  # what all sizes below are given for
_MAX_AREA = 0.5  # LaMa's masks are drawn anew above this share of the picture
_FOREGROUND_LEVELS = 25  # of 256, from the median picture
_FOREGROUND_SPEED = 0.5  # source pixels a frame
_LEAST_AREA = 40  # pixels
_MOST_INSTANCES = 64
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Strokes:
    """How LaMa draws masks (Suvorov et al. 2022, their published presets), in pixels of 256 x 256.

    boxes: how many boxes, instead of strokes in a share box_share / (1 + box_share) of the masks.
    """

    times: tuple[int, int]
    max_width: int
    max_length: int
    box_share: float = 0.0
    boxes: tuple[int, int] = (1, 1)
    box_side: tuple[int, int] = (10, 50)
    box_margin: int = 0


IRREGULAR = {
    "thin": Strokes((4, 50), 10, 40),
    "medium": Strokes((4, 5), 50, 100, 0.3, (1, 5), (10, 50), 0),
    "thick": Strokes((1, 5), 100, 200, 0.3, (1, 3), (30, 150), 10),
    "lama": Strokes((1, 5), 100, 200, 1.0, (1, 4), (30, 150), 10),
}


class MaskProvider(Protocol):
    """Finds things in pictures with a model of your own; give it to the detector as `mask_provider`.

    fingerprint: a text that changes when the masks would; it is part of what a checkpoint belongs to.
    """

    fingerprint: str

    def instances(self, picture: NDArray[np.uint8]) -> Mask:
        """Find the things in an RGB picture (H, W, 3): (K, H, W), one mask each, K may be 0."""
        ...


def irregular(
    side: int,
    preset: str,
    *,
    random: np.random.Generator,
    least_area: float = 0.0,
    most_area: float = _MAX_AREA,
) -> Mask:
    """Draw a mask of strokes or boxes, (side, side), that covers a share of the picture in the given bounds."""
    strokes, scale = IRREGULAR[preset], side / _REFERENCE_SIDE
    best = np.zeros((side, side), np.bool_)
    missed = np.inf
    for _ in range(_TRIES):
        boxes = random.random() < strokes.box_share / (1 + strokes.box_share)
        mask = (_boxes if boxes else _lines)(side, strokes, scale, random).astype(np.bool_)
        area = mask.mean()
        miss = max(least_area - area, area - most_area, 0.0)
        if miss < missed and mask.any():
            best, missed = mask, miss
        if not missed:
            break
    return best


def _lines(side: int, strokes: Strokes, scale: float, random: np.random.Generator) -> NDArray[np.uint8]:
    mask = np.zeros((side, side), np.uint8)
    for i in range(random.integers(strokes.times[0], strokes.times[1] + 1)):
        x, y = random.integers(0, side, 2).tolist()
        bounds = (4, strokes.max_length, strokes.max_width)
        # in plain numbers: NumPy's arithmetic of one number takes longer than the stroke
        for turn, longer, wider in random.integers(0, bounds, (random.integers(1, 6), 3)).tolist():
            angle = 2 * math.pi - 0.01 - turn if i % 2 == 0 else 0.01 + turn
            length = (10 + longer) * scale
            width = max(1, round((5 + wider) * scale))
            end_x = int(min(max(x + length * math.sin(angle), 0), side - 1))
            end_y = int(min(max(y + length * math.cos(angle), 0), side - 1))
            cv2.line(mask, (x, y), (end_x, end_y), 1, width)
            x, y = end_x, end_y
    return mask


def _boxes(side: int, strokes: Strokes, scale: float, random: np.random.Generator) -> NDArray[np.uint8]:
    mask = np.zeros((side, side), np.uint8)
    low, high = (max(1, round(value * scale)) for value in strokes.box_side)
    margin = round(strokes.box_margin * scale)
    for _ in range(random.integers(strokes.boxes[0], strokes.boxes[1] + 1)):
        height, width = random.integers(low, max(low, high) + 1, 2)
        top = random.integers(margin, max(margin, side - margin - height) + 1)
        left = random.integers(margin, max(margin, side - margin - width) + 1)
        mask[top : top + height, left : left + width] = 1
    return mask


def objects(pictures: NDArray[np.uint8], speeds: NDArray[np.floating] | None = None) -> NDArray[np.uint8]:
    """Find things that stand out from the median picture or move: (n, side, side), numbered in each picture.

    pictures: (n, C, side, side). speeds: (n, side, side) in source pixels a frame.
    """
    side = pictures.shape[-1]
    scale = side / _REFERENCE_SIDE
    every = max(5, len(pictures) // 200)
    median = np.median(pictures[::every], axis=0).astype(np.int16)
    close = np.ones((max(1, round(5 * scale)), max(1, round(3 * scale))), np.uint8)
    least = max(2, round(_LEAST_AREA * scale**2))
    found = np.zeros((len(pictures), side, side), np.uint8)
    for n, picture in enumerate(pictures):
        foreground = np.abs(picture - median).max(0) > _FOREGROUND_LEVELS
        if speeds is not None:
            foreground |= speeds[n] > _FOREGROUND_SPEED
        closed = cv2.morphologyEx(foreground.astype(np.uint8), cv2.MORPH_CLOSE, close)
        count, numbers, statistics, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        areas = statistics[1:, cv2.CC_STAT_AREA]
        kept = 1 + np.flatnonzero((areas >= least) & (areas <= _MAX_AREA * side * side))[:_MOST_INSTANCES]
        table = np.zeros(count, np.uint8)
        table[kept] = 1 + np.arange(len(kept))
        found[n] = table[numbers]
    return found


def provided(provider: MaskProvider, picture: NDArray[np.uint8], side: int) -> Instances:
    """Ask a provider for the things in one RGB picture and shrink them to (side, side)."""
    found = np.asarray(provider.instances(picture))
    if found.ndim != 3 or found.shape[1:] != picture.shape[:2]:
        raise ValueError(
            f"a mask provider must give masks of shape (K, {picture.shape[0]}, {picture.shape[1]}), "
            f"got {found.shape}"
        )
    numbers = np.zeros((side, side), np.uint8)
    for i, mask in enumerate(found[:_MOST_INSTANCES]):
        small = cv2.resize(mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
        numbers[small >= min(0.5, small.max())] = i + 1 if small.max() > 0 else 0
    return numbers


def tracked(instances: NDArray[np.uint8], *, random: np.random.Generator) -> Mask:
    """Choose one thing in a clip and follow it: (T, side, side) -> masks (T, side, side).

    Large things are chosen more often. From frame to frame the thing is the one that overlaps most; where none
    does, it is lost and the masks stay empty. All masks are empty where there is nothing to choose.
    """
    masks = np.zeros(instances.shape, np.bool_)
    middle = len(instances) // 2
    areas = np.bincount(instances[middle].ravel(), minlength=2)[1:]
    if not areas.any():
        return masks
    masks[middle] = instances[middle] == 1 + random.choice(len(areas), p=areas / areas.sum())
    for order in (range(middle + 1, len(instances)), range(middle - 1, -1, -1)):
        held = masks[middle]
        for n in order:
            held = _overlapping(instances[n], held)
            if not held.any():
                break
            masks[n] = held
    return masks


def _overlapping(numbers: Instances, mask: Mask) -> Mask:
    """Find the thing with the largest intersection over union."""
    shared = np.bincount(numbers[mask], minlength=2)
    shared[0] = 0
    if not shared.any():
        return np.zeros_like(mask)
    areas = np.bincount(numbers.ravel(), minlength=len(shared))[: len(shared)]
    overlap = shared / np.maximum(1, areas + mask.sum() - shared)
    return numbers == int(overlap.argmax())


def clip_masks(
    instances: NDArray[np.uint8] | None,
    side: int,
    frames: int,
    *,
    preset: str,
    coherent: bool,
    random: np.random.Generator,
) -> Mask:
    """Choose the masks of a clip, (frames, side, side): a thing, or strokes where there is none to choose.

    instances: (frames, side, side), or None for strokes in any case. coherent: the strokes stay where they are
    for the whole clip; otherwise they are drawn anew in each frame, as in the paper.
    """
    if instances is not None:
        masks = tracked(instances, random=random)
        if masks.any():
            return masks
    # Nothing stands out: strokes, kept small as things are.
    small = {} if instances is None else {"least_area": 0.01, "most_area": 0.1}
    drawn = [irregular(side, preset, random=random, **small) for _ in range(1 if coherent else frames)]
    return np.stack([drawn[i % len(drawn)] for i in range(frames)])


def boxes(masks: Mask) -> list[tuple[int, int, int, int] | None]:
    """Give the rectangle of each mask as (top, bottom, left, right), half-open, or None for an empty one."""
    found: list[tuple[int, int, int, int] | None] = []
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows):
            found.append((int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1))
        else:
            found.append(None)
    return found


def window(values: NDArray, start: int, frames: int) -> NDArray:
    """Take `frames` values from `start` on; beyond the end they go on backwards."""
    return values[reflected(start + np.arange(frames), len(values))]
