"""CUHK Avenue, of which two different label sets go around; what is in a file tells them apart.

By content, not by hash: neither set is published with one, and both are passed on re-saved by other versions of MATLAB and
scipy, which changes every byte and no label.

Lu et al. (the data set's own): `testing_label_mask/3_label.mat`, one clip a file, `volLabel`, a cell of T masks.
Hasan et al. (as Liu et al. 2018 and many after them use it): `avenue.mat`, all 21 clips, `gt`, a cell of spans, frames
from 1 with both ends included. They disagree: in clip 18, for one, the masks are abnormal throughout and the spans not.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import FROM_ONE, BadFile, Truth, closed_from_one, of_mask

MASKS = "Avenue (pixel masks of Lu et al.)"
SPANS = "Avenue (spans of Hasan et al.)"
TITLE = "Avenue (.mat)"
MOST_BYTES = 1024**3  # of all variables, unpacked
_COMPRESSED = 15  # miCOMPRESSED of the MAT 5 format


def matches(source: Source) -> bool:
    return source.suffix == ".mat"


def read(source: Source) -> Iterator[Truth]:
    """Yield the clips of either label set. Raises BadFile."""
    variables = _load(source.read())
    if "volLabel" in variables:
        cells = _cells(variables["volLabel"])
        shapes = {cell.shape for cell in cells}
        if len(shapes) != 1 or len(next(iter(shapes))) != 2:
            raise BadFile("volLabel should be a row of cells with masks of one size")
        if len(cells) * math.prod(cells[0].shape) > MOST_BYTES:
            raise BadFile(f"its masks are larger than {MOST_BYTES:,} bytes together")
        name = re.sub(r"_label$", "", source.stem)
        yield of_mask(np.stack([cell != 0 for cell in cells]), name=name, file=source.name, format=MASKS)
    elif "gt" in variables:
        for number, cell in enumerate(_cells(variables["gt"]), start=1):
            ranges = cell if cell.ndim == 2 and cell.shape[0] == 2 else np.empty((2, 0))
            if cell.size and ranges is not cell:
                raise BadFile(
                    f"clip {number} of gt should have two rows, first and last frames, but is {cell.shape}"
                )
            spans = tuple(closed_from_one(int(first), int(last)) for first, last in ranges.T.tolist())
            yield Truth(f"{number:02d}", source.name, SPANS, FROM_ONE, spans)
    else:
        names = ", ".join(sorted(variables)) or "nothing"
        raise BadFile(f"it should hold volLabel or gt, but holds {names[:200]}")


def _load(content: bytes) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if (content[:4] == b"MATL" and b"MATLAB 7.3" in content[:64]) or content[:8] == b"\x89HDF\r\n\x1a\n":
        raise BadFile("it is a MAT file of version 7.3; save it again with version 7 (save -v7)")
    if len(content) < 136 or content[126:128] not in (b"IM", b"MI"):
        raise BadFile("it is no MAT file of version 5 to 7")
    _check_size(content)
    try:
        return {
            name: value
            for name, value in loadmat(io.BytesIO(content), variable_names=["volLabel", "gt"]).items()
            if not name.startswith("__")
        }
    # what scipy raises for a damaged file depends on where the damage is
    except (
        MatReadError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        EOFError,
        OSError,
        MemoryError,
        zlib.error,
    ) as e:
        raise BadFile(f"it cannot be read as a MAT file: {e}") from None
    except NotImplementedError as e:
        raise BadFile(f"it cannot be read as a MAT file: {e}") from None


def _check_size(content: bytes) -> None:
    """Raise BadFile if unpacking the file would take more than MOST_BYTES; a variable is packed as one zlib stream."""
    order, place, total = "<" if content[126:128] == b"IM" else ">", 128, 0
    while place + 8 <= len(content):
        kind, length = struct.unpack_from(f"{order}II", content, place)
        body = content[place + 8 : place + 8 + length]
        if kind == _COMPRESSED:
            unpack = zlib.decompressobj()
            while body and not unpack.eof:
                try:
                    total += len(unpack.decompress(body, 1 << 20))
                except zlib.error as error:
                    raise BadFile(f"it cannot be unpacked: {error}") from None
                body = unpack.unconsumed_tail
                if total > MOST_BYTES:
                    raise BadFile(f"unpacked it would have more than {MOST_BYTES:,} bytes")
        place += 8 + length


def _cells(value: Any) -> list[NDArray[Any]]:
    """Give the cells of a row as arrays of numbers. Raises BadFile for anything else, such as function handles."""
    if not isinstance(value, np.ndarray) or value.dtype != object or not value.size:
        raise BadFile("its variable should be a row of cells")
    cells = list(value.ravel())
    for cell in cells:
        # handles, opaque objects and structures come as other classes or with other kinds of numbers
        if type(cell) is not np.ndarray or cell.dtype.kind not in "biuf":
            raise BadFile(
                "its cells should hold plain numbers; others, such as function handles, are never read"
            )
    return cells
