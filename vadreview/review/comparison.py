"""What changed from one run to another on the footage that both have scored.

- Proposals are matched by overlap: the same span; moved, when intersection over union is at least SAME; else gone
  (of the first) or appeared (of the second).
- Judged spans are ranked by both: the share of the run's frames that score no higher than the span's highest.
- Figures come with 95 % intervals of a paired bootstrap: over videos where there are several, in blocks of 100
  frames, so that what both have in common does not widen the difference. `untaught` is the same on frames that
  neither run was taught.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vadreview import errors, plots
from vadreview.footage.models import Video
from vadreview.review import queries
from vadreview.review.models import Verdict
from vadreview.runs import curves, inference, lessons
from vadreview.runs.models import Run, Segment

SAME = 0.3
MOST_LISTED = 200
MOST_POINTS = 1500
RESAMPLES = 200

Floats = NDArray[np.float64]


class Pair:
    """Two finished runs, and the videos that both have scored."""

    def __init__(self, first: Run, second: Run) -> None:
        for run in (first, second):
            if run.stage != Run.Stage.DONE:
                raise errors.Conflict(f"“{run}” is {run.stage}; only finished runs can be compared.")
        if first.project_id != second.project_id:
            raise errors.Invalid("These runs belong to different projects; compare two of one project.")
        self.runs = (first, second)
        self.curves = []
        self.ranks = []
        for run in self.runs:
            scored = curves.of(run, sigma_frames=_sigma(run))
            self.curves.append({one.video: one for one in scored})
            self.ranks.append(curves.ranks(scored, sigma_frames=_sigma(run)))
        common = self.curves[0].keys() & self.curves[1].keys()
        if not common:
            raise errors.Conflict(
                "These runs have no scored video in common, so there is nothing to compare."
            )
        self.videos = list(Video.objects.filter(pk__in=common).prefetch_related("ground_truth"))


def _sigma(run: Run) -> float:
    return run.policy.get("smooth_sigma_frames", inference.Policy().smooth_sigma_frames)


def compare(first: Run, second: Run) -> dict[str, Any]:
    """Lay two runs side by side. Raises Conflict where they cannot be compared, Invalid for two projects."""
    pair = Pair(first, second)
    return {
        "videos": [{"id": video.pk, "name": video.name} for video in pair.videos],
        "fairness": _fairness(pair),
        "segments": _segments(pair),
        "ranks": _ranks(pair),
        "figures": _figures(pair),
    }


# ---- is it fair? ----


def _fairness(pair: Pair) -> list[dict[str, Any]]:
    first, second = pair.runs
    only = [len(one.keys() - {video.pk for video in pair.videos}) for one in pair.curves]
    said = [
        (
            not any(only),
            "Both scored the same videos."
            if not any(only)
            else f"Compared on {len(pair.videos)} videos that both scored; the first has {only[0]} more, the second "
            f"{only[1]} more.",
        ),
        _same(_sigma(first), _sigma(second), "Same smoothing.", "Smoothing differs: {} against {} frames."),
        _same(
            _policy(first),
            _policy(second),
            "Same threshold policy.",
            "Threshold policies differ: {} against {}.",
        ),
        _same(first.detector, second.detector, "Same detector.", "Different detectors: {} and {}."),
        _same(
            (first.preset, first.config),
            (second.preset, second.config),
            "Same settings.",
            "Settings differ.",
        ),
        _same(first.seed, second.seed, "Same seed.", "Seeds differ ({} and {}): some of it may be chance."),
        _same(
            _trained(first),
            _trained(second),
            "Learned from the same footage.",
            "Learned from different footage.",
        ),
    ]
    taught = [run for run in pair.runs if run.lesson]
    if taught:
        names = " and ".join(f"“{run}”" for run in taught)
        said.append(
            (
                False,
                f"Human-in-the-loop: verdicts taught {names}. Look at the figures on frames never taught.",
            )
        )
    return [{"fine": fine, "sentence": sentence} for fine, sentence in said]


def _same(one: Any, other: Any, fine: str, differs: str) -> tuple[bool, str]:
    return (True, fine) if one == other else (False, differs.format(one, other))


def _policy(run: Run) -> str:
    policy = run.policy
    return f"{policy.get('method', 'mad')} {policy.get('value', 3):g}"


def _trained(run: Run) -> set[uuid.UUID]:
    return set(run.run_videos.filter(trains=True).values_list("video_id", flat=True))


# ---- what is proposed ----


def _segments(pair: Pair) -> dict[str, Any]:
    wanted = [video.pk for video in pair.videos]
    names = {video.pk: video.name for video in pair.videos}
    of = [
        list(run.segments.filter(audit=False, video__in=wanted).order_by("-score", "video", "start"))
        for run in pair.runs
    ]
    matched = _match(*of)
    same = [(a, b) for a, b in matched if (a.start, a.stop) == (b.start, b.stop)]
    moved = [(a, b) for a, b in matched if (a.start, a.stop) != (b.start, b.stop)]
    seen = {one.pk for both in matched for one in both}
    gone, appeared = ([one for one in side if one.pk not in seen] for side in of)
    return {
        "same": len(same),
        "moved": len(moved),
        "gone": len(gone),
        "appeared": len(appeared),
        "listed": [
            *(
                {"change": "appeared", "before": None, "after": _span(one, names)}
                for one in appeared[:MOST_LISTED]
            ),
            *({"change": "gone", "before": _span(one, names), "after": None} for one in gone[:MOST_LISTED]),
            *(
                {"change": "moved", "before": _span(a, names), "after": _span(b, names)}
                for a, b in moved[:MOST_LISTED]
            ),
        ],
    }


def _match(first: Sequence[Segment], second: Sequence[Segment]) -> list[tuple[Segment, Segment]]:
    """Pair segments of two runs, those that overlap most first; each is in one pair at most."""
    by_video: dict[uuid.UUID, list[Segment]] = {}
    for other in second:
        by_video.setdefault(other.video_id, []).append(other)
    found = [
        (overlap, n, one, other)
        for n, one in enumerate(first)
        for other in by_video.get(one.video_id, [])
        if one.start < other.stop and other.start < one.stop and (overlap := _overlap(one, other)) >= SAME
    ]
    found.sort(key=lambda pair: (-pair[0], pair[1], pair[3].start))
    taken: set[uuid.UUID] = set()
    pairs = []
    for _, _, one, other in found:
        if one.pk not in taken and other.pk not in taken:
            taken |= {one.pk, other.pk}
            pairs.append((one, other))
    return pairs


def _overlap(one: Segment, other: Segment) -> float:
    common = min(one.stop, other.stop) - max(one.start, other.start)
    return common / (max(one.stop, other.stop) - min(one.start, other.start))


def _span(segment: Segment, names: Mapping[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "segment": segment.pk,
        "video": segment.video_id,
        "video_name": names[segment.video_id],
        "start": segment.start,
        "stop": segment.stop,
        "score": segment.score,
    }


# ---- how judged spans moved ----


@dataclass(frozen=True, slots=True)
class _Judged:
    video: uuid.UUID
    start: int
    stop: int
    accepted: bool


def _judged(pair: Pair) -> list[_Judged]:
    rows = queries.current(Verdict.objects.filter(video__in=[video.pk for video in pair.videos]))
    return [
        _Judged(one.video_id, one.start, one.stop, one.decision == Verdict.Decision.ACCEPT)
        for settled in queries.settle(queries.light(rows, "video_id", "start", "stop"))
        if (one := settled.verdict).decision in queries.FIRM and not settled.conflict
    ]


def _ranks(pair: Pair) -> dict[str, Any]:
    names = {video.pk: video.name for video in pair.videos}
    taught = _taught(pair)
    rows = []
    for one in _judged(pair):
        before, after = (
            float(ranks.of(np.array([side[one.video].smoothed[one.start : one.stop].max()]))[0])
            for side, ranks in zip(pair.curves, pair.ranks, strict=True)
        )
        rows.append(
            {
                "video": one.video,
                "video_name": names[one.video],
                "start": one.start,
                "stop": one.stop,
                "decision": "accept" if one.accepted else "reject",
                "before": before,
                "after": after,
                "taught": bool(taught[one.video][one.start : one.stop].any()),
            }
        )
    rows.sort(key=lambda row: -abs(row["after"] - row["before"]))
    mean = {}
    for decision in ("accept", "reject"):
        moved = [row["after"] - row["before"] for row in rows if row["decision"] == decision]
        mean[decision] = float(np.mean(moved)) if moved else None
    return {"accepted_moved": mean["accept"], "rejected_moved": mean["reject"], "listed": rows[:MOST_LISTED]}


def _taught(pair: Pair) -> dict[uuid.UUID, NDArray[np.bool_]]:
    """Say of each frame whether one of the runs was taught it."""
    taught = {video.pk: np.zeros(video.n_frames, np.bool_) for video in pair.videos}
    for run in pair.runs:
        labels = lessons.labels_of(run.lesson)[0] if run.lesson else {}
        for name, label in labels.items():
            if (pk := uuid.UUID(name)) in taught and len(label) == len(taught[pk]):
                taught[pk] |= label != lessons.UNKNOWN
    return taught


# ---- figures ----


def _figures(pair: Pair) -> list[dict[str, Any]]:
    labels = {video.pk: _truth(video) for video in pair.videos if video.ground_truth.all()}
    basis = "ground_truth"
    if not labels:
        basis, labels = "verdicts", _said(pair)
    taught = _taught(pair)
    anything = any(mask.any() for mask in taught.values())
    answer = [_judge(pair, labels, basis=basis, untaught=False)]
    if anything:
        kept = {pk: np.where(taught[pk], -1, label).astype(np.int8) for pk, label in labels.items()}
        answer.append(_judge(pair, kept, basis=basis, untaught=True))
    return [one for one in answer if one is not None]


def _truth(video: Video) -> NDArray[np.int8]:
    label = np.zeros(video.n_frames, np.int8)
    for span in video.ground_truth.all():
        label[span.start : span.stop] = 1
    return label


def _said(pair: Pair) -> dict[uuid.UUID, NDArray[np.int8]]:
    labels = {video.pk: np.full(video.n_frames, -1, np.int8) for video in pair.videos}
    for one in sorted(_judged(pair), key=lambda judged: judged.accepted):
        labels[one.video][one.start : one.stop] = int(one.accepted)
    return labels


def _judge(
    pair: Pair, labels: Mapping[uuid.UUID, NDArray[np.int8]], *, basis: str, untaught: bool
) -> dict[str, Any] | None:
    known = {pk: label >= 0 for pk, label in labels.items() if (label >= 0).any()}
    truth = {str(pk): labels[pk][mask] for pk, mask in known.items()}
    if not truth or {int(one) for label in truth.values() for one in np.unique(label)} != {0, 1}:
        return None
    scores = [{str(pk): side[pk].smoothed[mask] for pk, mask in known.items()} for side in pair.curves]
    frames = sum(len(label) for label in truth.values())
    measured = {
        name: inference.compared(*scores, truth, metric=name, resamples=RESAMPLES)
        for name in ("micro_auc", "ap")
    }
    return {
        "basis": basis,
        "untaught": untaught,
        "frames": frames,
        "abnormal_frames": int(sum(label.sum() for label in truth.values())),
        "videos": len(truth),
        **measured,
    }


# ---- curves ----


def curves_of(first: Run, second: Run, video: uuid.UUID) -> plots.Plot:
    """Draw both runs' curves of a video, each in distances from its median to its threshold. Raises Conflict."""
    pair = Pair(first, second)
    shown = next((one for one in pair.videos if one.pk == video), None)
    if shown is None:
        raise errors.Conflict("The two runs have not both scored this video.")
    step = max(1, -(-shown.n_frames // MOST_POINTS))
    lines = []
    for letter, run, side in zip("AB", pair.runs, pair.curves, strict=True):
        values = side[video].smoothed
        centre = run.centre if run.centre is not None else float(np.median(values))
        reach = (run.threshold if run.threshold is not None else values.max()) - centre
        scaled = (values - centre) / (reach if reach > 0 else 1.0)
        lines.append((f"{letter}: {run}", np.maximum.reduceat(scaled, np.arange(0, len(scaled), step))))
    truth = [(span.start, span.stop, "ground truth") for span in shown.ground_truth.all()]
    said = [
        (one.start, one.stop, "accept" if one.accepted else "reject")
        for one in _judged(pair)
        if one.video == video
    ]
    return plots.compared_curves(shown.name, lines, step=step, marked=truth or said)
