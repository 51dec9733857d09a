"""Folders of numbered pictures, read as one video."""

import hashlib
import re
from pathlib import Path

import cv2
import numpy as np

from .errors import UnreadableVideo

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"})


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key under which frame9 comes before frame10."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]


def list_pictures(folder: Path) -> list[Path]:
    """The numbered pictures directly in a folder, in natural order."""
    return sorted(
        (
            file
            for file in folder.iterdir()
            if file.suffix.lower() in PICTURE_SUFFIXES
            and not file.name.startswith(".")
            and any(c.isdigit() for c in file.stem)
            and file.is_file()
        ),
        key=lambda file: natural_key(file.name),
    )


def read_picture(path: Path, *, size: tuple[int, int], gray: bool) -> np.ndarray:
    """One picture as uint8 (H, W, 3) RGB or (H, W), at `size` (height, width). Raises UnreadableVideo."""
    flags = (cv2.IMREAD_GRAYSCALE if gray else cv2.IMREAD_COLOR) | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise UnreadableVideo("This picture cannot be decoded; remove or replace it.", path=path)
    height, width = size
    if picture.shape[:2] != size:
        shrinks = height * width < picture.shape[0] * picture.shape[1]
        picture = cv2.resize(
            picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
    return picture if gray else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def picture_size(path: Path) -> tuple[int, int]:
    """(height, width) of one picture. Raises UnreadableVideo."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise UnreadableVideo("This picture cannot be decoded; remove or replace it.", path=path)
    return picture.shape[0], picture.shape[1]


def sha256_of_pictures(pictures: list[Path]) -> str:
    """SHA-256 over the SHA-256 digests of the pictures, in frame order."""
    total = hashlib.sha256()
    for picture in pictures:
        total.update(hashlib.sha256(picture.read_bytes()).digest())
    return total.hexdigest()
