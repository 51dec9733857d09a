"""From a video to its people: find them every k frames, follow them between, find their joints in every frame.

People who are detected at two looks in a row are between them where a straight line says, which is right to a few
pixels, never drifts, and lets all poses between be computed side by side. Whom the detector misses is followed by
their joints: while they are found where the person was heading, the person is there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors import weights
from detectors.artifacts import sha256_of
from detectors.base import Meter, ProgressCallback, Video, ignore
from detectors.pose.boxes import best_of, grown, overlap, shared_part, within
from detectors.pose.cache import PoseCache
from detectors.pose.config import PoseSettings
from detectors.pose.movenet import MoveNet
from detectors.pose.people import PosedPerson, boxes_around, ordered
from detectors.pose.tracking import Tracked, Tracker, length_of, looks_of
from detectors.pose.yolox import YoloX

Array = NDArray[np.float32]
Picture = NDArray[np.uint8]

VERSION = 4
_SAME = (
    0.7  # overlap of the boxes of a person followed by joints and of one who is detected: one person, not two
)
_LEAST_LYING_PX = 64  # of the detector's input: smaller bodies are not found lying in any case
_SAME_BODY = 0.5  # of the smaller of two boxes: what two looks at one body share
_SURE = 0.6  # mean confidence of joints from which nobody in a wide box is looked at from the side, too


def extract(
    video: Video,
    settings: PoseSettings | None = None,
    *,
    progress: ProgressCallback = ignore,
    cache: PoseCache | None = None,
) -> tuple[PosedPerson, ...]:
    """Find the people of a video, with their joints, in the order in which they appear; none if nobody is visible.

    What was found for the same file, settings and networks is read from the cache, by default that of the environment.
    Raises UnreadableVideo, MissingWeights, ConfigError where a runtime is missing, or Cancelled from `progress`.
    """
    settings = settings or PoseSettings()
    meter = Meter(progress, "people", video.n_frames)
    paths = [weights.path(name) for name in settings.weights]
    cache = cache or PoseCache.from_environment()
    key = ""
    if cache:
        text = (
            f"{VERSION} {settings.model_dump_json()} {[sha256_of(path) for path in paths]} {cv2.__version__}"
        )
        key = f"{video.sha256}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        if (people := cache.read(key)) is not None:
            meter.advance(video.n_frames)
            return people
    detector = YoloX(
        paths[0], device=settings.pose_device, weak=settings.weak_threshold, overlap=settings.overlap
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(max(1, min(8, cores))) as pool:
        try:
            people = _Walk(video, settings, detector, MoveNet(paths[1]), pool).people(meter)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    if cache:
        cache.write(key, people)
    return people


@dataclass
class _Seen:
    """One person's rows so far; `sure` is how many of them lie before the last detection."""

    frames: list[int] = field(default_factory=list)
    boxes: list[Array] = field(default_factory=list)
    poses: list[Array] = field(default_factory=list)
    sure: int = 0

    def add(self, frame: int, box: Array, pose: Array) -> None:
        self.frames.append(frame)
        self.boxes.append(box)
        self.poses.append(pose)

    def forget_unsure(self) -> None:
        for rows in (self.frames, self.boxes, self.poses):
            del rows[self.sure :]


@dataclass
class _Plan:
    """Poses being computed for one block."""

    rows: list[tuple[Tracked, int, Array, Future[Array]]]
    missed: list[Tracked]
    block: list[tuple[int, Picture]]


class _Walk:
    """One pass through a video."""

    def __init__(
        self,
        video: Video,
        settings: PoseSettings,
        detector: YoloX,
        estimator: MoveNet,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._video, self._settings, self._pool = video, settings, pool
        self._detector, self._estimator = detector, estimator
        self._fps = float(video.fps)
        self._tracker = Tracker(settings, fps=self._fps)
        self._seen: dict[int, _Seen] = {}
        self._everybody: dict[int, Tracked] = {}

    def people(self, meter: Meter) -> tuple[PosedPerson, ...]:
        plan: _Plan | None = None
        for block in self._blocks():
            found = self._pool.submit(self._detector.detect_closely, block[-1][1], tiles=self._settings.tiles)
            if plan is not None:  # its poses were computed while this block was decoded
                self._finish(plan)
                meter.advance(len(plan.block))
            plan = self._plan(block, *found.result())
        if plan is not None:
            self._finish(plan)
            meter.advance(len(plan.block))
        return ordered(self._kept())

    def _blocks(self) -> Iterator[list[tuple[int, Picture]]]:
        """Frame 0, and then k frames each, the last of which is looked at."""
        block: list[tuple[int, Picture]] = []
        for n, picture in enumerate(self._video.frames()):
            block.append((n, picture))
            if n % self._settings.detect_every == 0:
                yield block
                block = []
        if block:
            yield block

    def _plan(self, block: list[tuple[int, Picture]], boxes: Array, scores: Array) -> _Plan:
        last, picture = block[-1]
        boxes, scores = self._with_lying(last, picture, boxes, scores)
        tall = length_of(boxes) >= self._settings.least_height
        boxes, scores = boxes[tall], scores[tall]
        look = self._tracker.look(last, boxes, scores, looks_of(picture, boxes))
        rows = []
        for person, box in look.seen:
            start = person.box
            if person.lost:
                person.lost, between = False, block[-1:]
            else:
                between = block
            for n, frame in between:
                share = np.float32((n - person.at) / max(last - person.at, 1))
                rows.append(self._row(person, n, frame, start + (box - start) * share))
            person.move(last, box)
        for person in look.new:
            self._everybody[person.number], self._seen[person.number] = person, _Seen()
            rows.append(self._row(person, last, picture, person.box))
        return _Plan(rows, look.missed, block)

    def _with_lying(self, frame: int, picture: Picture, boxes: Array, scores: Array) -> tuple[Array, Array]:
        """Look for people who are no longer found upright in the picture turned to both sides."""
        unsure = self._tracker.unsure(frame, boxes, scores)
        unsure = unsure[length_of(unsure) * self._detector.input_px(picture) >= _LEAST_LYING_PX]
        if not self._settings.lying or not len(unsure):
            return boxes, scores
        turned = [self._pool.submit(self._detector.detect, picture, turns=turns) for turns in (1, 3)]
        found = [look.result() for look in turned]
        more, sure = (np.concatenate([look[part] for look in found]) for part in (0, 1))
        near = overlap(grown(more, 0.5), unsure).max(axis=1, initial=0) > 0
        use = near & (sure >= self._settings.person_threshold)
        more, sure = more[use], sure[use]
        best = best_of(more, sure, most=_SAME_BODY, by=shared_part)
        more, sure = more[best], sure[best]
        # both looks see some of the bodies, or parts of them: the surer look counts
        same = shared_part(boxes, more) > _SAME_BODY
        turned_is_surer = sure[None] >= scores[:, None]
        up, side = ~(same & turned_is_surer).any(1), ~(same & ~turned_is_surer).any(0)
        return np.concatenate([boxes[up], more[side]]), np.concatenate([scores[up], sure[side]])

    def _row(
        self, person: Tracked, n: int, picture: Picture, box: Array
    ) -> tuple[Tracked, int, Array, Future[Array]]:
        lying = box[2] - box[0] > box[3] - box[1]
        pose = self._pool.submit(self._estimator.pose, picture, box, sure=_SURE if lying else 0.0)
        return person, n, box, pose

    def _finish(self, plan: _Plan) -> None:
        """Take the poses of those who were seen, then follow the others by their joints."""
        here = []
        for person, n, box, pose in plan.rows:
            self._seen[person.number].add(n, box, pose.result())
        for person in {row[0].number: row[0] for row in plan.rows}.values():
            self._seen[person.number].sure = len(self._seen[person.number].frames)
            here.append(person.box)
        for person in plan.missed:
            self._follow(person, plan.block, np.array(here, np.float32).reshape(-1, 4))

    def _follow(self, person: Tracked, block: list[tuple[int, Picture]], others: Array) -> None:
        seen = self._seen[person.number]
        for n, picture in block:
            box = person.expected(n)
            if n - person.last_detected > self._settings.follow_s * self._fps or not self._inside(box):
                person.lost = True
                return
            pose = self._estimator.pose(picture, box, sure=self._settings.joint_threshold)
            if pose[:, 2].mean() < self._settings.joint_threshold:
                person.lost = True
                return
            around = boxes_around(pose[None], least=self._settings.joint_threshold)[0]
            box = 0.5 * box + 0.5 * around
            person.move(n, box)
            seen.add(n, box, pose)
        if others.size and overlap(person.box[None], others).max() > _SAME:
            person.lost = True  # what was followed is somebody else
            seen.forget_unsure()

    def _inside(self, box: Array) -> bool:
        x, y = (box[:2] + box[2:]) / 2
        return bool(0 <= x < self._video.width and 0 <= y < self._video.height)

    def _kept(self) -> Iterator[PosedPerson]:
        for number, seen in self._seen.items():
            if not seen.frames:
                continue
            poses = np.stack(seen.poses)
            confidence = poses[..., 2].mean(axis=1)
            use = confidence >= self._settings.joint_threshold
            enough = use.sum() >= max(1, self._settings.least_s * self._fps)
            if not enough or self._everybody[number].detections < 2:
                continue
            boxes = within(np.stack(seen.boxes)[use], height=self._video.height, width=self._video.width)
            yield PosedPerson(
                track=number,
                frames=np.array(seen.frames, np.int64)[use],
                boxes=boxes,
                keypoints=poses[use].astype(np.float32),
                confidence=confidence[use].astype(np.float32),
            )
