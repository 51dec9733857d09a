"""From likelihoods of segments to scores of frames, people and places (section 3.5 and the released code).

A segment's score is its negative log-likelihood in bits per dimension, so that higher is stranger; a frame's is that of
its strangest person. A frame without anybody is as usual as the most usual segment of the training footage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from detectors.base import ConfigError, Heatmaps, Meter, Patterns, Person, Track, VideoScores
from detectors.evaluation import gaussian
from detectors.pose.people import PosedPerson
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.frozen import Frozen
from detectors.stgnf.segments import Ints, Segments

Floats = NDArray[np.float32]

HEATMAP_STRIDE = 4
HEATMAP_CELLS = (18, 32)  # rows, columns
RELEASED_SIGMAS = (1, 2, 3, 4, 5, 6)
"""Frames. The released code smooths with each of these Gaussians, one after the other."""

NOBODY = (
    "No person is visible in this video, so all of its frames are as usual as can be. This detector judges people and "
    "nothing else."
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of usual segments, in bits per dimension: least, median and 99.9th percentile."""

    floor: float
    centre: float
    top: float

    @classmethod
    def of(cls, bits: Floats) -> Calibration:
        return cls(float(bits.min()), float(np.median(bits)), float(np.percentile(bits, 99.9)))

    @classmethod
    def from_array(cls, values: NDArray[np.float64]) -> Calibration:
        if not values[0] <= values[1] <= values[2]:
            raise ConfigError("The model file holds scores of usual people that are out of order.")
        return cls(*map(float, values))

    def array(self) -> NDArray[np.float64]:
        return np.array([self.floor, self.centre, self.top])


@dataclass(frozen=True, slots=True)
class Measured:
    """N segments with their scores, in the order of people and frames.

    bits: float32 (N,). person, starts, lasts: as of `Segments`. patterns: float32 (K, D), the latent vector of the
    strangest segment that begins in each window of T frames; pattern_starts: (K,), where it begins.
    """

    bits: Floats
    person: Ints
    starts: Ints
    lasts: Ints
    patterns: Floats
    pattern_starts: Ints


def measure(
    frozen: Frozen, segments: Iterable[Segments], *, length: int, meter: Meter | None = None
) -> Measured:
    """Score segments as they come; latent vectors are kept of the strangest in each window alone."""
    found: list[tuple[Floats, Segments]] = []
    strangest: dict[int, tuple[float, int, Floats]] = {}
    for part in segments:
        bits, latent = frozen.bits(part.planes)
        _keep_strangest(strangest, bits, part.starts, latent, length=length)
        found.append((bits, part))
        if meter is not None:
            meter.advance(0)
    nothing = np.empty(0, np.int64)
    order = sorted(strangest)
    return Measured(
        np.concatenate([bits for bits, _ in found]) if found else np.empty(0, np.float32),
        np.concatenate([part.person for _, part in found]) if found else nothing,
        np.concatenate([part.starts for _, part in found]) if found else nothing,
        np.concatenate([part.lasts for _, part in found]) if found else nothing,
        np.stack([strangest[window][2] for window in order]) if found else np.empty((0, 0), np.float32),
        np.array([strangest[window][1] for window in order], np.int64),
    )


def _keep_strangest(
    strangest: dict[int, tuple[float, int, Floats]],
    bits: Floats,
    starts: Ints,
    latent: Tensor,
    *,
    length: int,
) -> None:
    windows = starts // length
    order = np.lexsort((bits, windows))
    last = np.append(windows[order][1:] != windows[order][:-1], True)
    for i in order[last]:
        window, score = int(windows[i]), float(bits[i])
        if window not in strangest or score > strangest[window][0]:
            vector = latent[:, :, int(i)].permute(0, 2, 1).flatten().float().cpu().numpy()  # (2, T, V)
            strangest[window] = (score, int(starts[i]), vector)


def judge(
    measured: Measured,
    people: Sequence[PosedPerson],
    config: StgNfConfig,
    *,
    calibration: Calibration | None,
    n_frames: int,
    size: tuple[int, int],
) -> VideoScores:
    """Score every frame and person. size: height and width of the frames.

    calibration: None for a model that was not trained here; the most usual segment of the video takes its place.
    """
    own = Calibration.of(measured.bits) if len(measured.bits) else Calibration(0.0, 0.0, 0.0)
    calibration = calibration or own
    floor = calibration.floor
    scored = [_of_person(measured, i, person.frames, config, floor=floor) for i, person in enumerate(people)]
    raw = np.full(n_frames, floor, np.float32)
    count = np.zeros(n_frames, np.float32)
    for person, scores in zip(people, scored, strict=True):
        np.maximum.at(raw, person.frames, scores)
        count[person.frames] += 1
    frames = released_smoothing(raw).astype(np.float32) if config.smoothing == "released" else raw
    judged = tuple(
        Person(person.track, person.frames, person.boxes, person.keypoints, scores)
        for person, scores in zip(people, scored, strict=True)
    )
    return VideoScores(
        frames=frames,
        tracks={"strangest_person": Track(raw), "people": Track(count)},
        heatmaps=_heatmaps(judged, calibration, n_frames=n_frames, size=size),
        patterns=Patterns(measured.patterns, measured.pattern_starts, config.segment_length)
        if len(measured.pattern_starts)
        else None,
        people=judged or None,
        notes=_notes(measured, people, config),
    )


def _notes(measured: Measured, people: Sequence[PosedPerson], config: StgNfConfig) -> tuple[str, ...]:
    if not people:
        return (NOBODY,)
    unscored = len(people) - len(np.unique(measured.person))
    if unscored == len(people):
        return (
            f"Nobody in this video is seen for {config.segment_length} frames in a row, which is what this detector judges, "
            "so all of its frames are as usual as can be.",
        )
    if unscored:
        return (
            f"{unscored} of {len(people)} people are not judged: they are not seen for {config.segment_length} frames in "
            "a row.",
        )
    return ()


def _of_person(measured: Measured, place: int, frames: Ints, config: StgNfConfig, *, floor: float) -> Floats:
    """Give the score of one person in each frame they are seen: of the segment whose middle is nearest."""
    own = measured.person == place
    if not own.any():
        return np.full(len(frames), floor, np.float32)
    middles = measured.starts[own] + config.segment_length // 2
    bits = np.maximum(measured.bits[own], floor)
    after = np.searchsorted(middles, frames).clip(1, max(len(middles) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(middles) - 1)
    nearest = np.where(np.abs(frames - middles[before]) <= np.abs(middles[after] - frames), before, after)
    scores = bits[nearest]
    if not config.whole_tracks:
        scores = np.where(np.abs(frames - middles[nearest]) <= config.scoring_stride // 2, scores, floor)
    return scores.astype(np.float32)


def released_smoothing(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Smooth the curve of one video as the released code does, about one Gaussian of 9.5 frames."""
    smooth = np.asarray(values, np.float64)
    for sigma in RELEASED_SIGMAS:
        smooth = gaussian(smooth, sigma=sigma)
    return smooth


def _heatmaps(
    people: Sequence[Person], calibration: Calibration, *, n_frames: int, size: tuple[int, int]
) -> Heatmaps:
    """Paint each person's box with their score, the strangest on top; one scale for all videos of a model."""
    low = calibration.centre
    high = low + max(2 * (calibration.top - low), 1e-3)
    rows, columns = HEATMAP_CELLS
    values = np.zeros((-(-n_frames // HEATMAP_STRIDE), rows, columns), np.uint8)
    for frame, box, score in _seen_every(people, HEATMAP_STRIDE):
        shade = int(np.clip((score - low) / (high - low), 0, 1) * 255)
        left, right = box[[0, 2]] / size[1] * columns
        top, bottom = box[[1, 3]] / size[0] * rows
        # at least the cell that the middle lies in
        area = values[
            frame // HEATMAP_STRIDE,
            max(int(top), 0) : max(int(np.ceil(bottom)), int(top) + 1, 0),
            max(int(left), 0) : max(int(np.ceil(right)), int(left) + 1, 0),
        ]
        np.maximum(area, shade, out=area)
    return Heatmaps(values, np.arange(0, n_frames, HEATMAP_STRIDE), low, high)


def _seen_every(people: Sequence[Person], stride: int) -> Iterator[tuple[int, Floats, float]]:
    for person in people:
        for i in np.flatnonzero(person.frames % stride == 0):
            yield int(person.frames[i]), person.boxes[i], float(person.scores[i])
