"""A run against what is known, in detail: by video, by label, by place, and as curves to look at."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from vadreview import plots
from vadreview.footage.ground_truth import importing
from vadreview.footage.models import KnownVideo, Video
from vadreview.runs import artifacts, curves, evaluation, inference
from vadreview.runs.models import Run, RunVideo, Track

MOST_POINTS = 400  # of a drawn curve


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One scored video that something is known of; all arrays have one value a frame."""

    row: RunVideo
    known: KnownVideo | None
    labels: NDArray[np.int8]
    scores: NDArray[np.float32]
    smoothed: NDArray[np.float64]

    @property
    def video(self) -> Video:
        return self.row.video


def judge(run: Run) -> dict[str, Any] | None:
    """Compute everything that ground truth says of a run; None where nothing is known.

    Kept until scores, threshold, policy or ground truth change.
    """
    rows = run.run_videos.filter(scores=True).select_related("video", "run")
    rows = rows.prefetch_related("video__ground_truth", "video__known").order_by("video__name", "video_id")
    known = [row for row in rows if evaluation.is_known(row.video)]
    tracks = {
        track.video_id: track
        for track in Track.objects.filter(
            run=run, name=curves.SCORE, video__in=[row.video_id for row in known]
        )
    }
    known = [row for row in known if row.video_id in tracks]
    if not known:
        return None
    key = _key(run, known, tracks)
    found = cache.get(key)
    if found is None:
        found = _judge(run, known, tracks)
        cache.set(key, found, timeout=None)
    return found


def _judge(run: Run, known: Sequence[RunVideo], tracks: Mapping[uuid.UUID, Track]) -> dict[str, Any]:
    sigma = inference.parse_policy(run.policy).smooth_sigma_frames
    smoothed = {curve.video: curve.smoothed for curve in curves.of(run, sigma_frames=sigma)}
    judged = []
    for row in known:
        n_frames, track = row.video.n_frames, tracks[row.video_id]
        judged.append(
            _Judged(
                row=row,
                known=next(iter(row.video.known.all()), None),
                labels=evaluation.labels_of(row.video),
                scores=evaluation.per_frame(track, n_frames),
                smoothed=_spread(smoothed[row.video_id], track, n_frames),
            )
        )
    labels = np.concatenate([one.labels for one in judged])
    scores = np.concatenate([one.scores for one in judged])
    alarms = None
    if run.threshold is not None:
        alarms = np.concatenate([one.smoothed for one in judged]) > run.threshold
    return {
        "threshold": run.threshold,
        "where": _where(judged),
        "by_video": [_of_video(one, run.threshold) for one in judged],
        "by_label": _by_label(judged, run.threshold),
        "plots": _plots(labels, scores, alarms),
    }


# ---- when: by video, by label, as curves ----


def _of_video(one: _Judged, threshold: float | None) -> dict[str, Any]:
    figures = inference.frame_metrics({"": one.scores}, {"": one.labels})
    return {
        "video": one.video.pk,
        "name": one.video.name,
        "frames": len(one.labels),
        "abnormal_frames": int(one.labels.sum()),
        "events": len(one.video.ground_truth.all()),
        "events_found": sum(
            bool((one.smoothed[span.start : span.stop] > threshold).any())
            for span in one.video.ground_truth.all()
        )
        if threshold is not None
        else None,
        "auc": figures["micro_auc"],
        "ap": figures["ap"],
    }


def _by_label(judged: Iterable[_Judged], threshold: float | None) -> list[dict[str, Any]]:
    """Judge each label against the frames where nothing is known to be abnormal; other labels' frames are left out."""
    found: dict[str, dict[str, Any]] = {}
    for one in judged:
        for span in one.video.ground_truth.all():
            of = found.setdefault(span.label, {"events": 0, "found": 0, "places": {}})
            of["events"] += 1
            of["places"].setdefault(one, np.zeros(len(one.labels), bool))[span.start : span.stop] = True
            if threshold is not None:
                of["found"] += bool((one.smoothed[span.start : span.stop] > threshold).any())
    usual = np.concatenate([one.scores[one.labels == 0] for one in judged] or [np.empty(0)])
    rows = []
    for label, of in sorted(found.items()):
        strange = np.concatenate([one.scores[place] for one, place in of["places"].items()])
        scores = np.concatenate([strange, usual])
        truth = np.concatenate([np.ones(len(strange), np.int8), np.zeros(len(usual), np.int8)])
        rows.append(
            {
                "label": label,
                "events": of["events"],
                "events_found": of["found"] if threshold is not None else None,
                "frames": len(strange),
                "auc": inference.frame_metrics({"": scores}, {"": truth})["micro_auc"],
            }
        )
    return rows


def _plots(
    labels: NDArray[np.int8], scores: NDArray[np.float32], alarms: NDArray[np.bool_] | None
) -> list[dict[str, Any]]:
    if labels.all() or not labels.any():
        return []
    false, true, _ = roc_curve(labels, scores)
    precision, recall, _ = precision_recall_curve(labels, scores)
    mark = None
    if alarms is not None:
        hits, wrong = int((alarms & (labels == 1)).sum()), int((alarms & (labels == 0)).sum())
        mark = plots.OperatingPoint(
            recall=hits / int(labels.sum()),
            false_alarms=wrong / int((labels == 0).sum()),
            precision=hits / (hits + wrong) if hits + wrong else None,
        )
    drawn = [
        plots.roc(_thin(false), _thin(true), mark=mark),
        plots.precision_recall(_thin(recall), _thin(precision), base=float(labels.mean()), mark=mark),
    ]
    return [plots.as_json(plot) for plot in drawn]


def _thin(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave at most MOST_POINTS of a curve, its ends among them."""
    if len(values) <= MOST_POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, MOST_POINTS).round().astype(int)]


def _spread(values: NDArray[np.float64], track: Track, n_frames: int) -> NDArray[np.float64]:
    place = (np.arange(n_frames) - track.offset) // track.stride
    return values[np.clip(place, 0, len(values) - 1)]


# ---- where ----


def _where(judged: Iterable[_Judged]) -> dict[str, Any] | None:
    """Compute RBDC and TBDC over the videos with pixel masks and those known to be all normal; None without masks."""
    seen = [one for one in judged if (one.known and one.known.has_mask) or not one.labels.any()]
    if not any(one.known and one.known.has_mask for one in seen):
        return None
    return {**inference.region_metrics(_place(one) for one in seen), "videos": len(seen)}


def _place(one: _Judged) -> inference.Place:
    masked = one.known is not None and one.known.has_mask
    return inference.Place(
        name=str(one.video.pk),
        frames=len(one.labels),
        width=one.video.width,
        height=one.video.height,
        maps=artifacts.dense(one.row).get("heatmaps"),
        heatmap=one.row.heatmap,
        people=artifacts.dense(one.row, folder="people"),
        mask=importing.read_mask(one.known) if masked and one.known else None,
    )


def _key(run: Run, rows: Sequence[RunVideo], tracks: Mapping[uuid.UUID, Track]) -> str:
    spans = [
        (str(row.video_id), span.start, span.stop, span.label)
        for row in rows
        for span in row.video.ground_truth.all()
    ]
    known = [str(one.pk) for row in rows for one in row.video.known.all()]
    state = repr(
        (sorted(spans), sorted(known), sorted(str(t.pk) for t in tracks.values()), run.threshold, run.policy)
    )
    return f"judged:{run.pk}:{hashlib.sha256(state.encode()).hexdigest()}"
