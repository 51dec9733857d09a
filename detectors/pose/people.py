"""People as poses over time, before anybody has judged them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.artifacts import write_atomically
from detectors.base import DetectorError

COCO = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
JOINTS = len(COCO)
NECK_FROM = (5, 6)  # the shoulders
# Place of each joint of the 18-joint OpenPose skeleton in (COCO 17, neck): what STG-NF and GEPC train on.
OPENPOSE_FROM_COCO = (0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
COCO_FROM_OPENPOSE = tuple(OPENPOSE_FROM_COCO.index(joint) for joint in range(JOINTS))
BOX_MARGIN = 0.15  # of a box's sides, between the outermost joints and the skin
MOST_BYTES = 2**30  # of a file of poses
LAST_FRAME = 10**8
FARTHEST_PX = 1e6


class BadPoses(DetectorError):
    """A file of poses is not what it should be; the message says where."""


@dataclass(frozen=True, slots=True)
class PosedPerson:
    """One tracked person of a video, seen in P frames.

    frames: int64 (P,), ascending. boxes: float32 (P, 4), left, top, right, bottom in source pixels.
    keypoints: float32 (P, 17, 3), x, y in source pixels and confidence in 0..1, in the order of COCO.
    confidence: float32 (P,), how sure the estimator is of the whole pose, on its own scale; None where it does not
    say.
    """

    track: int
    frames: NDArray[np.int64]
    boxes: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    confidence: NDArray[np.float32] | None = None


def boxes_around(keypoints: NDArray[np.float32], *, least: float = 0.05) -> NDArray[np.float32]:
    """Draw a box around each pose (P, J, 3): (P, 4), from joints of at least some confidence, with a margin.

    A pose without such a joint gets a box around all joints.
    """
    use = keypoints[..., 2] >= least
    use |= ~use.any(axis=1, keepdims=True)
    xy = keypoints[..., :2].astype(np.float64)
    low = np.where(use[..., None], xy, np.inf).min(axis=1)
    high = np.where(use[..., None], xy, -np.inf).max(axis=1)
    margin = BOX_MARGIN * np.maximum((high - low).max(axis=1, keepdims=True), 1.0)
    return np.concatenate([low - margin, high + margin], axis=1).astype(np.float32)


def with_joints(keypoints: NDArray[np.float32], joints: int) -> NDArray[np.float32]:
    """Give COCO joints (..., 17, 3) as they are, or as the 18 of OpenPose."""
    return keypoints if joints == JOINTS else to_openpose(keypoints)


def to_openpose(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn 17 COCO joints (..., 17, 3) into 18 OpenPose joints (..., 18, 3); the neck is between the shoulders."""
    neck = keypoints[..., NECK_FROM, :].mean(axis=-2, keepdims=True)
    return np.concatenate([keypoints, neck], axis=-2)[..., OPENPOSE_FROM_COCO, :]


def to_coco(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn 18 OpenPose joints (..., 18, 3) into 17 COCO joints (..., 17, 3), without the neck; 17 stay as they are."""
    return keypoints if keypoints.shape[-2] == JOINTS else keypoints[..., COCO_FROM_OPENPOSE, :]


def ordered(people: Iterable[PosedPerson]) -> tuple[PosedPerson, ...]:
    """Put people in the order of their track numbers."""
    return tuple(sorted(people, key=lambda person: person.track))


def read_bytes(path: Path) -> bytes:
    """Read a file of poses. Raises BadPoses where it is missing or too large to be one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadPoses(
                f"{path.name} is larger than {MOST_BYTES // 2**20} MiB; split it by video, one file each."
            )
        return path.read_bytes()
    except OSError as error:
        raise BadPoses(f"{path.name} cannot be read: {error.strerror}.") from None


def write_text(path: Path, text: str) -> None:
    """Write a file in one step."""

    def write(draft: Path) -> None:
        draft.write_text(text, encoding="utf-8")

    write_atomically(path, write)
