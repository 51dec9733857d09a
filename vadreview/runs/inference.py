"""The only door from the application into the detectors; footage/media.py has one of its own, for video.

Importing this module loads no torch, so the web process may; only `train` and `score` do, in workers.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from pydantic import ValidationError

import detectors
from detectors import artifacts, base, metrics, weights
from detectors.array_cache import FOLDER_VARIABLE
from detectors.base import Heatmaps, Patterns, Progress, Refinement, VideoScores
from detectors.phases import occurring, reached
from detectors.segments import Interval, Policy, Threshold, find, resolve_threshold, smooth
from detectors.video import Index
from vadreview import errors
from vadreview.footage.models import Video
from vadreview.runs import lessons
from vadreview.runs.models import Run
from vadreview.runs.places import Place

__all__ = [
    "Heatmaps",
    "Interval",
    "ModelDamaged",
    "Patterns",
    "Place",
    "Policy",
    "Progress",
    "Refinement",
    "Report",
    "Threshold",
    "Trained",
    "VideoScores",
    "catalogue",
    "compared",
    "configure",
    "cost",
    "explain",
    "find",
    "frame_metrics",
    "motion",
    "parse_policy",
    "phase_title",
    "region_metrics",
    "resolve_threshold",
    "score",
    "smooth",
    "title",
    "train",
    "whole",
]

Report = Callable[[Progress], None]


class ModelDamaged(errors.Conflict):
    """The model of a run is not there, or not what training wrote."""


def parse_policy(fields: Mapping[str, Any]) -> Policy:
    """Make a policy of what a person sent, defaults for what is missing. Raises Invalid with the fields."""
    try:
        return Policy(**fields)
    except ValidationError as error:
        wrong = {
            ".".join(["policy", *(str(part) for part in found["loc"])]): found["msg"].removeprefix(
                "Value error, "
            )
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        }
        name, first = next(iter(wrong.items()))
        raise errors.Invalid(f"{name}: {first}", code="invalid_policy", fields=wrong) from None


# ---- what there is to choose from ----


def catalogue() -> list[dict[str, Any]]:
    """Describe every detector as the run form shows it; `weights_missing` names files that are not there."""
    found = []
    for name in detectors.names():
        about = detectors.describe(name)
        presets = [
            {
                "name": preset_name,
                "description": preset["purpose"],
                "config": preset["config"],
                "cost": preset["cost"],
                "needs_weights": preset["needs_weights"],
                "weights_missing": _missing(preset["needs_weights"]),
            }
            for preset_name, preset in about["presets"].items()
        ]
        needed = sorted({weight for preset in presets for weight in preset["needs_weights"]})
        found.append(
            {
                "name": name,
                "title": about["title"],
                "summary": about["description"],
                "paper": about["paper"],
                "sees": about["sees"],
                "misses": about["cannot_see"],
                "recommended": about["recommended"],
                "schema": about["schema"],
                "presets": presets,
                "needs_weights": needed,
                "weights_missing": _missing(needed),
            }
        )
    return found


def _missing(names: Iterable[str]) -> list[str]:
    missing = []
    for name in names:
        try:
            weights.path(name)
        except base.MissingWeights:
            missing.append(name)
    return missing


def require_weights(detector: str, preset: str) -> None:
    """Raise Invalid where a preset needs pretrained files that are not there, with the ways to get them."""
    needed = detectors.describe(detector)["presets"][preset]["needs_weights"]
    missing = [name for name in needed if name in _missing([name])]
    if missing:
        sentence = (
            f"The preset “{preset}” needs pretrained files that are not on this server: {', '.join(missing)}. "
            f"Whoever runs it can get them with “python -m detectors.weights fetch {missing[0]}” (“list” shows where "
            "each comes from, and its licence), or let VADREVIEW_WEIGHTS name a folder that holds them."
        )
        raise errors.Invalid(sentence, code="weights_missing", fields={"preset": sentence})


def title(detector: str) -> str:
    """Return a detector's title; the name itself for one that this version no longer has."""
    return detectors.about(detector).title if detector in detectors.names() else detector


def phase_title(detector: str, phase: str) -> str:
    """Return the name of a phase of training as people read it."""
    declared = detectors.about(detector).phases if detector in detectors.names() else ()
    named = {one.name: one.title for one in declared}
    return named.get(phase) or phase.replace("_", " ").strip().capitalize()


def whole(run: Run) -> Callable[[Progress], float]:
    """Return what says how far the whole fitting of a run is, 0 to 1, by a report of one of its phases."""
    config = _config(run.detector, run.preset, run.config)
    phases = occurring(detectors.about(run.detector).phases, config)

    def fraction(progress: Progress) -> float:
        return reached(phases, progress.phase, progress.done / progress.total if progress.total else 0.0)

    return fraction


def cost(detector: str, preset: str) -> dict[str, Any] | None:
    """Return the measured seconds of work of a preset, or None where nobody has measured them."""
    if detector not in detectors.names():
        return None
    return detectors.describe(detector)["presets"].get(preset, {}).get("cost")


def configure(detector: str, *, preset: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole configuration as JSON values. Raises Invalid, with a field for each bad setting."""
    if detector not in detectors.names():
        sentence = f"There is no detector “{detector}”; choose one of {', '.join(detectors.names())}."
        raise errors.Invalid(sentence, fields={"detector": sentence})
    presets = detectors.describe(detector)["presets"]
    if preset not in presets:
        sentence = f"{title(detector)} has no preset “{preset}”; choose one of {', '.join(presets)}."
        raise errors.Invalid(sentence, fields={"preset": sentence})
    bad = {}
    for name, value in overrides.items():
        try:
            _config(detector, preset, {name: value})
        except base.ConfigError as error:
            bad[f"overrides.{name}"] = str(error).removeprefix(f"{name}: ")
    try:
        config = _config(detector, preset, overrides)
    except base.ConfigError as error:
        # each setting may be fine on its own, and two of them not fit together
        raise errors.Invalid(str(error), fields=bad or {"overrides": str(error)}) from None
    return config.model_dump(mode="json")


def _config(detector: str, preset: str, values: Mapping[str, Any]) -> base.Config:
    # a setting that a person made up must not be taken for an argument of `configure`
    known = set(detectors.describe(detector)["schema"]["properties"])
    for name in values:
        if name not in known:
            raise base.ConfigError(
                f"There is no setting “{name}”; the settings are {', '.join(sorted(known))}."
            )
    return detectors.configure(detector, preset=preset, **values)


# ---- evaluation ----


def frame_metrics(
    scores: Mapping[str, NDArray[np.float32]], labels: Mapping[str, NDArray[np.int8]]
) -> dict[str, Any]:
    """Judge frame scores against frame labels (1 = abnormal): see detectors.metrics."""
    return dict(metrics.frame_metrics(scores, labels))


MOST_RESAMPLED = 10_000  # frames


def compared(
    first: Mapping[str, NDArray[np.float64]],
    second: Mapping[str, NDArray[np.float64]],
    labels: Mapping[str, NDArray[np.int8]],
    *,
    metric: metrics.Metric,
    resamples: int,
) -> dict[str, dict[str, float | None]]:
    """Judge two runs on the same frames: the figure of each and of their difference, with bootstrap bounds.

    The bounds take every n-th frame of long footage: neighbours are near copies, and a person waits for this.
    """
    step = max(1, sum(map(len, labels.values())) // MOST_RESAMPLED)
    thin = [{name: values[::step] for name, values in one.items()} for one in (first, second, labels)]
    values = [metrics.frame_metrics(scores, labels)[metric] for scores in (first, second)]
    known = values[0] is not None and values[1] is not None
    resampled = metrics.bootstrap_pair(
        *thin,
        metric=metric,
        resamples=resamples,
        over_videos=len(labels) > 1,
        block_frames=max(1, 100 // step),
    )
    bounds = dict(zip(("before", "after", "difference"), resampled, strict=True))
    found = {"before": values[0], "after": values[1], "difference": None}
    if known:
        found["difference"] = float(values[1] or 0) - float(values[0] or 0)
    return {
        name: {
            "value": value,
            "low": bounds[name].low if bounds[name] else None,
            "high": bounds[name].high if bounds[name] else None,
        }
        for name, value in found.items()
    }


def region_metrics(places: Iterable[Place]) -> dict[str, Any]:
    """Compute RBDC and TBDC: see detectors.region_metrics. One mask is in memory at a time if `places` yields so."""
    from detectors import region_metrics as judge
    from detectors import regions

    found, truth, frames, seen = {}, {}, 0, False
    for place in places:
        frames += place.frames
        if place.people:
            found[place.name] = judge.FoundRegions(
                *(np.asarray(place.people[name]) for name in ("frames", "boxes", "scores"))
            )
        elif place.maps is not None:
            about = place.heatmap
            maps = Heatmaps(
                values=place.maps,
                frames=about["offset"] + about["stride"] * np.arange(len(place.maps)),
                low=about["low"],
                high=about["high"],
                region=tuple(about["region"]),
            )
            found[place.name] = regions.of_heatmaps(
                maps, n_frames=place.frames, width=place.width, height=place.height
            )
        seen |= place.name in found
        if place.mask is not None:
            truth[place.name] = regions.of_masks(place.mask)
    figures = dict(judge.region_metrics(found, truth, frames=frames))
    if not seen:
        reason = "this run says when something is strange, but not where: it has no heatmap and no people"
        figures |= {"rbdc": None, "tbdc": None, "undefined": {"rbdc": reason, "tbdc": reason}}
    return figures


# ---- work ----


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained detector on disk; `device` is where it was trained."""

    sha256: str
    device: str


def train(run: Run, videos: Iterable[Video], *, progress: Report) -> Trained:
    """Train the run's detector, going on from its checkpoint if there is one, and write its model."""
    _keep_motion()
    config = _config(run.detector, run.preset, run.config)
    detector = detectors.create(
        run.detector, preset=run.preset, seed=run.seed, device=run.device, **config.model_dump()
    )
    detector.fit(
        [_opened(video) for video in videos],
        supervision=_supervision(run),
        checkpoint=run.checkpoint,
        warm_start=_model_before(run),
        progress=progress,
    )
    return Trained(sha256=detector.save(run.model), device=_device(run.device))


def _model_before(run: Run) -> Path | None:
    """Return the model that training begins from, where the run asks for one. Raises ModelDamaged."""
    if not run.warm_start:
        return None
    path = run.parent.model / artifacts.MODEL_FILE if run.parent else None
    if path is None or not path.is_file() or artifacts.sha256_of(path) != run.parent.model_sha256:
        raise ModelDamaged(
            "The model that this run was to begin from is gone or damaged. Teach again without “begin from the last "
            "model”; the verdicts are kept."
        )
    return path.parent


def _supervision(run: Run) -> base.Supervision | None:
    """What the run is told of verdicts: its frozen lesson, never what people say by now."""
    if not run.lesson:
        return None
    labels, disputed = lessons.labels_of(run.lesson)
    return base.Supervision(labels, disputed)


def score(run: Run, video: Video, *, progress: Report) -> VideoScores:
    """Score one video with the run's model. Raises ModelDamaged when that is not what training wrote."""
    _keep_motion()
    path = run.model / artifacts.MODEL_FILE
    if not path.is_file() or artifacts.sha256_of(path) != run.model_sha256:
        raise ModelDamaged(
            "The trained model of this run is missing or damaged on the server. Retry the run: it trains again."
        )
    return detectors.load(run.model, device=run.device).score(_opened(video), progress=progress)


def motion(video: Video, *, progress: Report) -> dict[str, base.Track]:
    """Compute a video's own reference curves: how much moves in each frame. Needs no torch."""
    from detectors import flow

    curves = flow.motion_reference(_opened(video), progress=progress)
    return {f"motion_{name}": base.Track(values) for name, values in curves.items()}


def _opened(video: Video) -> base.Video:
    try:
        index = Index.load(video.derived / "index.npz")  # ingest made it: spares a pass over the whole file
    except (OSError, ValueError, KeyError, BadZipFile):
        index = None
    # the detectors know a video by its id: names of files may repeat
    return base.Video(video.source, name=str(video.pk), sha256=video.sha256 or None, index=index)


def _keep_motion() -> None:
    """Have the detectors keep the motion they compute: scoring, and the next run, read it again."""
    os.environ[FOLDER_VARIABLE] = str(settings.CACHE_DIR / "motion")


def _device(asked: str) -> str:
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def explain(error: Exception) -> str | None:
    """Turn an error of the work into a sentence for people; None for one that nobody foresaw."""
    if isinstance(error, base.DetectorError | base.UnreadableVideo | errors.DomainError):
        return str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return (
            "The memory was not enough for this. Choose smaller settings (size, batch size, fewer training "
            "frames), or a machine with more memory, and retry."
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The server's disk is full. Make room (delete runs or videos that are not needed), then retry."
    return None
