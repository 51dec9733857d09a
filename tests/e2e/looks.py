"""What a page looked like before, as small pictures: a broken layout is told from another smoothing of letters.

A picture is kept at a fifth of its size. Compared are areas of it, after blurring: letters that lie a pixel beside
their old place change nothing, a panel that is gone or has moved does.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "looks"
SIZE = (256, 160)  # of a kept picture, of a window of 1280 x 800
AREAS = (32, 20)  # across and down: each is 40 x 40 pixels of the window
MOST = 14.0  # grey levels (of 255) by which an area may differ, in its most different colour
MOST_AREAS = 2  # that may differ by more: a caret, a line that broke elsewhere

Picture = NDArray[np.uint8]


def shrink(screenshot: bytes) -> Picture:
    """Return a screenshot at the size that is kept; uint8 (height, width, 3)."""
    whole = cv2.imdecode(np.frombuffer(screenshot, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.resize(whole, SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def keep(name: str, picture: Picture) -> None:
    FOLDER.mkdir(exist_ok=True)
    written = cv2.imwrite(str(FOLDER / f"{name}.webp"), picture, [cv2.IMWRITE_WEBP_QUALITY, 75])
    assert written, f"{name} could not be written"


def kept(name: str) -> Picture | None:
    path = FOLDER / f"{name}.webp"
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8) if path.is_file() else None


def differences(one: Picture, other: Picture) -> NDArray[np.float32]:
    """Return by how much each area differs, in grey levels of its most different colour; (down, across)."""

    def blurred(picture: Picture) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 2.0), np.float32)

    apart = np.abs(blurred(one) - blurred(other)).max(2)
    return np.asarray(cv2.resize(apart, AREAS, interpolation=cv2.INTER_AREA), np.float32)


def is_another(one: Picture, other: Picture) -> bool:
    """Say whether a person would call these two different layouts."""
    return int((differences(one, other) > MOST).sum()) > MOST_AREAS


def side_by_side(before: Picture, now: Picture, path: Path) -> None:
    """Write before, now, and where they differ."""
    where = np.clip(differences(before, now) / (2 * MOST) * 255, 0, 255).astype(np.uint8)
    heat = cv2.resize(cv2.applyColorMap(where, cv2.COLORMAP_INFERNO), SIZE, interpolation=cv2.INTER_NEAREST)
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.hstack([before, now, heat]))
