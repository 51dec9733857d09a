"""Pixel masks: `01.npz` with an array `mask` (T, H, W), or a folder of images, one a frame, anything but black = abnormal.

Images are PNG or BMP and sorted by the number in their names. The folder names the video: UCSD's Test001_gt is Test001.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vadreview.footage.ground_truth import arrays
from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import BadFile, Truth, of_mask

TITLE = "Pixel masks"
IMAGES = (".png", ".bmp")
MOST_PIXELS = 4096 * 4096


def matches(source: Source) -> bool:
    return source.suffix == ".npz"


def read(source: Source) -> Iterator[Truth]:
    """Yield the one video of an .npz. Raises BadFile."""
    found = arrays.read_npz(source.read(), "mask")
    yield of_mask(found, name=source.stem, file=source.name, format=TITLE)


def read_folder(folder: str, images: Sequence[Source]) -> Truth:
    """Read the masks of one video. Raises BadFile naming the image."""
    stacked: NDArray[np.bool_] | None = None
    ordered = sorted(images, key=_place)
    for place, image in enumerate(ordered):
        try:
            picture = _read_image(image.read())
        except BadFile as error:
            raise BadFile(f"{image.name[-80:]}: {error}") from None
        if stacked is None:
            if len(ordered) * picture.size > arrays.MOST_BYTES:
                raise BadFile(
                    f"{len(ordered)} masks of {picture.shape[1]} x {picture.shape[0]} are too many at once"
                )
            stacked = np.zeros((len(ordered), *picture.shape), np.bool_)
        if picture.shape != stacked.shape[1:]:
            raise BadFile(f"{image.name[-80:]} has another size than the images before it")
        stacked[place] = picture
    assert stacked is not None
    return of_mask(stacked, name=folder, file=f"{folder}/", format=TITLE)


def _place(image: Source) -> tuple[int, str]:
    numbers = re.findall(r"\d{1,12}", image.stem)
    return (int(numbers[-1]) if numbers else -1), image.name


def _read_image(content: bytes) -> NDArray[np.bool_]:
    width, height = _size(content)
    if not 0 < width * height <= MOST_PIXELS:
        raise BadFile(f"it is {width} x {height}; a mask may have {MOST_PIXELS:,} pixels")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise BadFile("it is damaged")
    return picture != 0


def _size(content: bytes) -> tuple[int, int]:
    """Read an image's size from its header, so that a small file cannot become a huge picture unseen."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) > 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content[:2] == b"BM" and len(content) > 26:
        width, height = struct.unpack("<ii", content[18:26])
        return abs(width), abs(height)
    raise BadFile("it is neither PNG nor BMP")
