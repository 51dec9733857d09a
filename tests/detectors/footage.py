"""Small drawn clips for detectors: things drift to the right at one pixel a frame, and one may race."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

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


def write(folder: Path, name: str, pictures: np.ndarray, *, fps: int = 10) -> Video:
    """Write pictures as `folder`/`name`.mp4."""
    path = folder / f"{name}.mp4"
    encode(path, list(pictures), fps=Fraction(fps), crf=14)
    return Video(path)


def _texture(random: np.random.Generator, height: int, width: int, *, low: int, high: int) -> np.ndarray:
    gray = random.integers(low, high, (height, width), dtype=np.uint8)
    return np.repeat(cv2.GaussianBlur(gray, (3, 3), 0)[..., None], 3, axis=2)


def _draw(picture: np.ndarray, thing: np.ndarray, left: int, top: int) -> None:
    columns = np.arange(left, left + thing.shape[1]) % WIDTH
    picture[top : top + thing.shape[0], columns] = thing[: HEIGHT - top]
