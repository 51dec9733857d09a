"""Places in the picture, found and true, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run points in one video, and where it should.

    heatmap: the stored description of `maps` (m, height, width), {} without. people: `frames`, `boxes`, `scores` of
    all people, {} for a detector that knows none. mask: bool (T, H, W), None for a video that is all normal.
    """

    name: str
    frames: int
    width: int
    height: int
    maps: NDArray[np.uint8] | None
    heatmap: Mapping[str, Any]
    people: Mapping[str, NDArray[Any]]
    mask: NDArray[np.bool_] | None
