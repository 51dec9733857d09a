"""Who is who: detections of one moment after another -> people.

Our own, after ByteTrack (Zhang et al. 2022, section 3: strong detections are paired first, weak ones may only prolong
people who are known), because no kept library fits. `supervision` took its ByteTrack out in 0.31 in favour of
`trackers`; `trackers`, like `rtmlib`, requires opencv-python, a second OpenCV over the headless one, and the two break
each other. Pairing is scipy's linear_sum_assignment. What is added:

- Boxes are grown before they are compared (C-BIoU, Yang et al. 2023): between two looks a person in slow footage moves
  by more than a body's width.
- People who were lost come back under their number within a gap, if they are near where they were heading, of
  about the same size and dressed alike (a histogram of colours).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from detectors.pose.boxes import Boxes, grown, overlap
from detectors.pose.config import PoseSettings

Array = NDArray[np.float32]

_GROWTH = 0.3  # of a box's size on each side, before boxes are compared
_LEAST_OVERLAP = 0.15  # of grown boxes that may be the same person
_ALIKE = 0.55  # of histograms of colours, 0..1
_SPEED = 1.2  # heights a second: how far from where expected a person may come back
_FALL = 0.6  # of a body's length: how far its middle moves from where expected when somebody falls
_BINS = (12, 8)  # hue, saturation


@dataclass
class Tracked:
    """One person while being followed. box: (4,) at frame `at`. velocity: (4,), of its sides, pixels a frame."""

    number: int
    at: int
    box: Array
    look: Array
    velocity: Array = field(default_factory=lambda: np.zeros(4, np.float32))
    detections: int = 1
    last_detected: int = 0
    lost: bool = False

    def expected(self, frame: int) -> Array:
        """Where the box would be at a frame if the person went on as before."""
        return self.box + self.velocity * (frame - self.at)

    def move(self, frame: int, box: Array) -> None:
        """Put the box where it is at a later frame, and learn its velocity."""
        steps = max(frame - self.at, 1)
        # the size of a box jumps from look to look: only its middle moves it
        middle = (box[:2] + box[2:] - self.box[:2] - self.box[2:]) / 2 / steps
        first = self.detections == 1
        share = 1.0 if first else 0.6
        self.velocity = ((1 - share) * self.velocity + share * np.tile(middle, 2)).astype(np.float32)
        self.box, self.at = box.astype(np.float32), frame


@dataclass(frozen=True)
class Look:
    """What one look at a frame found. seen: person and box. missed: who should be there and was not detected."""

    seen: list[tuple[Tracked, Array]]
    missed: list[Tracked]
    new: list[Tracked]


class Tracker:
    """The people of one video so far."""

    def __init__(self, settings: PoseSettings, *, fps: float) -> None:
        self._settings = settings
        self._gap = settings.gap_s * fps
        self._fps = fps
        self._count = 0
        self.people: list[Tracked] = []

    def look(self, frame: int, boxes: Boxes, scores: Array, looks: Array) -> Look:
        """Pair the detections of a frame, boxes (N, 4), scores (N,), looks (N, bins), with the people so far.

        It moves nobody: the caller does, with `Tracked.move`, once it knows what lies between.
        """
        active = [person for person in self.people if not person.lost]
        strong = np.flatnonzero(scores >= self._settings.person_threshold)
        weak = np.flatnonzero(scores < self._settings.person_threshold)
        seen, active, strong = self._pair(frame, active, strong, boxes, looks, self._near)
        more, active, _ = self._pair(frame, active, weak, boxes, looks, self._near)
        fallen, active, strong = self._pair(frame, active, strong, boxes, looks, self._fallen)
        lost = [person for person in self.people if person.lost and frame - person.at <= self._gap]
        back, _, strong = self._pair(frame, lost, strong, boxes, looks, self._back)
        new = []
        for i in strong.tolist():
            self._count += 1
            new.append(Tracked(self._count, frame, boxes[i], looks[i], last_detected=frame))
        self.people = [p for p in self.people if not p.lost or frame - p.at <= self._gap] + new
        found = []
        for person, i in [*seen, *more, *fallen, *back]:
            person.look = (0.7 * person.look + 0.3 * looks[i]).astype(np.float32)
            person.detections += 1
            person.last_detected = frame
            found.append((person, boxes[i]))
        return Look(found, active, new)

    def unsure(self, frame: int, boxes: Boxes, scores: Array) -> Boxes:
        """Give the expected boxes (N, 4) of people whom no strong detection shows: hidden, gone, or lying."""
        active = [person for person in self.people if not person.lost]
        if not active:
            return np.empty((0, 4), np.float32)
        expected = np.stack([person.expected(frame) for person in active])
        strong = boxes[scores >= self._settings.person_threshold]
        shared = overlap(grown(expected, _GROWTH), grown(strong, _GROWTH))
        return expected[shared.max(axis=1, initial=0) < _LEAST_OVERLAP]

    def _pair(
        self,
        frame: int,
        people: list[Tracked],
        which: NDArray[np.int64],
        boxes: Boxes,
        looks: Array,
        cost_of: Callable[[int, list[Tracked], Boxes, Array], Array],
    ) -> tuple[list[tuple[Tracked, int]], list[Tracked], NDArray[np.int64]]:
        """Pairs, then people and detections without one; a cost above 1 never pairs."""
        if not people or not which.size:
            return [], people, which
        cost = cost_of(frame, people, boxes[which], looks[which])
        rows, columns = linear_sum_assignment(np.minimum(cost, 1e3))
        pairs = [(r, c) for r, c in zip(rows, columns, strict=True) if cost[r, c] <= 1]
        paired = {r for r, _ in pairs}
        return (
            [(people[r], int(which[c])) for r, c in pairs],
            [person for r, person in enumerate(people) if r not in paired],
            np.delete(which, [c for _, c in pairs]),
        )

    def _near(self, frame: int, people: list[Tracked], boxes: Boxes, looks: Array) -> Array:
        expected = np.stack([person.expected(frame) for person in people])
        shared = overlap(grown(expected, _GROWTH), grown(boxes, _GROWTH))
        alike = _alike(people, looks)
        # colours decide only between places that would do about as well
        return np.where(shared >= _LEAST_OVERLAP, 0.8 * (1 - shared) + 0.2 * (1 - alike), np.inf)

    def _fallen(self, frame: int, people: list[Tracked], boxes: Boxes, looks: Array) -> Array:
        """Who lay down has a box of another shape, whose longer side is as long as theirs was."""
        expected = np.stack([person.expected(frame) for person in people])
        lengths, new = length_of(expected)[:, None], length_of(boxes)[None]
        middles = (expected[:, None, :2] + expected[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
        share = np.linalg.norm(middles, axis=2) / np.maximum(_FALL * np.maximum(lengths, new), 1)
        alike = _alike(people, looks)
        may = (share <= 1) & (new > 0.5 * lengths) & (new < 1.6 * lengths) & (alike >= _ALIKE)
        return np.where(may, 0.5 * share + 0.5 * (1 - alike), np.inf)

    def _back(self, frame: int, people: list[Tracked], boxes: Boxes, looks: Array) -> Array:
        expected = np.stack([person.expected(frame) for person in people])
        height = np.stack([person.box[3] - person.box[1] for person in people])[:, None]
        away = np.array([(frame - person.at) / self._fps for person in people])[:, None]
        middles = (expected[:, None, :2] + expected[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
        # at worst the person turned round at once, so both where they were heading and where they were count
        stayed = np.stack([person.box for person in people])
        others = (stayed[:, None, :2] + stayed[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
        distance = np.minimum(np.linalg.norm(middles, axis=2), np.linalg.norm(others, axis=2))
        ratio = (boxes[:, 3] - boxes[:, 1])[None] / np.maximum(height, 1)
        share = distance / np.maximum(height * (0.5 + _SPEED * away), 1)
        alike = _alike(people, looks)
        may = (share <= 1) & (ratio > 0.6) & (ratio < 1.6) & (alike >= _ALIKE)
        return np.where(may, 0.5 * share + 0.5 * (1 - alike), np.inf)


def length_of(boxes: Boxes) -> Array:
    """The longer side (N,) of each box."""
    return (boxes[:, 2:] - boxes[:, :2]).max(axis=1)


def looks_of(picture: NDArray[np.uint8], boxes: Boxes) -> Array:
    """Histograms (N, bins) of the colours of people's trunks, each summing to 1."""
    found = np.zeros((len(boxes), _BINS[0] * _BINS[1]), np.float32)
    for i, (left, top, right, bottom) in enumerate(boxes):
        width, height = right - left, bottom - top
        rows = slice(int(top + 0.15 * height), max(int(top + 0.65 * height), int(top + 0.15 * height) + 1))
        columns = slice(int(left + 0.2 * width), max(int(right - 0.2 * width), int(left + 0.2 * width) + 1))
        part = picture[rows, columns]
        if not part.size:
            continue
        hsv = cv2.cvtColor(part, cv2.COLOR_RGB2HSV)
        histogram = cv2.calcHist([hsv], [0, 1], None, list(_BINS), [0, 180, 0, 256])
        found[i] = histogram.ravel() / max(float(histogram.sum()), 1.0)
    return found


def _alike(people: list[Tracked], looks: Array) -> Array:
    """Bhattacharyya coefficients (people, detections), 1 for the same colours."""
    return np.sqrt(np.stack([person.look for person in people])) @ np.sqrt(looks).T
