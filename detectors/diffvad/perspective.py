"""Does the camera look along the scene, so that near things move faster in pixels? A guess without labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OBLIQUE = 1.5
"""How much faster things move at one end of the picture than at the other before it matters."""


def speed_profile(speed: NDArray[np.floating]) -> NDArray[np.float64]:
    """Say how fast things move at each height of the picture: (rows,), NaN where little moves.

    speed: (K, rows, columns), pixels a frame.
    """
    moving = speed > max(0.1 * float(np.percentile(speed, 99.9)), 1e-3)
    enough = max(20, moving.sum() // 200)
    return np.array(
        [
            np.median(speed[:, row][moving[:, row]]) if moving[:, row].sum() >= enough else np.nan
            for row in range(speed.shape[1])
        ]
    )


def looks_along(speed: NDArray[np.floating]) -> bool:
    """Say whether speed grows, or shrinks, steadily down the picture, by more than the factor OBLIQUE."""
    profile = speed_profile(speed)
    known = np.flatnonzero(~np.isnan(profile))
    if len(known) < 4:
        return False
    logs = np.log(profile[known])
    slope, _ = np.polyfit(known, logs, 1)
    steadiness = 0.0 if logs.std() == 0 else abs(np.corrcoef(known, logs)[0, 1])
    return bool(steadiness > 0.7 and abs(slope) * (known[-1] - known[0]) > np.log(OBLIQUE))
