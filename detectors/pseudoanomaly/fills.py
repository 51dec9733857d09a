"""What a hole in a picture is filled with, in place of the paper's latent-diffusion inpainter.

Pictures are uint8 (C, H, W), masks bool (H, W) with True for the hole. A fill changes nothing outside the hole,
except for the soft edge that `blend` gives it. What each is for: jigsaw keeps colours and breaks shapes, as
the paper's inpainter was measured to do; footage puts other material there; telea and navier_stokes make a
thing vanish into its surroundings, under noise like that around it.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.pseudoanomaly.masks import Mask

Picture = NDArray[np.uint8]

_RADIUS = 3
_RING = 3  # pixels around a hole that say how much its surroundings vary


def jigsaw(picture: Picture, mask: Mask, *, random: np.random.Generator) -> Picture:
    """Permute blocks of the hole's rectangle; blocks are 4 to 8 pixels of 256."""
    top, bottom, left, right = _box(mask)
    block = _block(picture, random)
    height = -(-(bottom - top) // block) * block
    width = -(-(right - left) // block) * block
    rows, columns = _inside(top, height, picture.shape[1]), _inside(left, width, picture.shape[2])
    cut = picture[:, rows][:, :, columns]  # (C, height, width)
    down, across = height // block, width // block
    blocks = cut.reshape(len(cut), down, block, across, block).transpose(1, 3, 0, 2, 4)
    mixed = blocks.reshape(down * across, len(cut), block, block)[random.permutation(down * across)]
    mixed = mixed.reshape(down, across, len(cut), block, block).transpose(2, 0, 3, 1, 4)
    return _put(picture, mask, mixed.reshape(len(cut), height, width), top, left)


def footage(
    picture: Picture, mask: Mask, *, random: np.random.Generator, source: Picture | None = None
) -> Picture:
    """Fill the hole with blocks from anywhere in another picture, brightness and contrast changed a little."""
    source = picture if source is None else source
    top, bottom, left, right = _box(mask)
    block = _block(picture, random)
    down, across = -(-(bottom - top) // block), -(-(right - left) // block)
    tops = random.integers(0, source.shape[1] - block + 1, (down, across))
    lefts = random.integers(0, source.shape[2] - block + 1, (down, across))
    rows = (tops[:, :, None, None] + np.arange(block)[:, None]).astype(np.intp)
    columns = (lefts[:, :, None, None] + np.arange(block)).astype(np.intp)
    blocks = source[:, rows, columns].transpose(0, 1, 3, 2, 4)  # (C, down, block, across, block)
    filled = blocks.reshape(len(source), down * block, across * block)
    changed = filled * random.uniform(0.8, 1.2) + random.uniform(-20, 20)
    return _put(picture, mask, np.clip(changed, 0, 255).astype(np.uint8), top, left)


def telea(picture: Picture, mask: Mask, *, random: np.random.Generator) -> Picture:
    """Grow the surroundings into the hole (Telea 2004), under noise that varies as they do."""
    return _grown(picture, mask, cv2.INPAINT_TELEA, random)


def navier_stokes(picture: Picture, mask: Mask, *, random: np.random.Generator) -> Picture:
    """Let the surroundings flow into the hole (Bertalmio et al. 2001), under noise that varies as they do."""
    return _grown(picture, mask, cv2.INPAINT_NS, random)


def vanished(picture: Picture, mask: Mask, *, random: np.random.Generator) -> Picture:
    """Grow the surroundings into the hole without noise: the thing was never there."""
    return _grown(picture, mask, cv2.INPAINT_TELEA, None)


FILLS: dict[str, Callable[..., Picture]] = {
    "jigsaw": jigsaw,
    "footage": footage,
    "telea": telea,
    "navier_stokes": navier_stokes,
    "vanished": vanished,
}


def blend(picture: Picture, filled: Picture, mask: Mask, *, feather: float) -> Picture:
    """Put `filled` into the hole with an edge that is soft over `feather` pixels."""
    hard = mask.astype(np.float32)
    soft = cv2.GaussianBlur(hard, (0, 0), feather) if feather > 0 else hard
    alpha = soft / max(1e-6, float(soft.max()))
    mixed = picture + alpha * (filled.astype(np.float32) - picture)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def smooth_patch(
    clip: NDArray[np.uint8],
    source: NDArray[np.uint8],
    *,
    random: np.random.Generator,
    max_size: float = 0.5,
    max_move: float = 10.0,
    border: float = 0.1,
) -> NDArray[np.uint8]:
    """Paste a patch of other footage that wanders (SmoothMixS, Astrid et al. 2021): (T, C, H, W), both.

    max_size: of the picture's side. max_move: pixels of 256 a frame. border: share of the patch's side over
    which it fades out.
    """
    height, width = clip.shape[2:]
    place, size, alpha = wandering_patch(
        len(clip), height, width, random=random, max_size=max_size, max_move=max_move, border=border
    )
    mixed = clip.copy()
    for n, (top, left) in enumerate(place):
        rows, columns = slice(top, top + size[0]), slice(left, left + size[1])
        here, there = (c[n, :, rows, columns].astype(np.float32) for c in (clip, source))
        mixed[n, :, rows, columns] = np.rint(here + alpha * (there - here)).astype(np.uint8)
    return mixed


def wandering_patch(
    frames: int,
    height: int,
    width: int,
    *,
    random: np.random.Generator,
    max_size: float,
    max_move: float,
    border: float = 0.1,
) -> tuple[NDArray[np.int64], tuple[int, int], NDArray[np.float32]]:
    """Draw a patch that wanders: places (frames, 2) of its corner, its size, and its soft edge (h, w)."""
    size = tuple(
        int(random.integers(max(2, side // 16), max(3, int(side * max_size)) + 1)) for side in (height, width)
    )
    room = np.array([height - size[0], width - size[1]])
    steps = random.uniform(-1, 1, (frames, 2)) * max_move * np.array([height, width]) / 256
    places = random.uniform(0, 1, 2) * room + np.cumsum(steps, 0)
    places = np.rint(np.clip(places, 0, room)).astype(np.int64)
    ramps = [np.minimum(1.0, _from_edge(side) / max(1.0, border * side)) for side in size]
    return places, (size[0], size[1]), (ramps[0][:, None] * ramps[1]).astype(np.float32)


def _from_edge(side: int) -> NDArray[np.float64]:
    places = np.arange(side)
    return np.minimum(places, places[::-1]) + 0.5


def _grown(picture: Picture, mask: Mask, method: int, random: np.random.Generator | None) -> Picture:
    hole = mask.astype(np.uint8)
    channels = picture.transpose(1, 2, 0)
    grown = cv2.inpaint(
        np.ascontiguousarray(channels.squeeze(2) if len(picture) == 1 else channels), hole, _RADIUS, method
    )
    filled = grown[None] if len(picture) == 1 else grown.transpose(2, 0, 1)
    if random is None:
        return np.where(mask, filled, picture)
    ring = cv2.dilate(hole, np.ones((2 * _RING + 1,) * 2, np.uint8)).astype(np.bool_) & ~mask
    spread = picture[:, ring].std() if ring.any() else picture.std()
    noise = cv2.GaussianBlur(random.standard_normal(mask.shape).astype(np.float32), (0, 0), 1.0)
    noise *= spread / max(1e-6, float(noise.std()))
    return np.where(mask, np.clip(filled + noise, 0, 255).astype(np.uint8), picture)


def _box(mask: Mask) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _block(picture: Picture, random: np.random.Generator) -> int:
    scale = picture.shape[-1] / 256
    return int(np.clip(round(random.integers(4, 9) * scale), 2, min(picture.shape[1:])))


def _inside(first: int, count: int, length: int) -> NDArray[np.int64]:
    """Places first, first + 1, ...; those beyond the end turn back."""
    places = np.abs(np.arange(first, first + count)) % (2 * length)
    return np.minimum(places, 2 * length - 1 - places)


def _put(picture: Picture, mask: Mask, filled: Picture, top: int, left: int) -> Picture:
    """Put a rectangle that begins at (top, left) into the hole."""
    whole = picture.copy()
    height, width = (
        min(filled.shape[1], picture.shape[1] - top),
        min(filled.shape[2], picture.shape[2] - left),
    )
    whole[:, top : top + height, left : left + width] = filled[:, :height, :width]
    return np.where(mask, whole, picture)
