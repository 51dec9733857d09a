"""Numpy files (.npy, .npz) that came from elsewhere: looked at before they are loaded, and never unpickled."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vadreview.footage.ground_truth.truths import BadFile

MAGIC = b"\x93NUMPY"
MOST_BYTES = 1024**3  # of an array in memory


def read_npy(content: bytes) -> NDArray[Any]:
    """Load one array. Raises BadFile if it is damaged, holds objects, or is larger than MOST_BYTES."""
    return _load(io.BytesIO(content), available=len(content))


def read_npz(content: bytes, name: str) -> NDArray[Any]:
    """Load one array of an .npz. Raises BadFile, also if there is none of that name."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if f"{name}.npy" not in archive.namelist():
                raise BadFile(f"it holds no array called {name}")
            member = archive.getinfo(f"{name}.npy")
            with archive.open(member) as file:
                return _load(file, available=member.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadFile(f"it cannot be unpacked: {error}") from None


def _load(file: IO[bytes], *, available: int) -> NDArray[Any]:
    try:
        version = np.lib.format.read_magic(file)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in header:
            raise BadFile(f"it is a numpy file of version {version}; 1.0 and 2.0 can be read")
        shape, fortran, dtype = header[version](file)
    # numpy tries to mend headers of Python 2 with a tokenizer, which has errors of its own
    except (ValueError, SyntaxError, TypeError, tokenize.TokenError) as error:
        raise BadFile(f"it is no numpy array that can be read: {error}") from None
    if dtype.hasobject:
        raise BadFile("it holds Python objects, which are never read; save it as plain numbers")
    size = math.prod(shape) * dtype.itemsize
    if size > min(MOST_BYTES, available):
        raise BadFile(
            f"its header speaks of an array of {size:,} bytes; the file has {available:,} and the most is {MOST_BYTES:,}"
        )
    content = file.read(size)
    if len(content) != size:
        raise BadFile("it ends before its array does; it was cut off")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
