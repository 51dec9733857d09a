"""Judge frame scores against frame labels (1 = abnormal; a higher score = stranger).

Published figures differ in what they call "the AUC", so every definition has its own name here and none of
them normalises or smooths the scores: micro concatenates the frames of all videos as they are, macro averages
the AUC of single videos, binarised thresholds first (see `auc_binarised`). Where a figure does not exist,
because all frames have the same label, it is None and never NaN.

Where something was found, and not only when, is judged by `region_metrics.py` (RBDC, TBDC).

All figures are functions of the weight of abnormal and normal frames at each distinct score, so a bootstrap
resample is a change of weights and needs no new sort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Metric = Literal["micro_auc", "macro_auc", "ap", "eer"]


class LabelMismatch(ValueError):
    """Scores and labels do not describe the same frames."""


class FrameMetrics(TypedDict):
    """The figures of one evaluation; `undefined` says why a figure is None and is absent when none is."""

    micro_auc: float | None
    macro_auc: float | None
    ap: float | None
    eer: float | None
    auc_binarised: float | None
    frames: int
    abnormal_frames: int
    undefined: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Percentile bounds of a bootstrap; `resamples` counts those in which the figure existed."""

    low: float
    high: float
    level: float
    resamples: int


def frame_auc(scores: ArrayLike, labels: ArrayLike) -> float | None:
    """Compute the area under the ROC curve; ties count half. None with one class only."""
    return _over_frames(_auc, scores, labels)


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float | None:
    """Compute the step-wise area under precision over recall (no interpolation). None with one class only."""
    return _over_frames(_ap, scores, labels)


def equal_error_rate(scores: ArrayLike, labels: ArrayLike) -> float | None:
    """Compute the rate at which false alarms equal misses, on the linearly joined ROC curve; lower is better.

    None with one class only.
    """
    return _over_frames(_eer, scores, labels)


def auc_binarised(
    scores: ArrayLike, labels: ArrayLike, *, k: float = 0.7, group_frames: int = 8192, seed: int = 42
) -> float | None:
    """Compute the AUC of the hard labels `score > mean + k std`, which equals (TPR + TNR) / 2.

    The released code of the k-diffusion paper (ICIP 2023) computes its AUC this way: mean and unbiased std in
    groups of 8192 randomly permuted scores, the last group being what is left. With fewer frames than a group
    the seed changes nothing. Not comparable with a ranking AUC (`frame_auc`). None with one class only.
    """
    scores, labels = _pair(scores, labels)
    alarm = np.empty(scores.size)
    order = np.random.default_rng(seed).permutation(scores.size)
    for start in range(0, scores.size, group_frames):
        group = order[start : start + group_frames]
        std = scores[group].std(ddof=1) if group.size > 1 else 0.0
        alarm[group] = scores[group] > scores[group].mean() + k * std
    return frame_auc(alarm, labels)


def micro_auc(
    scores_by_video: Mapping[str, ArrayLike], labels_by_video: Mapping[str, ArrayLike]
) -> float | None:
    """Compute one AUC over the frames of all videos together."""
    videos = _checked(scores_by_video, labels_by_video)
    return frame_auc(*_joined(videos.values()))


def macro_auc(
    scores_by_video: Mapping[str, ArrayLike], labels_by_video: Mapping[str, ArrayLike]
) -> float | None:
    """Average the AUC of single videos, over the videos that have both normal and abnormal frames."""
    videos = _checked(scores_by_video, labels_by_video)
    aucs = [auc for scores, labels in videos.values() if (auc := frame_auc(scores, labels)) is not None]
    return float(np.mean(aucs)) if aucs else None


def frame_metrics(
    scores_by_video: Mapping[str, ArrayLike], labels_by_video: Mapping[str, ArrayLike]
) -> FrameMetrics:
    """Compute every frame-level figure; raises LabelMismatch where the two do not fit together."""
    videos = _checked(scores_by_video, labels_by_video)
    scores, labels = _joined(videos.values())
    abnormal = int(labels.sum())
    figures: FrameMetrics = {
        "micro_auc": frame_auc(scores, labels),
        "macro_auc": macro_auc(scores_by_video, labels_by_video),
        "ap": average_precision(scores, labels),
        "eer": equal_error_rate(scores, labels),
        "auc_binarised": auc_binarised(scores, labels),
        "frames": int(labels.size),
        "abnormal_frames": abnormal,
    }
    if abnormal in (0, labels.size):
        class_name = "abnormal" if abnormal else "normal"
        reason = f"all {labels.size} frames are labeled {class_name}; both classes are needed"
    else:
        reason = "no single video has both normal and abnormal frames"
    undefined = {name: reason for name, value in figures.items() if value is None}
    if undefined:
        figures["undefined"] = undefined
    return figures


def bootstrap(
    scores_by_video: Mapping[str, ArrayLike],
    labels_by_video: Mapping[str, ArrayLike],
    *,
    metric: Metric = "micro_auc",
    over_videos: bool = True,
    block_frames: int | None = 100,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Bounds | None:
    """Estimate how far a figure would move on other footage of the same kind.

    Each resample draws as many videos as there are, with replacement (`over_videos`), and inside each video
    circular blocks of `block_frames` frames up to its length: neighbouring frames are near copies, so drawing
    single frames would make the bounds far too narrow. `block_frames=None` takes each video whole. None if
    the figure exists in fewer than half of the resamples.
    """
    values = _resampled(
        _checked(scores_by_video, labels_by_video),
        metric=metric,
        over_videos=over_videos,
        block_frames=block_frames,
        resamples=resamples,
        level=level,
        seed=seed,
    )
    return _bounds([value for value in values if value is not None], resamples=resamples, level=level)


def bootstrap_pair(
    scores_by_video: Mapping[str, ArrayLike],
    other_scores_by_video: Mapping[str, ArrayLike],
    labels_by_video: Mapping[str, ArrayLike],
    *,
    metric: Metric = "micro_auc",
    over_videos: bool = True,
    block_frames: int | None = 100,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Bounds | None, Bounds | None, Bounds | None]:
    """Estimate how far two and `other - first` would move, judged on the same resamples of the same frames.

    See `bootstrap`. Pairing removes from the difference what the two have in common: easy or hard footage moves both.
    """
    first, other = (
        _resampled(
            _checked(scores, labels_by_video),
            metric=metric,
            over_videos=over_videos,
            block_frames=block_frames,
            resamples=resamples,
            level=level,
            seed=seed,  # what is drawn depends on it and on the lengths of the videos alone
        )
        for scores in (scores_by_video, other_scores_by_video)
    )
    moved = [b - a for a, b in zip(first, other, strict=True) if a is not None and b is not None]
    alone = [[value for value in values if value is not None] for values in (first, other)]
    one, two, difference = (_bounds(values, resamples=resamples, level=level) for values in (*alone, moved))
    return one, two, difference


def _bounds(values: list[float], *, resamples: int, level: float) -> Bounds | None:
    if 2 * len(values) < resamples:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Bounds(low=float(low), high=float(high), level=level, resamples=len(values))


def _resampled(
    checked: Mapping[str, tuple[Floats, Floats]],
    *,
    metric: Metric,
    over_videos: bool,
    block_frames: int | None,
    resamples: int,
    level: float,
    seed: int,
) -> list[float | None]:
    """Compute a figure on each resample, None where it does not exist."""
    if not over_videos and block_frames is None:
        raise ValueError("nothing would be resampled: set over_videos=True or block_frames to 1 or more")
    if block_frames is not None and block_frames < 1:
        raise ValueError(f"block_frames must be 1 or more, or None for whole videos, got {block_frames}")
    if not 0 < level < 1 or resamples < 1:
        raise ValueError(
            f"level must lie between 0 and 1 and resamples be positive, got {level}, {resamples}"
        )
    videos = list(checked.values())
    single = [_Sorted(*video) for video in videos]
    pooled = _Sorted(*_joined(videos))
    random = np.random.default_rng(seed)

    values: list[float | None] = []
    for _ in range(resamples):
        drawn = random.integers(len(videos), size=len(videos)) if over_videos else np.arange(len(videos))
        draws = np.bincount(drawn, minlength=len(videos))
        weights = [
            _weights(video.labels.size, int(times), block_frames=block_frames, random=random)
            for video, times in zip(single, draws, strict=True)
        ]
        if metric == "macro_auc":
            aucs = [_auc(*video.tally(weight)) for video, weight in zip(single, weights, strict=True)]
            known = np.array([auc is not None for auc in aucs])
            aucs_known = np.array([auc for auc in aucs if auc is not None])
            value = float(aucs_known @ draws[known] / draws[known].sum()) if known.any() else None
        else:
            value = _POOLED[metric](*pooled.tally(np.concatenate(weights)))
        values.append(value)
    return values


class _Sorted:
    """Frames grouped by distinct score, highest first."""

    def __init__(self, scores: Floats, labels: Floats) -> None:
        distinct, self.group = np.unique(-scores, return_inverse=True)
        self.size = distinct.size
        self.labels = labels

    def tally(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weight of the abnormal and of the normal frames at each distinct score."""
        abnormal = np.bincount(self.group, weights * self.labels, minlength=self.size)
        normal = np.bincount(self.group, weights * (1 - self.labels), minlength=self.size)
        return abnormal.astype(np.float64), normal.astype(np.float64)


def _auc(abnormal: Floats, normal: Floats) -> float | None:
    if not (abnormal.sum() and normal.sum()):
        return None
    above = np.cumsum(abnormal) - abnormal  # abnormal weight that outranks this score
    return float((normal * (above + abnormal / 2)).sum() / (abnormal.sum() * normal.sum()))


def _ap(abnormal: Floats, normal: Floats) -> float | None:
    if not (abnormal.sum() and normal.sum()):
        return None
    found = np.cumsum(abnormal)
    # A resample can leave out the highest scores: nothing is retrieved there yet, and 0/0 adds nothing.
    precision = found / np.maximum(np.cumsum(abnormal + normal), np.finfo(float).tiny)
    return float((precision * abnormal).sum() / found[-1])


def _eer(abnormal: Floats, normal: Floats) -> float | None:
    if not (abnormal.sum() and normal.sum()):
        return None
    false_alarms = np.concatenate([[0.0], np.cumsum(normal) / normal.sum()])
    misses = np.concatenate([[1.0], 1 - np.cumsum(abnormal) / abnormal.sum()])
    after = int(np.argmax(false_alarms >= misses))  # the curve starts at misses = 1 > false alarms = 0
    before = after - 1
    # Both are linear in between: solve fa0 + x (fa1 - fa0) = miss0 + x (miss1 - miss0).
    lead = misses[before] - false_alarms[before]
    x = lead / (lead + false_alarms[after] - misses[after])
    return float(false_alarms[before] + x * (false_alarms[after] - false_alarms[before]))


_POOLED = {"micro_auc": _auc, "ap": _ap, "eer": _eer}


def _over_frames(
    figure: Callable[[Floats, Floats], float | None], scores: ArrayLike, labels: ArrayLike
) -> float | None:
    scores, labels = _pair(scores, labels)
    return figure(*_Sorted(scores, labels).tally(np.ones(scores.size)))


def _weights(frames: int, draws: int, *, block_frames: int | None, random: np.random.Generator) -> Floats:
    """How often each frame of a video is in a resample that holds the video `draws` times."""
    if block_frames is None or not draws or not frames:
        return np.full(frames, float(draws))
    length = min(block_frames, frames)
    whole, rest = divmod(frames, length)
    change = np.zeros(2 * frames + 1)
    # The last block of a draw is shorter, so that every draw has exactly the length of the video.
    for count, span in ((whole * draws, length), (draws if rest else 0, rest)):
        starts = random.integers(frames, size=count)
        np.add.at(change, starts, 1)
        np.add.at(change, starts + span, -1)
    times = np.cumsum(change)[:-1]
    return times[:frames] + times[frames:]


def _checked(
    scores_by_video: Mapping[str, ArrayLike], labels_by_video: Mapping[str, ArrayLike]
) -> dict[str, tuple[Floats, Floats]]:
    for have, other, lacking in (
        (scores_by_video, labels_by_video, "labels"),
        (labels_by_video, scores_by_video, "scores"),
    ):
        missing = sorted(set(have) - set(other))
        if missing:
            names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise LabelMismatch(f"no {lacking} for {names}; give scores and labels of the same videos")
    if not scores_by_video:
        raise LabelMismatch("there is no video to evaluate; give scores and labels of at least one")
    return {name: _pair(scores_by_video[name], labels_by_video[name], name=name) for name in scores_by_video}


def _pair(scores: ArrayLike, labels: ArrayLike, *, name: str | None = None) -> tuple[Floats, Floats]:
    at = f"video {name!r}: " if name is not None else ""
    score_values, label_values = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if score_values.ndim != 1 or label_values.ndim != 1:
        raise LabelMismatch(
            f"{at}scores and labels must be one value a frame, shape (N,); "
            f"got shapes {score_values.shape} and {label_values.shape}"
        )
    if score_values.size != label_values.size:
        raise LabelMismatch(
            f"{at}{score_values.size} scores but {label_values.size} labels; both must have "
            "one value for every frame of the video"
        )
    if not np.isfinite(score_values).all():
        first = int(np.argmin(np.isfinite(score_values)))
        raise LabelMismatch(
            f"{at}the score of frame {first} is {score_values[first]}; every score must be finite"
        )
    if not np.isin(label_values, (0, 1)).all():
        first = int(np.argmin(np.isin(label_values, (0, 1))))
        raise LabelMismatch(
            f"{at}the label of frame {first} is {label_values[first]}; "
            "allowed are 0 (normal) and 1 (abnormal)"
        )
    return score_values, label_values.astype(np.float64)


def _joined(videos: Iterable[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    pairs = list(videos)
    return np.concatenate([scores for scores, _ in pairs]), np.concatenate([labels for _, labels in pairs])
