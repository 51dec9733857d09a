"""Single frames as JPEG."""

from pathlib import Path

import numpy as np

from .decode import Converter, Pictures, open_video, orientation
from .errors import UnreadableVideo
from .sheets import jpeg


def jpeg_still(proxy: str | Path, n: int, *, quality: int = 90) -> bytes:
    """Frame n of a constant-rate file such as a proxy, as JPEG; found by time, without an index.

    Raises IndexError when there is no such frame, UnreadableVideo when the file cannot be read.
    """
    if n < 0:
        raise IndexError(f"there is no frame {n}")
    # One thread: the pictures are few, and each further thread only adds delay.
    with open_video(proxy, serial=True) as (container, stream, _):
        if not stream.average_rate or not stream.time_base:
            raise UnreadableVideo("The file does not say how fast it plays.", path=proxy)
        tick = 1 / (stream.average_rate * stream.time_base)
        first = stream.start_time or 0
        container.seek(first + round(n * tick), stream=stream, backward=True)
        for frame in Pictures(container, stream):
            if frame.pts is not None and round((frame.pts - first) / tick) == n:
                picture = Converter()(frame, orientation(frame))
                return jpeg(np.ascontiguousarray(picture[..., ::-1]), quality)
    raise IndexError(f"there is no frame {n}")
