"""Footage for `bench_loop`: what is learned from, what is scored, and what is abnormal in it.

Drawn clips and the true poses of the people in them lie in `loop` of the folder that VADREVIEW_CACHE names, so that
they are drawn once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.pose import alphapose
from detectors.pose.people import PosedPerson, boxes_around
from fixtures.generate import Plan, make, read

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared"))
SMALL = (240, 136)
SEED = 11


@dataclass(frozen=True)
class Footage:
    """Paths to learn from and to score, and int8 (n_frames,) of what is abnormal by the stem of a path."""

    name: str
    learn: list[Path]
    score: list[Path]
    labels: dict[str, NDArray[np.int8]]
    piece: int = 50
    """Frames of two seconds: what is judged at once."""

    def halves(self) -> tuple[list[str], list[str]]:
        """Split what is scored: videos that people judge, and videos that measure and are never judged."""
        names = [path.stem for path in self.score]
        return names[::2], names[1::2]


def rare(folder: Path) -> Footage:
    """Draw nine minutes of a street in which five events make 3 % of all frames."""
    events = ("running", "cyclist", "wrong_way", "running", "cyclist")
    return _drawn(
        "street, rare events",
        folder / "rare",
        [
            *(Plan("train", None, 20, size=SMALL) for _ in range(2)),
            *(Plan("test", None, 40, size=SMALL) for _ in range(12)),
            *(Plan("test", kind, 10, size=SMALL) for kind in events),
        ],
    )


def mixed(folder: Path) -> Footage:
    """Draw a street with four events of each kind, two of them in either half."""
    kinds = ("running", "cyclist", "vehicle", "wrong_way", "fall", "left_object")
    return _drawn(
        "street",
        folder / "mixed",
        [
            *(Plan("train", None, 20, size=SMALL) for _ in range(2)),
            *(Plan("test", kind, 6, size=SMALL) for kind in kinds for _ in range(4)),
            *(Plan("test", None, 10, size=SMALL) for _ in range(4)),
        ],
    )


def _drawn(name: str, folder: Path, plans: Sequence[Plan]) -> Footage:
    try:
        clips = read(folder)
    except FileNotFoundError:
        clips = make(folder, seed=SEED, scene="street", plans=plans)
    for clip in clips:
        poses = clip.video.with_suffix(".json")
        if not poses.is_file():
            alphapose.write(poses, people_of(clip.truth))
    return Footage(
        name,
        [clip.video for clip in clips if clip.split == "train"],
        [clip.video for clip in clips if clip.split == "test"],
        {clip.video.stem: clip.labels for clip in clips},
    )


def people_of(truth: Path) -> list[PosedPerson]:
    """Read the people that were drawn, where they can be seen, as a perfect estimator would find them."""
    with np.load(truth) as archive:
        keypoints = archive["keypoints"]  # (T, P, 17, 3)
    people = []
    for place in range(keypoints.shape[1]):
        frames = np.flatnonzero((keypoints[:, place, :, 2] >= 1).sum(1) >= 9)  # half of the joints in sight
        if len(frames):
            poses = keypoints[frames, place]
            people.append(PosedPerson(place, frames.astype(np.int64), boxes_around(poses), poses))
    return people


def ped2() -> Footage | None:
    """Give UCSD Ped2, or None where it is not at hand."""
    folder = SHARED / "data" / "ped2"
    if not (folder / "frame_labels.json").is_file():
        print("Ped2 is left out: it is not at hand")
        return None
    truth = json.loads((folder / "frame_labels.json").read_text())
    score = sorted((folder / "testing").glob("*.mp4"))
    labels = {path.stem: np.array(truth[path.stem]["labels"], np.int8) for path in score}
    return Footage("Ped2", sorted((folder / "training").glob("*.mp4")), score, labels, piece=20)
