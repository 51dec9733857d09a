"""ShanghaiTech Campus: `test_frame_mask/01_0014.npy`, 0 or 1 a frame, and `test_pixel_mask/01_0014.npy`, (T, H, W).

A row of shape (1, N), as in `frame_labels_shanghai.npy`, runs on over all clips in the order of their names.
"""

from __future__ import annotations

from collections.abc import Iterator

from vadreview.footage.ground_truth import arrays
from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import EVERY_VIDEO, Truth, of_labels, of_mask

TITLE = "ShanghaiTech (.npy)"


def matches(source: Source) -> bool:
    return source.suffix == ".npy"


def read(source: Source) -> Iterator[Truth]:
    """Yield the one clip of the file, or what is said about every clip. Raises BadFile."""
    found = arrays.read_npy(source.read())
    about = {"file": source.name, "format": TITLE}
    if found.ndim == 3:
        yield of_mask(found, name=source.stem, **about)
    elif found.ndim == 2 and found.shape[0] == 1:
        yield of_labels(found[0], name=EVERY_VIDEO, **about)
    else:
        yield of_labels(found, name=source.stem, **about)
