"""MoveNet SinglePose finds the 17 joints of one person in a crop, through LiteRT."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.base import ConfigError
from detectors.pose.people import JOINTS

MARGIN = 1.1  # side of the crop for each pixel of a box's longer side; the surest poses on real footage, of 1.0 to 1.25


class MoveNet:
    """A loaded network, for as many threads as ask. Raises ConfigError where LiteRT is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._size = int(self._interpreter().get_input_details()[0]["shape"][1])

    def pose(
        self, picture: NDArray[np.uint8], box: NDArray[np.float32], *, sure: float = 0.0
    ) -> NDArray[np.float32]:
        """Find the joints of the person in a box of an RGB picture: (17, 3), x, y in its pixels and confidence.

        Where the mean confidence is below `sure`, the picture is turned to both sides, too, and the surest pose is
        given: the network has hardly seen people who lie.
        """
        crop, left, top, side = _square(picture, box, size=self._size)
        best = self._in_square(crop)
        if best[:, 2].mean() < sure:
            turned = (_turned_back(self._in_square(np.rot90(crop, turns)), turns) for turns in (1, 3))
            best = max((best, *turned), key=lambda pose: float(pose[:, 2].mean()))
        return best * np.array([side, side, 1], np.float32) + np.array([left, top, 0], np.float32)

    def _in_square(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Joints (17, 3) of a crop: x, y from 0 to 1 and confidence."""
        interpreter = self._interpreter()
        interpreter.set_tensor(self._local.input, np.ascontiguousarray(crop)[None])
        interpreter.invoke()
        found = interpreter.get_tensor(self._local.output).reshape(JOINTS, 3)  # y, x, confidence
        return found[:, [1, 0, 2]]

    def _interpreter(self) -> Any:
        found = getattr(self._local, "interpreter", None)
        if found is None:  # an interpreter keeps buffers: one for each thread
            found = _load(self._path)
            found.allocate_tensors()
            self._local.input = found.get_input_details()[0]["index"]
            self._local.output = found.get_output_details()[0]["index"]
            self._local.interpreter = found
        return found


def _square(
    picture: NDArray[np.uint8], box: NDArray[np.float32], *, size: int
) -> tuple[NDArray[np.uint8], int, int, int]:
    """Cut a square around a box, black outside the picture, and resize it; with its left, top and side."""
    height, width = picture.shape[:2]
    side = int(max(np.ceil(MARGIN * max(box[2] - box[0], box[3] - box[1])), 8))
    left = round(float(box[0] + box[2] - side) / 2)
    top = round(float(box[1] + box[3] - side) / 2)
    inside = picture[max(top, 0) : min(top + side, height), max(left, 0) : min(left + side, width)]
    if inside.shape[:2] == (side, side):
        crop = inside
    else:
        crop = np.zeros((side, side, 3), np.uint8)
        y, x = max(-top, 0), max(-left, 0)
        crop[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(crop, (size, size), interpolation=how), left, top, side  # type: ignore[return-value]


def _turned_back(pose: NDArray[np.float32], turns: int) -> NDArray[np.float32]:
    """Give joints in a crop that np.rot90 turned once (1) or thrice (3) as they are in the crop itself."""
    x, y, confidence = pose.T
    return np.stack([1 - y, x, confidence] if turns == 1 else [y, 1 - x, confidence], axis=1)


def _load(path: Path) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise ConfigError(
            "Joints are found through LiteRT, which is not installed: pip install ai-edge-litert (there are builds for "
            "Linux, Windows on x86, and macOS on Apple silicon)."
        ) from None
    return Interpreter(model_path=str(path), num_threads=1)
