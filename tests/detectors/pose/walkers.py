"""People whose every number is known."""

import numpy as np

from detectors.pose.people import PosedPerson, boxes_around


def walker(track: int = 1, *, first: int = 0, frames: int = 5, seed: int = 0) -> PosedPerson:
    random = np.random.default_rng(seed + track)
    stance = random.uniform([300, 100], [360, 280], (17, 2))
    steps = np.arange(frames)[:, None, None] * np.array([3.0, 0.5])
    keypoints = np.concatenate([stance + steps, random.uniform(0.3, 1, (frames, 17, 1))], axis=-1)
    keypoints = np.round(keypoints, 3).astype(np.float32)
    return PosedPerson(
        track=track,
        frames=np.arange(first, first + frames, dtype=np.int64),
        boxes=boxes_around(keypoints),
        keypoints=keypoints,
        confidence=random.uniform(1, 3, frames).astype(np.float32),
    )
