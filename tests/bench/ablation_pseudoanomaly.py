"""The paper's ablation of the pseudo-anomaly autoencoders on Ped2, with no pretrained part.

Each stream alone and both together, trained with and without pseudo-anomalies; the last epoch, nothing chosen on
test labels. The two streams do not move each other in training, so one training of both gives all three rows.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import detectors
from detectors.base import VideoScores
from detectors.evaluation import gaussian, read_labels
from detectors.field_cache import FOLDER_VARIABLE
from detectors.metrics import frame_metrics
from detectors.pseudoanomaly import benchmark
from detectors.video import Video, find_videos
from tests.bench.bench_detectors import footage

Curves = dict[str, NDArray[np.float64]]
Figure = Callable[[str, float, str, str | None], None]

WITHOUT: dict[str, Any] = {"motion_ratio": 0.0, "appearance_ratio": 0.0}
TRAININGS: dict[str, dict[str, Any]] = {
    "without pseudo-anomalies": WITHOUT,
    "with (skip; fill)": {},
    "with (mix; fill)": {"motion_pseudo_anomalies": ["mix"]},
}


def of_error(scores: VideoScores, name: str) -> NDArray[np.float64]:
    """The paper's indicator of one stream, for the frames that its protocol scores."""
    error = benchmark.crop(scores.tracks[name].values)
    return benchmark.indicator(error) if name == "appearance_error" else benchmark.motion_indicator(error)


def readouts(found: dict[str, VideoScores]) -> Iterator[tuple[str, Curves, bool]]:
    """Each row of the table: its name, a curve for each video, and whether the paper's protocol crops it."""
    pictures = {name: of_error(scores, "appearance_error") for name, scores in found.items()}
    motion = {name: of_error(scores, "motion_error") for name, scores in found.items()}
    yield "pictures alone, the paper's score", pictures, True
    yield "motion alone, the paper's score", motion, True
    yield "both, the paper's score", {name: (pictures[name] + motion[name]) / 2 for name in found}, True
    for row, track in (
        ("pictures alone, strongest cell", "unexpected_appearance"),
        ("motion alone, strongest cell", "unexpected_motion"),
    ):
        yield row, {name: scores.tracks[track].values.astype(float) for name, scores in found.items()}, False
    yield (
        "calibrated (both, and plain speed)",
        {name: scores.frames.astype(float) for name, scores in found.items()},
        False,
    )


def run(
    folder: Path, *, seeds: list[int], size: int, steps: int, trainings: list[str], figure: Figure
) -> None:
    """Train, score, print one figure a row and seed, and the table of means in Markdown."""
    os.environ.setdefault(FOLDER_VARIABLE, str(folder / "cache"))  # motion and pictures are made once
    scene, train, test, labels_file = footage(folder / "footage")
    videos = [video for path in train for video in find_videos(path)]
    tests: list[Video] = [video for path in test for video in find_videos(path)]
    labels = read_labels(labels_file)
    table: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    untrained: dict[str, float] = {}
    for training in trainings:
        for seed in seeds:
            detector = detectors.create(
                "pseudoanomaly",
                seed=seed,
                device="cpu",
                **{
                    "streams": "both",
                    "size": size,
                    "min_steps": steps,
                    "gate": 0.0,
                    "eta_lingering": 0.0,
                    **TRAININGS[training],
                },
            ).fit(videos)
            found = {video.name: detector.score(video) for video in tests}
            truth = {name: labels[name] for name in found}
            for row, curves, cropped in readouts(found):
                known = {name: benchmark.crop(truth[name]) if cropped else truth[name] for name in found}
                micro = frame_metrics(curves, known)["micro_auc"]
                assert micro is not None
                table[row][training].append(micro)
                figure(f"ablation on {scene}, {row}, {training}, seed {seed}", micro, "micro AUC", None)
            for track, smooth in (("motion_strongest_cell", True), ("motion_time_mean_16", False)):
                plain = {name: scores.tracks[track].values for name, scores in found.items()}
                value = frame_metrics(
                    {name: gaussian(curve) if smooth else curve for name, curve in plain.items()}, truth
                )["micro_auc"]
                assert value is not None
                untrained[f"{track}, Gaussian of 5" if smooth else track] = value
    print(f"\n| {scene}, size {size}, {steps} steps, seeds {seeds} | " + " | ".join(trainings) + " |")
    print("|---|" + "---|" * len(trainings))
    for row, by_training in table.items():
        cells = [f"{np.mean(v):.3f} ({min(v):.3f} to {max(v):.3f})" for v in by_training.values()]
        print(f"| {row} | " + " | ".join(cells) + " |")
    for track, value in untrained.items():
        print(f"| untrained: {track} | {value:.3f} |" + " |" * (len(trainings) - 1))
