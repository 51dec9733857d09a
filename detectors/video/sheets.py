"""Scrub sheets: small pictures of the whole video on a few big JPEGs, so that scrubbing decodes nothing."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

LONG_SIDE = 160
COLUMNS = ROWS = 10
MAX_TILES = 2500
TILES_PER_SECOND = 4
_POSTER_CANDIDATES = 40


@dataclass(frozen=True)
class Sheets:
    """Where frame n is: tile t = min(n // stride, count - 1), on sheet t // (columns * rows), row by row.

    `count` is the number of tiles; sizes are in pixels. Sheets are named 0000.jpg, 0001.jpg, ...; the last
    one is cut below its last row of tiles.
    """

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    stride: int
    count: int


class SheetMaker:
    """Collects tiles while somebody else decodes; the memory for them is bounded whatever the length.

    Every frame is offered; every `stride`-th is kept. Whenever there are more than MAX_TILES, every second
    one goes and the stride doubles.
    """

    def __init__(self, *, width: int, height: int, fps: float) -> None:
        scale = LONG_SIDE / max(width, height)
        self._width = max(2, round(width * scale / 2) * 2)
        self._height = max(2, round(height * scale / 2) * 2)
        self._stride = max(1, int(fps / TILES_PER_SECOND))
        self._tiles: list[np.ndarray] = []
        self._shrink = VideoReformatter()
        self._poster: VideoFrame | None = None
        self._contrast = -1.0

    def offer(self, n: int, frame: VideoFrame) -> None:
        """Take frame n (upright, n = 0, 1, 2, ...) if it falls on the grid."""
        if n % self._stride:
            return
        small = self._shrink.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="bgr24",
            interpolation=Interpolation.AREA,
            threads=1,
        )
        tile = small.to_ndarray()
        if len(self._tiles) < _POSTER_CANDIDATES:
            self._consider_poster(frame, tile)
        self._tiles.append(tile)
        if len(self._tiles) > MAX_TILES:
            self._tiles = self._tiles[::2]
            self._stride *= 2

    def write(self, folder: Path, *, quality: int = 75) -> Sheets:
        """Write the sheets into a new folder."""
        folder.mkdir()
        per_sheet = COLUMNS * ROWS
        for number, start in enumerate(range(0, len(self._tiles), per_sheet)):
            (folder / f"{number:04d}.jpg").write_bytes(
                jpeg(self._paste(self._tiles[start : start + per_sheet]), quality)
            )
        return Sheets(self._width, self._height, COLUMNS, ROWS, self._stride, len(self._tiles))

    def write_poster(self, path: Path, *, quality: int = 85) -> None:
        """Write the frame with the most contrast among the first ones: black openings make poor posters."""
        assert self._poster is not None
        path.write_bytes(jpeg(self._poster.to_ndarray(format="bgr24"), quality))

    def _consider_poster(self, frame: VideoFrame, tile: np.ndarray) -> None:
        contrast = float(tile[..., 1].std())
        if contrast > 1.25 * self._contrast:
            self._poster, self._contrast = frame, contrast

    def _paste(self, tiles: list[np.ndarray]) -> np.ndarray:
        rows = -(-len(tiles) // COLUMNS)
        sheet = np.zeros((rows * self._height, COLUMNS * self._width, 3), dtype=np.uint8)
        for t, tile in enumerate(tiles):
            y, x = t // COLUMNS * self._height, t % COLUMNS * self._width
            sheet[y : y + self._height, x : x + self._width] = tile
        return sheet


def jpeg(picture: np.ndarray, quality: int) -> bytes:
    """A uint8 BGR picture as JPEG; quality 1 to 100."""
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} cannot be written as JPEG")
    return encoded.tobytes()
