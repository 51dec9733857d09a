"""YOLOX (Ge et al. 2021) finds people in a picture, through onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.base import ConfigError, DetectorError, Device
from detectors.pose.boxes import Boxes, best_of, turned_back, within

_FILL = 114  # what the network was trained to see around a picture
_STRIDES = (8, 16, 32)
_EDGE = 2  # pixels from the edge of a tile
_LONG = 1.2  # of the shorter side: pictures that are no longer have no tiles
_SAME = 0.5  # overlap of one person's boxes in two tiles
_PERSON = 0  # of the 80 classes of COCO


class YoloX:
    """A loaded network. Raises ConfigError where it cannot run, DetectorError for a file that is no such network."""

    def __init__(self, path: Path, *, device: Device = "auto", weak: float, overlap: float) -> None:
        self._weak, self._overlap = weak, overlap
        self._session = _session(path, device)
        asked = self._session.get_inputs()[0]
        self._input = asked.name
        if len(asked.shape) != 4 or asked.shape[1] != 3 or not all(isinstance(n, int) for n in asked.shape):
            raise DetectorError(f"{path.name} takes {asked.shape}; a YOLOX takes pictures of a fixed size.")
        self._height, self._width = asked.shape[2:]
        self._cells, self._stride = _grid(self._height, self._width)

    def detect(self, picture: NDArray[np.uint8], *, turns: int = 0) -> tuple[Boxes, NDArray[np.float32]]:
        """Find the people in an RGB picture: boxes (N, 4) in its pixels and scores (N,) in 0..1, best first.

        turns: by how many quarters the picture is turned to the left for the network, which hardly knows people who
        lie; boxes are those of the picture as it is.
        """
        boxes, scores = self._in_upright(np.rot90(picture, turns))
        height, width = picture.shape[:2]
        return turned_back(boxes, turns, height=height, width=width), scores

    def detect_closely(self, picture: NDArray[np.uint8], *, tiles: int) -> tuple[Boxes, NDArray[np.float32]]:
        """Find people as `detect` does, and small ones in square tiles along the longer side of the picture, too."""
        height, width = picture.shape[:2]
        side, along = min(height, width), int(height > width)  # the axis x, y that tiles follow
        found = [self.detect(picture)]
        for start in tile_starts(max(height, width), side, tiles):
            rows, columns = (slice(start, start + side), slice(0, side))[:: 1 if along else -1]
            boxes, scores = self.detect(picture[rows, columns])
            # somebody whom an inner edge cuts is whole in another tile
            whole = (boxes[:, along] > _EDGE) | (start == 0)
            whole &= (boxes[:, along + 2] < side - _EDGE) | (start + side == max(height, width))
            shift = np.zeros(4, np.float32)
            shift[[along, along + 2]] = start
            found.append((boxes[whole] + shift, scores[whole]))
        boxes, scores = (np.concatenate([part[i] for part in found]) for i in (0, 1))
        chosen = best_of(boxes, scores, most=min(self._overlap, _SAME))
        return boxes[chosen], scores[chosen]

    def input_px(self, picture: NDArray[np.uint8]) -> float:
        """How many pixels the network gets of each pixel of a picture, along a side."""
        return min(self._height / picture.shape[0], self._width / picture.shape[1])

    def _in_upright(self, picture: NDArray[np.uint8]) -> tuple[Boxes, NDArray[np.float32]]:
        height, width = picture.shape[:2]
        scale = self.input_px(picture)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        shrunk = cv2.resize(
            np.ascontiguousarray(picture),
            size,
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        )
        canvas = np.full((self._height, self._width, 3), _FILL, np.uint8)
        canvas[: size[1], : size[0]] = shrunk[..., ::-1]  # BGR
        batch = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        raw = self._session.run(None, {self._input: batch})[0][0]  # (cells, 4 + 1 + classes)
        scores = raw[:, 4] * raw[:, 5 + _PERSON]
        likely = np.flatnonzero(scores >= self._weak)
        scores, raw = scores[likely], raw[likely]
        stride = self._stride[likely]
        centre = (raw[:, :2] + self._cells[likely]) * stride
        half = np.exp(np.minimum(raw[:, 2:4], 10)) * stride / 2
        boxes = (np.concatenate([centre - half, centre + half], axis=1) / scale).astype(np.float32)
        chosen = best_of(boxes, scores, most=self._overlap)
        return within(boxes[chosen], height=height, width=width), scores[chosen]


def tile_starts(length: int, side: int, tiles: int) -> list[int]:
    """Say where square tiles begin that cover a length evenly; none where one would be nearly the whole."""
    if tiles < 2 or length < _LONG * side:
        return []
    return np.linspace(0, length - side, tiles).round().astype(int).tolist()


def _grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The column and row (cells, 2) of each output, and its stride (cells, 1)."""
    cells, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((cells[-1].shape[0], 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _session(path: Path, device: Device) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ConfigError(
            "People are found through onnxruntime, which is not installed: pip install onnxruntime."
        ) from None
    there = onnxruntime.get_available_providers()
    if device == "cuda" and "CUDAExecutionProvider" not in there:
        raise ConfigError(
            "onnxruntime has no CUDA here; install onnxruntime-gpu, or choose the device cpu or auto."
        )
    wanted = ["CPUExecutionProvider"]
    if device != "cpu" and "CUDAExecutionProvider" in there:
        wanted.insert(0, "CUDAExecutionProvider")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # people are posed on the other cores meanwhile
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), sess_options=options, providers=wanted)
    except Exception as error:  # its exceptions have no base class of their own
        raise DetectorError(f"{path.name} is no network that onnxruntime reads: {str(error)[:200]}") from None
