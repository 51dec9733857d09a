"""Does the camera look along the scene, so that near things move faster in pixels? A guess without labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OBLIQUE = 1.5
"""How much faster things move at one end of the picture than at the other before it matters."""

_SHARE = 0.45  # of the top speed: rows with less hold the edges of things, or nothing


def usual_speed(speed: NDArray[np.floating]) -> NDArray[np.float64]:
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


def top_speed(speed: NDArray[np.floating]) -> NDArray[np.float64]:
    """Say how fast the fastest things are at each height, (rows,), NaN but in the rows around the fastest."""
    top = np.percentile(speed.max(2), 99, axis=0).astype(np.float64)
    fastest = int(top.argmax())
    slow = np.flatnonzero(top < _SHARE * top[fastest])
    before, after = slow[slow < fastest], slow[slow > fastest]
    first = before[-1] + 1 if len(before) else 0
    last = after[0] if len(after) else len(top)
    top[:first], top[last:] = np.nan, np.nan
    return top


def sizes(speed: NDArray[np.floating]) -> NDArray[np.float64]:
    """Say how much larger things are at each height than in the middle of where they are: (rows,), about 1.

    Two numbers are fitted to the usual speeds, so that little footage will do; beyond the heights at which things move
    it goes on as there.
    """
    profile = usual_speed(speed)
    known = np.flatnonzero(profile > 0)
    if len(known) < 2:
        return np.ones(len(profile))
    slope, _ = np.polyfit(known, np.log(profile[known]), 1)
    rows = np.clip(np.arange(len(profile)), known[0], known[-1])
    return np.exp(slope * (rows - (known[0] + known[-1]) / 2))


def looks_along(speed: NDArray[np.floating], *, top: bool = False) -> bool:
    """Say whether the usual speed (K, rows, columns) grows, or shrinks, steadily down the picture.

    top: whether the top speed may say so, too. It sees what the usual one does not where rows hold mostly the edges of
    things, of which small cells show more than large ones.
    """
    return _changes_steadily(usual_speed(speed)) or (top and _changes_steadily(top_speed(speed)))


def _changes_steadily(profile: NDArray[np.float64]) -> bool:
    """Say whether a profile of speeds grows, or shrinks, steadily down the picture, by more than OBLIQUE."""
    known = np.flatnonzero(profile > 0)
    if len(known) < 4:
        return False
    logs = np.log(profile[known])
    slope, _ = np.polyfit(known, logs, 1)
    steadiness = 0.0 if logs.std() == 0 else abs(np.corrcoef(known, logs)[0, 1])
    return bool(steadiness > 0.7 and abs(slope) * (known[-1] - known[0]) > np.log(OBLIQUE))
