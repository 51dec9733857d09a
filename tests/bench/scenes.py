"""Footage to measure detectors on: what to learn from, what to score, and what is abnormal in it.

`ped2` and `street` are there where the shared folder lies beside the repository; the others are drawn.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.base import Video
from detectors.evaluation import read_labels
from detectors.video import VideoWriter, find_videos
from fixtures import generate

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared")) / "data"
PED2 = SHARED / "ped2"
STREET = SHARED / "street" / "vtest.avi"

NAMES = ("ped2", "street", "plaza-1", "plaza-2", "street-1", "street-2")

_PLANTED = 40  # frames of an event
_BETWEEN = 30  # frames before each
_LEAST_DIFFERENCE = 28  # gray levels from the background: a person
_LEAST_PIXELS = 60  # of a person, for a frame to be abnormal


@dataclass(frozen=True, slots=True)
class Scene:
    """Videos without events, videos with some, and of these by name int8 (N,), 1 where a frame is abnormal."""

    name: str
    usual: list[Video]
    test: list[Video]
    truth: dict[str, NDArray[np.int8]]


def scene(name: str, folder: Path) -> Scene | None:
    """Make one of NAMES, in a folder if it has to be drawn; None where its footage is not at hand."""
    if name == "ped2":
        return _ped2() if PED2.is_dir() else None
    if name == "street":
        return _planted(folder / name) if STREET.is_file() else None
    kind, _, seed = name.partition("-")
    return _drawn(folder / name, kind, int(seed))


def _ped2() -> Scene:
    usual = [
        Video(video.path, name=f"train-{video.name}", sha256=video.sha256)
        for video in find_videos(PED2 / "training")
    ]
    return Scene("ped2", usual, find_videos(PED2 / "testing"), read_labels(PED2 / "frame_labels.json"))


def _drawn(folder: Path, kind: str, seed: int) -> Scene:
    if not (folder / generate.TRUTH).is_file():
        generate.make(folder, seed=seed, scene=kind)
    clips = find_videos(folder)
    usual = [clip for clip in clips if "-train-" in clip.name]
    truth = json.loads((folder / generate.TRUTH).read_text())
    test = [clip for clip in clips if clip not in usual]
    return Scene(
        f"{kind}-{seed}", usual, test, {v.name: np.array(truth[v.name]["labels"], np.int8) for v in test}
    )


def _planted(folder: Path) -> Scene:
    """A real street seen from above: the first half to learn from, the second with people at twice their speed.

    They are people of the first half, cut out and laid over the second, by turns in the far and the near part of the
    picture: what is odd about them is their speed alone, and a far one at twice its speed is no faster in pixels than
    a near one that walks.
    """
    video = Video(STREET)
    pictures = np.stack(list(video.frames(0, video.n_frames)))
    half = len(pictures) // 2
    background = np.median(pictures[::8], 0).astype(np.uint8)
    masks = [_people(picture, background) for picture in pictures[:half]]
    weight = np.cumsum(np.sum(masks, axis=(0, 2)))
    middle = int(np.searchsorted(weight, weight[-1] / 2))
    labels = np.zeros(len(pictures) - half, np.int8)
    second = pictures[half:].copy()
    for begin, source, far in _events(len(second), half):
        rows = slice(0, middle) if far else slice(middle, None)
        for n in range(_PLANTED):
            over, alpha = pictures[source + 2 * n][rows], masks[source + 2 * n][rows]
            soft = cv2.GaussianBlur(alpha.astype(np.float32), (3, 3), 0)[..., None]
            under = second[begin + n][rows]
            second[begin + n][rows] = np.rint(soft * over + (1 - soft) * under).astype(np.uint8)
            labels[begin + n] = alpha.sum() >= _LEAST_PIXELS
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("usual", pictures[:half]), ("planted", second)):
        with VideoWriter(folder / f"{name}.mp4", fps=video.fps, crf=12) as writer:
            for picture in part:
                writer.write(picture)
    usual, test = Video(folder / "usual.mp4"), Video(folder / "planted.mp4")
    return Scene("street", [usual], [test], {test.name: labels})


def _events(frames: int, sources: int) -> Iterator[tuple[int, int, bool]]:
    """Say where each event begins, which frame its people begin at, and whether they are far away."""
    step = _PLANTED + _BETWEEN
    begins = range(_BETWEEN, frames - _PLANTED, step)
    for number, begin in enumerate(begins):
        yield begin, (number * 61) % (sources - 2 * _PLANTED), number % 2 == 0


def _people(picture: NDArray[np.uint8], background: NDArray[np.uint8]) -> NDArray[np.bool_]:
    apart = np.abs(picture.astype(np.int16) - background).max(2) >= _LEAST_DIFFERENCE
    return cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
