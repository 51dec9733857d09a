"""Pictures of people without the people: skeletons on grey, for members who may not see the footage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vadreview.runs.people import Rows

GREY = 58
LONG_SIDE = 960
LEAST_CONFIDENCE = 0.2
# pale blue, yellow, orange, red: the colours of frontend/src/review/people/scale.ts
STOPS = ((150, 196, 255), (255, 214, 102), (255, 128, 40), (240, 30, 90))
# pairs of COCO's 17 joints
BONES = (
    (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip


def draw(found: Rows, *, width: int, height: int, low: float, high: float) -> bytes:
    """Draw the people of one frame as PNG, no side longer than LONG_SIDE; nothing of the footage goes in."""
    import cv2

    scale = LONG_SIDE / max(width, height)
    size = (max(1, round(height * scale)), max(1, round(width * scale)), 3)
    picture = np.full(size, GREY, np.uint8)
    for score, box, pose in zip(found.scores, found.boxes, found.keypoints, strict=True):
        strange = float(np.clip((score - low) / max(high - low, 1e-9), 0, 1))
        color = _color(strange)
        thick = 1 + round(2 * strange)
        left, top, right, bottom = (_whole(side * scale) for side in box)
        cv2.rectangle(picture, (left, top), (right, bottom), color, thick, cv2.LINE_AA)
        seen = pose[:, 2] >= LEAST_CONFIDENCE
        for a, b in BONES if len(pose) == 17 else ():
            if seen[a] and seen[b]:
                cv2.line(
                    picture, _point(pose[a], scale), _point(pose[b], scale), color, thick + 1, cv2.LINE_AA
                )
        for joint in pose[seen]:
            cv2.circle(picture, _point(joint, scale), thick + 1, color, -1, cv2.LINE_AA)
    _, png = cv2.imencode(".png", picture)
    return png.tobytes()


def _color(strange: float) -> tuple[float, float, float]:
    """Give the colour that the review desk has for it, as BGR."""
    place = strange * (len(STOPS) - 1)
    red, green, blue = (np.interp(place, range(len(STOPS)), channel) for channel in zip(*STOPS, strict=True))
    return float(blue), float(green), float(red)


def _point(joint: NDArray[np.float32], scale: float) -> tuple[int, int]:
    return _whole(joint[0] * scale), _whole(joint[1] * scale)


def _whole(value: float) -> int:
    return int(np.clip(value, -20_000, 20_000))
