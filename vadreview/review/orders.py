"""What to look at first: orders of a run's proposals that need more than their own score.

- fused: by the score of all detectors together (`fusion`).
- uncertain: by the entropy of that as a probability, once verdicts made it one; before that, what is nearest to the
  run's threshold, in distances of the threshold from the median.
- disagree: by how far apart the detectors' ranks are (standard deviation). With one detector, as fused.
- diverse: one of each cluster of latent vectors first (k-means on the mean pattern of each proposal), the strangest
  of each cluster before its others. Without patterns, one of each video first.

`second_look` finds verdicts that the model and the most similar judged proposals strongly contradict. It only asks
for a second look; nothing is ever flipped.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from django.db.models import Count, Max, QuerySet
from numpy.typing import NDArray

from vadreview.review import fusion, queries
from vadreview.review.models import Verdict
from vadreview.runs import artifacts
from vadreview.runs.models import Run, RunVideo, Segment

COMPUTED = ("fused", "uncertain", "disagree", "diverse")
MOST_CLUSTERS = 50
NEIGHBOURS = 5
STRONG = 0.8  # of the neighbours, and of the model, that say the opposite
KEPT = 64

Floats = NDArray[np.float64]


def order(run: Run, name: str) -> list[uuid.UUID]:
    """Return all proposals of a finished run in one of the COMPUTED orders. Raises Conflict before it is done."""
    return _kept(("order", name, *_state(run)), lambda: _order(run, name))


def second_look(run: Run) -> list[uuid.UUID]:
    """Return proposals whose settled verdict is suspect, the most suspect first."""
    return _kept(("second look", *_state(run), _said(run)), lambda: _suspects(run))


def _order(run: Run, name: str) -> list[uuid.UUID]:
    segments = list(run.segments.filter(audit=False).order_by("-score", "video", "start"))
    found = _proposals(run, name, segments) if segments else []
    # what only the audit shows has no rank of its own: it comes in anywhere, always at the same place
    for pk in run.segments.filter(audit=True).order_by("pk").values_list("pk", flat=True):
        found.insert(pk.int % (len(found) + 1), pk)
    return found


def _proposals(run: Run, name: str, segments: Sequence[Segment]) -> list[uuid.UUID]:
    if name == "diverse":
        return [segments[place].pk for place in _diverse(run, segments)]
    panel = fusion.panel_of(run)
    shares = panel.shares([fusion.Where(one.video_id, one.start, one.stop) for one in segments])
    weights = fusion.fit(panel, run.project)
    joint = fusion.fused(shares, weights)
    if name == "uncertain":
        key = _entropy(joint) if weights else -_distance(run, segments)
    elif name == "disagree" and shares.shape[1] > 1:
        key = np.nan_to_num(np.nanstd(shares, axis=1))
    else:
        key = joint
    # a stable sort of what is by score already: equals stay in the order of their scores
    return [segments[place].pk for place in np.argsort(-key, kind="stable")]


def _entropy(probability: Floats) -> Floats:
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def _distance(run: Run, segments: Sequence[Segment]) -> Floats:
    scores = np.array([one.score for one in segments])
    threshold = run.threshold or 0.0
    return np.abs(scores - threshold) / max(threshold - (run.centre or 0.0), 1e-12)


def _diverse(run: Run, segments: Sequence[Segment]) -> list[int]:
    """Places of `segments`, which are by score: the first of each group, then the second of each, and so on."""
    vectors = vectors_of(run, segments)
    known = np.flatnonzero(~np.isnan(vectors[:, 0])) if vectors.shape[1] else np.zeros(0, int)
    videos = list(dict.fromkeys(one.video_id for one in segments))
    group = np.array([videos.index(one.video_id) for one in segments])
    if len(known) > 2:
        from sklearn.cluster import KMeans

        clusters = min(MOST_CLUSTERS, max(2, int(np.sqrt(len(known)))))
        scale = vectors[known].std(axis=0)
        standard = (vectors[known] - vectors[known].mean(axis=0)) / np.where(scale > 0, scale, 1)
        distinct = len(np.unique(standard, axis=0))
        fitted = KMeans(min(clusters, distinct), n_init=4, random_state=0).fit(standard)
        group[known] = len(videos) + fitted.labels_
    turns: dict[int, int] = {}
    turn = np.zeros(len(segments), int)
    for place, one in enumerate(group):
        turn[place] = turns.get(one, 0)
        turns[one] = turn[place] + 1
    return np.argsort(turn, kind="stable").tolist()


def vectors_of(run: Run, segments: Sequence[Segment]) -> Floats:
    """Average the latent patterns of the windows that each segment meets; (N, D), NaN where there are none."""
    by_video: dict[uuid.UUID, list[int]] = {}
    for place, segment in enumerate(segments):
        by_video.setdefault(segment.video_id, []).append(place)
    found: list[tuple[int, Floats]] = []
    for row in RunVideo.objects.filter(run=run, video__in=by_video).select_related("run"):
        windows = artifacts.windows(row)
        if windows is None:
            continue
        for place in by_video[row.video_id]:
            first, last = windows.meeting(segments[place].start, segments[place].stop)
            if last > first:
                found.append((place, windows.read(first, last).mean(axis=0)))
    size = len(found[0][1]) if found else 0
    vectors = np.full((len(segments), size), np.nan)
    for place, vector in found:
        if len(vector) == size:
            vectors[place] = vector
    return vectors


def _suspects(run: Run) -> list[uuid.UUID]:
    segments = list(run.segments.filter(audit=False).order_by("-score", "video", "start"))
    said = {
        one.verdict.subject: one.verdict.decision == Verdict.Decision.ACCEPT
        for one in queries.settle(queries.light(queries.current(_verdicts(run))))
        if one.verdict.decision in queries.FIRM
    }
    judged = [segment for segment in segments if segment.pk in said]
    if len(judged) <= NEIGHBOURS:
        return []
    panel = fusion.panel_of(run)
    joint = fusion.fused(
        panel.shares([fusion.Where(one.video_id, one.start, one.stop) for one in judged]),
        fusion.fit(panel, run.project),
    )
    model = joint.argsort().argsort() / (len(judged) - 1)  # rank among the judged: 1 is the strangest
    vectors = vectors_of(run, judged)
    if not vectors.shape[1]:
        return []
    known = ~np.isnan(vectors).any(axis=1)
    accepted = np.array([said[segment.pk] for segment in judged], np.float64)
    neighbours = _neighbours(vectors, known, accepted)
    contradicts = np.where(accepted == 1, 1 - neighbours, neighbours)
    model_says = np.where(accepted == 1, 1 - model, model)
    suspect = known & (contradicts >= STRONG) & (model_says >= 0.5)
    by_doubt = np.argsort(-(contradicts + model_says), kind="stable")
    return [judged[place].pk for place in by_doubt if suspect[place]]


def _neighbours(vectors: Floats, known: NDArray[np.bool_], accepted: Floats) -> Floats:
    """Share of the NEIGHBOURS most similar judged segments (cosine, itself excluded) that are accepted; (N,)."""
    length = np.linalg.norm(np.nan_to_num(vectors), axis=1, keepdims=True)
    unit = np.nan_to_num(vectors) / np.where(length > 0, length, 1)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    similarity[:, ~known] = -np.inf
    nearest = np.argsort(-similarity, axis=1)[:, :NEIGHBOURS]
    return accepted[nearest].mean(axis=1)


# ---- kept for a moment: a person pages through an order ----

_held: OrderedDict[tuple, list[uuid.UUID]] = OrderedDict()
_lock = Lock()


def _kept(key: tuple, make: Callable[[], list[uuid.UUID]]) -> list[uuid.UUID]:
    with _lock:
        if key in _held:
            _held.move_to_end(key)
            return _held[key]
    made = make()
    with _lock:
        _held[key] = made
        while len(_held) > KEPT:
            _held.popitem(last=False)
    return made


def _state(run: Run) -> tuple:
    peers = tuple((peer.pk, peer.proposed_at) for peer in fusion.peers_of(run))
    said = queries.current(Verdict.objects.filter(project=run.project_id)).count()
    return run.pk, run.proposed_at, peers, said // fusion.REFIT_EVERY


def _said(run: Run) -> tuple:
    state = _verdicts(run).aggregate(count=Count("pk"), newest=Max("created_at"))
    return state["count"], state["newest"]


def _verdicts(run: Run) -> QuerySet[Verdict]:
    return Verdict.objects.filter(subject__in=run.segments.values("pk"))
