"""Small scenes: textured squares that walk over a textured ground, written as numbered pictures."""

from pathlib import Path

import cv2
import numpy as np

from detectors.video import Video

HEIGHT, WIDTH = 96, 128


def texture(height: int, width: int, seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(30, 226, (height // 4, width // 4), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def picture(places: list[tuple[float, float]]) -> np.ndarray:
    """uint8 (96, 128): the ground with a square of 16 pixels at each (x, y)."""
    ground = texture(HEIGHT, WIDTH, 0) // 2
    for i, (x, y) in enumerate(places):
        left, top = round(x) % (WIDTH - 16), round(y) % (HEIGHT - 16)
        ground[top : top + 16, left : left + 16] = texture(16, 16, i + 1)
    return ground


def walk(
    folder: Path,
    *,
    n_frames: int,
    seed: int = 0,
    speed: float = 1.0,
    fast: range = range(0),
    name: str = "walk",
) -> Video:
    """Two squares walk at about `speed` pixels a frame; during `fast` one of them goes six times as fast."""
    random = np.random.default_rng(seed)
    places = [random.uniform(0, WIDTH - 16, 2), random.uniform(0, HEIGHT - 16, 2)]
    x, y = places
    pictures = []
    for n in range(n_frames):
        pictures.append(picture(list(zip(x, y, strict=True))))
        step = np.array([speed, -speed])
        if n in fast:
            step[0] *= 6
        x = x + step
    return write(folder, pictures, name=name)


def write(folder: Path, pictures: list[np.ndarray], *, name: str) -> Video:
    into = folder / name
    into.mkdir(parents=True)
    for n, gray in enumerate(pictures):
        cv2.imwrite(str(into / f"{n:04d}.png"), gray)
    return Video(into)


def still(folder: Path, *, n_frames: int, value: int = 0, name: str = "still") -> Video:
    return write(folder, [np.full((HEIGHT, WIDTH), value, np.uint8)] * n_frames, name=name)
