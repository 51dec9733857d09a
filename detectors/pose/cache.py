"""Poses kept on disk."""

from __future__ import annotations

import numpy as np

from detectors.array_cache import ArrayCache
from detectors.pose.people import JOINTS, PosedPerson

_NAMES = ("tracks", "lengths", "frames", "boxes", "keypoints", "confidence")


class PoseCache(ArrayCache):
    """The people of videos by key, in a folder of their own."""

    subfolder = "poses"
    default_max_bytes = 2**30

    def read(self, key: str) -> tuple[PosedPerson, ...] | None:
        """Give the people of a key, or None if they are not there whole."""
        found = self.arrays(key, _NAMES)
        if found is None:
            return None
        tracks, lengths, frames, boxes, keypoints, confidence = found
        rows = int(lengths.sum()) if lengths.dtype == np.int64 and lengths.ndim == 1 else -1
        if (
            tracks.shape != lengths.shape
            or (lengths < 1).any()
            or (frames.shape, frames.dtype) != ((rows,), np.int64)
            or (boxes.shape, boxes.dtype) != ((rows, 4), np.float32)
            or (keypoints.shape, keypoints.dtype) != ((rows, JOINTS, 3), np.float32)
            or (confidence.shape, confidence.dtype) != ((rows,), np.float32)
        ):
            return None
        ends = np.cumsum(lengths)
        return tuple(
            PosedPerson(int(track), frames[a:b], boxes[a:b], keypoints[a:b], confidence[a:b])
            for track, a, b in zip(tracks, ends - lengths, ends, strict=True)
        )

    def write(self, key: str, people: tuple[PosedPerson, ...]) -> None:
        """Keep people who have a confidence, and forget older entries if the folder would grow too large."""
        nobody = PosedPerson(
            0,
            np.empty(0, np.int64),
            np.empty((0, 4), np.float32),
            np.empty((0, JOINTS, 3), np.float32),
            np.empty(0, np.float32),
        )
        rows = {
            name: np.concatenate([getattr(person, name) for person in (nobody, *people)])
            for name in _NAMES[2:]
        }
        tracks = np.array([person.track for person in people], np.int64)
        lengths = np.array([len(person.frames) for person in people], np.int64)
        self.keep(key, {"tracks": tracks, "lengths": lengths, **rows})
