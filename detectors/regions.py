"""Pixel masks, heatmaps and people -> regions that `region_metrics` can judge."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.base import Heatmaps, Person, VideoScores
from detectors.region_metrics import FoundRegions, TrueRegions, overlaps

SMALLEST_SHARE = 1e-4  # of the frame: a mask's specks are slips of the pen, not things (Ped2: 9 pixels)
LONGEST_GAP = 5  # frames that a thing may be hidden, say behind a lamp post, and still be the same thing
MOST_REGIONS = 8  # of one heatmap; a picture with more peaks than this is noise


def of_masks(mask: NDArray[np.bool_]) -> TrueRegions:
    """Find the true regions and tracks of a video in its pixel mask, bool (T, H, W).

    A region is the bounding box of an 8-connected component of at least `SMALLEST_SHARE` of the frame. A region
    goes on with the track whose last region, at most `LONGEST_GAP` frames before the one just gone, it overlaps
    most (IoU above 0), pairs with the most overlap first, one region to a track; what is left begins a new track.
    So two things that touch are one track until they part, and a thing that jumps by more than its size is two.
    """
    smallest = SMALLEST_SHARE * mask.shape[1] * mask.shape[2]
    frames, boxes, tracks = [], [], []
    last: dict[int, tuple[int, NDArray[np.float64]]] = {}
    following = 0
    for frame in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        here = _components(mask[frame], smallest=smallest)
        last = {track: seen for track, seen in last.items() if frame - seen[0] <= LONGEST_GAP + 1}
        known = list(last)
        numbers = np.full(len(here), -1)
        if known and len(here):
            shared = overlaps(here, np.stack([last[track][1] for track in known]))
            while shared.max() > 0:
                region, place = divmod(int(shared.argmax()), len(known))
                numbers[region] = known[place]
                shared[region], shared[:, place] = 0, 0
        for region, box in enumerate(here):
            if numbers[region] < 0:
                numbers[region], following = following, following + 1
            last[int(numbers[region])] = frame, box
        frames += [frame] * len(here)
        boxes += list(here)
        tracks += numbers.tolist()
    return TrueRegions(
        np.array(frames, np.int64), np.array(boxes, np.float64).reshape(-1, 4), np.array(tracks, np.int64)
    )


def found_in(scores: VideoScores, *, width: int, height: int) -> FoundRegions:
    """Take the people of a detector that has them, else what its heatmaps point at (none: no region)."""
    if scores.people is not None:
        return of_people(scores.people)
    if scores.heatmaps is None:
        return of_people(())
    return of_heatmaps(scores.heatmaps, n_frames=len(scores.frames), width=width, height=height)


def of_people(people: Sequence[Person]) -> FoundRegions:
    """Take each person's box in each frame as a region with the person's score there."""
    return FoundRegions(
        np.concatenate([np.empty(0, np.int64), *(person.frames for person in people)]),
        np.concatenate([np.empty((0, 4)), *(person.boxes for person in people)]),
        np.concatenate([np.empty(0), *(person.scores for person in people)]),
    )


def of_heatmaps(heatmaps: Heatmaps, *, n_frames: int, width: int, height: int) -> FoundRegions:
    """Find the regions a video's heatmaps point at, in a picture of width x height pixels.

    Peak by peak from the highest on, at most `MOST_REGIONS` a map: the region is the bounding box of the cells
    around the peak that reach half of it (of what lies above the map's lowest value 0), and its score is the peak;
    its cells are taken out before the next peak is looked for. Half of its own peak, and not one threshold for all,
    because a threshold that outlines a faint thing drowns a strong one. A frame without a map takes the nearest.
    """
    values, lit = heatmaps.values, heatmaps.values.any(axis=(1, 2))
    left, top, right, bottom = heatmaps.region
    cell = np.array([(right - left) * width / values.shape[2], (bottom - top) * height / values.shape[1]] * 2)
    corner = np.array([left * width, top * height] * 2)
    frames, boxes, scores = [], [], []
    for place, span in zip(np.flatnonzero(lit), _nearest(heatmaps.frames, n_frames)[lit], strict=True):
        for box, peak in _peaks(values[place]):
            frames.append(np.arange(*span))
            boxes.append(np.tile(corner + box * cell, (len(frames[-1]), 1)))
            scores.append(np.full(len(frames[-1]), float(peak)))
    return FoundRegions(
        np.concatenate([np.empty(0, np.int64), *frames]),
        np.concatenate([np.empty((0, 4)), *boxes]),
        np.concatenate([np.empty(0), *scores]),
    )


def _nearest(frames: NDArray[np.int64], n_frames: int) -> NDArray[np.int64]:
    """Give the frames [start, stop) that are nearest to each map's frame: (M, 2); the earlier map wins a tie."""
    between = (frames[1:] + frames[:-1]) // 2 + 1
    return np.stack([np.append(0, between), np.append(between, n_frames)], axis=1)


def _peaks(values: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], int]]:
    left = values.copy()
    found: list[tuple[NDArray[np.float64], int]] = []
    while len(found) < MOST_REGIONS and (peak := int(left.max())) > 0:
        labels = cv2.connectedComponents(
            (2 * left.astype(np.int32) >= peak).astype(np.uint8), connectivity=8
        )[1]
        own = labels == labels.flat[int(left.argmax())]
        rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
        found.append((np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64), peak))
        left[own] = 0
    return found


def _components(mask: NDArray[np.bool_], *, smallest: float) -> NDArray[np.float64]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = stats[1:count][stats[1:count, cv2.CC_STAT_AREA] >= smallest]
    boxes = kept[:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]].astype(np.float64)
    boxes[:, 2:] += kept[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return boxes
