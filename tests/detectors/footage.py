"""Small drawn clips for detectors: things drift to the right at one pixel a frame, and one may race.

For detectors that see people, the things can have poses, written beside the clip.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from detectors.pose import PosedPerson, alphapose
from detectors.pose.people import boxes_around
from detectors.video import Video, encode

HEIGHT, WIDTH = 96, 128
RACE_SPEED_PX = 6


def scene(n_frames: int, *, seed: int, race: range = range(0)) -> np.ndarray:
    """uint8 RGB (n_frames, HEIGHT, WIDTH, 3); during `race` one more thing crosses the picture, fast."""
    random = np.random.default_rng(seed)
    ground = _texture(random, HEIGHT, WIDTH, low=60, high=120)
    walkers = [_texture(random, 24, 14, low=130, high=250) for _ in range(4)]
    racer = _texture(random, 24, 14, low=130, high=250)
    places = random.integers(0, WIDTH, 4)
    pictures = np.empty((n_frames, HEIGHT, WIDTH, 3), np.uint8)
    for n in range(n_frames):
        pictures[n] = ground
        for thing, place, row in zip(walkers, places, (2, 26, 50, 70), strict=True):
            _draw(pictures[n], thing, int(place) + n, row)
        if n in race:
            _draw(pictures[n], racer, RACE_SPEED_PX * (n - race.start), 38)
    return pictures


def people(n_frames: int, *, seed: int, race: range = range(0)) -> list[PosedPerson]:
    """Four who walk, and one who runs during `race`."""
    random = np.random.default_rng(seed)
    walkers = [
        _walk(i, np.arange(n_frames), random, left=random.uniform(0, WIDTH), top=top, speed=1.0, step=12)
        for i, top in enumerate((2, 26, 50, 70))
    ]
    if not len(race):
        return walkers
    return [*walkers, _walk(9, np.array(race), random, left=0.0, top=38, speed=RACE_SPEED_PX, step=5)]


def write(
    folder: Path, name: str, pictures: np.ndarray, *, fps: int = 10, people: Sequence[PosedPerson] = ()
) -> Video:
    """Write pictures as `folder`/`name`.mp4, and the poses of people beside it."""
    path = folder / f"{name}.mp4"
    encode(path, list(pictures), fps=Fraction(fps), crf=14)
    write_people(path, people)
    return Video(path)


def write_people(path: Path, people: Sequence[PosedPerson] = ()) -> None:
    """Write poses beside a clip."""
    alphapose.write(path.with_suffix(".json"), people)


# x (ahead) and y (down) of the COCO joints of somebody 24 pixels high who stands
_STANDING = np.array([
    (2, 2), (2.5, 1.5), (1.5, 1.5), (2, 1.5), (0, 1.5), (1, 5), (-1, 5), (1, 9), (-1, 9), (1, 12.5), (-1, 12.5),
    (0.7, 13), (-0.7, 13), (0.7, 18), (-0.7, 18), (0.7, 23), (-0.7, 23),
])  # fmt: skip
# how far each joint swings: left and right, arms and legs turn against each other
_SWING = np.array([0, 0, 0, 0, 0, 0, 0, -1.5, 1.5, -3, 3, 0, 0, 1.5, -1.5, 4, -4])


def _walk(
    track: int,
    frames: np.ndarray,
    random: np.random.Generator,
    *,
    left: float,
    top: float,
    speed: float,
    step: int,
) -> PosedPerson:
    phase = 2 * np.pi * (frames / step + random.random())
    joints = np.repeat(_STANDING[None], len(frames), axis=0)
    joints[..., 0] += left + speed * (frames - frames[0])[:, None] + np.sin(phase)[:, None] * _SWING
    joints[..., 1] += top
    joints += random.normal(0, 0.1, joints.shape)
    sure = np.full((*joints.shape[:2], 1), 0.9)
    keypoints = np.concatenate([joints, sure], axis=-1).astype(np.float32)
    return PosedPerson(track, frames.astype(np.int64), boxes_around(keypoints), keypoints)


def _texture(random: np.random.Generator, height: int, width: int, *, low: int, high: int) -> np.ndarray:
    gray = random.integers(low, high, (height, width), dtype=np.uint8)
    return np.repeat(cv2.GaussianBlur(gray, (3, 3), 0)[..., None], 3, axis=2)


def _draw(picture: np.ndarray, thing: np.ndarray, left: int, top: int) -> None:
    columns = np.arange(left, left + thing.shape[1]) % WIDTH
    picture[top : top + thing.shape[0], columns] = thing[: HEIGHT - top]
