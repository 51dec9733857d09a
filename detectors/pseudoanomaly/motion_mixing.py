"""Pseudo-anomalies of motion (Rai et al., section 3.2): mixing within a field, other motion pasted in, haste.

Motion is float32 (3, T, H, W): horizontal and vertical motion and mean speed of each cell. Where cells are
mixed, the two components are, and the speed follows: hues or lengths cannot be mixed, vectors can.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.pseudoanomaly.fills import wandering_patch
from detectors.pseudoanomaly.masks import Mask, boxes

Motion = NDArray[np.float32]

_FEATHER = 1.5  # cells of 256


def mixed(
    motion: Motion,
    masks: Mask,
    *,
    random: np.random.Generator,
    beta: float = 0.4,
    region: Literal["mask", "rectangle"] = "mask",
    coherent: bool = False,
) -> Motion:
    """Mix the rectangle around each mask with one elsewhere in the same field: l p + (1 - l) p_random.

    l is drawn from Beta(beta, beta) and the place uniformly, both in each frame, or once if coherent. region:
    the whole rectangle (the paper's text), or only the cells of the mask (what its figure 2 shows).
    """
    height, width = motion.shape[2:]
    found = motion.copy()
    share = place = None
    for n, box in enumerate(boxes(masks)):
        if box is None:
            continue
        top, bottom, left, right = box
        if share is None or place is None or not coherent:
            share, place = float(random.beta(beta, beta)), random.random(2)
        other_top = int(place[0] * (height - (bottom - top) + 1))
        other_left = int(place[1] * (width - (right - left) + 1))
        here = motion[:, n, top:bottom, left:right]
        there = motion[:, n, other_top : other_top + bottom - top, other_left : other_left + right - left]
        weight = np.ones(here.shape[1:], np.float32)
        if region == "mask":
            soft = masks[n].astype(np.float32)
            feather = _FEATHER * width / 256
            weight = np.maximum(soft, cv2.GaussianBlur(soft, (0, 0), feather))[top:bottom, left:right]
        found[:, n, top:bottom, left:right] = _between(here, there, (1 - share) * weight)
    return found


def pasted(
    motion: Motion,
    source: Motion,
    *,
    random: np.random.Generator,
    max_size: float = 0.5,
    max_gain: float = 3.0,
) -> Motion:
    """Paste a wandering patch of other motion, turned and hastened: a patch pseudo-anomaly for motion.

    The patch of `source`, another window, is turned by a multiple of 90 degrees and multiplied by 1 to
    `max_gain`.
    """
    places, size, alpha = wandering_patch(
        motion.shape[1], *motion.shape[2:], random=random, max_size=max_size, max_move=10.0
    )
    gain, turn = random.uniform(1, max_gain), random.integers(4)
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
    found = motion.copy()
    for n, (top, left) in enumerate(places):
        rows, columns = slice(top, top + size[0]), slice(left, left + size[1])
        u, v, speed = source[:, n, rows, columns]
        there = np.stack([cosine * u - sine * v, sine * u + cosine * v, speed]) * np.float32(gain)
        found[:, n, rows, columns] = _between(motion[:, n, rows, columns], there.astype(np.float32), alpha)
    return found


def _between(here: Motion, there: Motion, weight: NDArray[np.float32]) -> Motion:
    """Mix (3, h, w) by weights of `there`; the speed beyond that of the mean motion is mixed as it is."""
    mean = here[:2] + weight * (there[:2] - here[:2])
    beyond = [np.maximum(0, cells[2] - np.hypot(cells[0], cells[1])) for cells in (here, there)]
    speed = np.hypot(mean[0], mean[1]) + beyond[0] + weight * (beyond[1] - beyond[0])
    return np.concatenate([mean, speed[None]])
