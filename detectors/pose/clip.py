"""Poses without footage: a file of tracked people that stands for a video."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from detectors.artifacts import sha256_of
from detectors.pose import alphapose, trajectories
from detectors.pose.people import PosedPerson
from detectors.video import UnreadableVideo, Video
from detectors.video.folder import natural_key

TRACKED = "_alphapose_tracked_person"
FPS = Fraction(24)  # of ShanghaiTech, whose poses most such files are


class PoseClip(Video):
    """Tracked people read from a JSON file or a folder of CSV files; it has no pictures.

    n_frames: up to the last frame in which somebody is, since the file does not say how long the footage was.
    Raises BadPoses, which says where the file is wrong.
    """

    def __init__(self, path: str | Path, *, fps: Fraction = FPS) -> None:
        path = Path(path)
        super().__init__(path, name=path.stem.removesuffix(TRACKED), fps=fps)

    @cached_property
    def people(self) -> tuple[PosedPerson, ...]:
        return read(self.path)

    @property
    def kind(self) -> Literal["file", "folder"]:
        return "file"

    @property
    def n_frames(self) -> int:
        return max((int(person.frames[-1]) + 1 for person in self.people), default=1)

    @property
    def width(self) -> int:
        return self._reach(2)

    @property
    def height(self) -> int:
        return self._reach(3)

    def _reach(self, side: int) -> int:
        return max((int(person.boxes[:, side].max()) + 1 for person in self.people), default=1)

    @property
    def rotation(self) -> int:
        return 0

    @cached_property
    def sha256(self) -> str:
        if self.path.is_file():
            return sha256_of(self.path)
        total = hashlib.sha256()
        for file in sorted(self.path.glob("*.csv")):
            total.update(f"{file.name} {sha256_of(file)}\n".encode())
        return total.hexdigest()

    def frames(self, *arguments: Any, **options: Any) -> Iterator[np.ndarray]:
        raise UnreadableVideo(
            "This holds poses and no pictures; only the detector stgnf can use it.", path=self.path
        )


def read(path: Path) -> tuple[PosedPerson, ...]:
    """Read people from a JSON file, a CSV file or a folder of CSV files. Raises BadPoses."""
    return trajectories.read(path) if path.is_dir() or path.suffix == ".csv" else alphapose.read(path)


def find_clips(path: Path | str) -> list[PoseClip]:
    """List the poses at a path: a JSON file, a folder of them, or a folder of folders of CSV files.

    In a folder, files called *_alphapose_tracked_person.json are all there is, if there are any.
    """
    path = Path(path)
    if path.is_file():
        return [PoseClip(path)] if path.suffix.lower() == ".json" else []
    if not path.is_dir():
        return []
    if any(path.glob("*.csv")):
        return [PoseClip(path)]
    files = [*path.glob(f"*{TRACKED}.json")] or [*path.glob("*.json")]
    files = files or [folder for folder in path.iterdir() if folder.is_dir() and any(folder.glob("*.csv"))]
    return [PoseClip(file) for file in sorted(files, key=lambda file: natural_key(file.name))]


def beside(video: Video) -> Path | None:
    """Find the poses next to a video: NAME.json, NAME_alphapose_tracked_person.json or a folder NAME_poses."""
    stem = video.path.name if video.path.is_dir() else video.path.stem
    for name in (f"{stem}{TRACKED}.json", f"{stem}.json", f"{stem}_poses"):
        file = video.path.parent / name
        if file.exists():
            return file
    return None
