"""Scores of one video as a `.npz` that other programs read with plain numpy.

frames        float32 (N,), one score for each frame; higher is stranger
fps           float64, frames a second; fps_fraction int64 (2,), the same exactly
sha256        the video's SHA-256, as text
track__NAME   float32 (m,); value i belongs to frame offset + i * stride of track_place__NAME, int64 (2,)
              (stride, offset)
heatmap       uint8 (M, gh, gw), with heatmap_frames int64 (M,), heatmap_range float64 (2,), what 0 and 255
              stand for, and heatmap_region float64 (4,), left, top, right, bottom as fractions of the frame
pattern_actual    float32 (K, D), with pattern_starts int64 (K,) and pattern_length; pattern_generated
                  float32 (K, M, D) where the detector generates
refinement_NAME   of a detector that refines pseudo-labels: the fields of `detectors.base.Refinement`
person_KIND__I    of tracked person number I: track, frames, boxes, keypoints, scores
notes         sentences to read beside the scores, as text (n,), where there are some
open_end      bool, true where the footage may go on after the last frame that has a score, since only poses were given
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.artifacts import write_atomically
from detectors.base import ConfigError, Heatmaps, Patterns, Person, Refinement, Track, VideoScores

_REFINEMENT = tuple(part.name for part in fields(Refinement))
_PERSON = ("track", "frames", "boxes", "keypoints", "scores")


def save(path: Path, scores: VideoScores, *, fps: Fraction, sha256: str, open_end: bool = False) -> None:
    """Write the scores of one video in one step."""
    arrays: dict[str, Any] = {
        "frames": scores.frames,
        "fps": np.float64(fps),
        "fps_fraction": np.array([fps.numerator, fps.denominator], np.int64),
        "sha256": np.array(sha256),
    }
    for name, track in scores.tracks.items():
        arrays[f"track__{name}"] = track.values
        arrays[f"track_place__{name}"] = np.array([track.stride, track.offset], np.int64)
    if maps := scores.heatmaps:
        arrays |= {
            "heatmap": maps.values,
            "heatmap_frames": maps.frames,
            "heatmap_range": np.array([maps.low, maps.high]),
            "heatmap_region": np.array(maps.region),
        }
    if patterns := scores.patterns:
        arrays |= {
            "pattern_actual": patterns.actual,
            "pattern_starts": patterns.starts,
            "pattern_length": np.int64(patterns.length),
        }
        if patterns.generated is not None:
            arrays["pattern_generated"] = patterns.generated
    if refinement := scores.refinement:
        arrays |= {f"refinement_{name}": np.asarray(getattr(refinement, name)) for name in _REFINEMENT}
        arrays["refinement_bank_videos"] = np.array(refinement.bank_videos, np.str_)
    if scores.notes:
        arrays["notes"] = np.array(scores.notes, np.str_)
    if open_end:
        arrays["open_end"] = np.array(True)
    for i, person in enumerate(scores.people or ()):
        arrays |= {f"person_{kind}__{i}": getattr(person, kind) for kind in _PERSON}
    write_atomically(path, lambda draft: np.savez_compressed(draft, **arrays))


def read(path: Path) -> VideoScores:
    """Read what `save` wrote. Raises ConfigError if the file is not such a file."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _scores({name: archive[name] for name in archive.files})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"{path.name} holds no scores that can be read ({error}). Score the video again."
        ) from None


def has_open_end(path: Path) -> bool:
    """Say whether the footage may go on after the last score. Raises ConfigError as `read` does."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return "open_end" in archive.files
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"{path.name} holds no scores that can be read ({error}). Score the video again."
        ) from None


def _scores(arrays: dict[str, NDArray[Any]]) -> VideoScores:
    tracks = {}
    for name in arrays:
        if name.startswith("track__"):
            short = name.removeprefix("track__")
            tracks[short] = Track(arrays[name], *map(int, arrays[f"track_place__{short}"]))
    heatmaps = patterns = None
    if "heatmap" in arrays:
        low, high = map(float, arrays["heatmap_range"])
        left, top, right, bottom = map(float, arrays["heatmap_region"])
        heatmaps = Heatmaps(
            arrays["heatmap"], arrays["heatmap_frames"], low, high, (left, top, right, bottom)
        )
    if "pattern_actual" in arrays:
        patterns = Patterns(
            arrays["pattern_actual"],
            arrays["pattern_starts"],
            int(arrays["pattern_length"]),
            arrays.get("pattern_generated"),
        )
    numbers = sorted(
        int(found[1]) for name in arrays if (found := re.fullmatch(r"person_track__(\d+)", name))
    )
    people = tuple(
        Person(int(arrays[f"person_track__{i}"]), *(arrays[f"person_{kind}__{i}"] for kind in _PERSON[1:]))
        for i in numbers
    )
    frames = arrays["frames"]
    if frames.ndim != 1 or not np.isfinite(frames).all():
        raise ValueError("frames must be one finite number for each frame")
    return VideoScores(
        frames,
        tracks,
        heatmaps,
        patterns,
        people or None,
        _refinement(arrays) if "refinement_starts" in arrays else None,
        tuple(map(str, arrays.get("notes", ()))),
    )


def _refinement(arrays: dict[str, NDArray[Any]]) -> Refinement:
    found: dict[str, Any] = {name: arrays[f"refinement_{name}"] for name in _REFINEMENT}
    found["length"] = int(found["length"])
    found["bank_videos"] = tuple(map(str, found["bank_videos"]))
    return Refinement(**found)
