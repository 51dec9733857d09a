"""What a threshold would mean before it is applied: how much to review, and how often it would be right.

Precision and recall count frames: a threshold so low that it proposes the whole video finds every abnormal frame
and is right no more often than chance. Each video is measured by its ground truth where it has some, else by its
verdicts (`review.queries.settle`):

- ground truth: precision = abnormal frames among the proposed / proposed frames; recall = abnormal frames that
  are proposed / abnormal frames.
- verdicts: the same over judged frames only, those of an accepted span (abnormal) or of a rejected one; what nobody
  has judged counts neither way. A frame that both have counts as accepted, as in an export. This recall knows
  only what people have seen: it is an upper bound.

Frames are summed over the videos before they are divided. A ratio of nothing is None.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db.models import Count, Max

from vadreview.footage.models import GroundTruth
from vadreview.review import queries
from vadreview.review.models import Verdict
from vadreview.runs import proposals
from vadreview.runs.inference import Interval
from vadreview.runs.models import Run

Span = tuple[int, int]


@dataclass
class Reference:
    """What is known about the videos of a run, each video's spans in order of nothing."""

    true: dict[uuid.UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))
    accepted: dict[uuid.UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))
    rejected: dict[uuid.UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Preview:
    """The amount of work a threshold makes, and how good it is as far as anybody knows."""

    threshold: float
    segments: int
    frames: int
    minutes: float
    per_video: dict[uuid.UUID, int]
    precision: float | None
    recall: float | None
    based_on: str | None  # "ground_truth", "verdicts" or "both"
    intervals: dict[uuid.UUID, list[Interval]]


def reference_of(videos: list[uuid.UUID]) -> Reference:
    """Collect ground truth and settled verdicts of videos, whichever run they answer."""
    known = Reference()
    for video, start, stop in GroundTruth.objects.filter(video__in=videos).values_list(
        "video_id", "start", "stop"
    ):
        known.true[video].append((start, stop))
    verdicts = Verdict.objects.filter(video__in=videos)
    state = verdicts.aggregate(count=Count("pk"), newest=Max("created_at"))
    # verdicts are only ever added: their number and the newest say whether there are others than a moment ago
    accepted, rejected = _settled_spans(tuple(sorted(videos)), state["count"], state["newest"])
    known.accepted.update(accepted)
    known.rejected.update(rejected)
    return known


Spans = dict[uuid.UUID, list[Span]]


@lru_cache(maxsize=16)
def _settled_spans(videos: tuple[uuid.UUID, ...], count: int, newest: datetime | None) -> tuple[Spans, Spans]:
    """Return the accepted and the rejected spans of each video; the arguments after the first are the state."""
    accepted: Spans = defaultdict(list)
    rejected: Spans = defaultdict(list)
    kinds = {Verdict.Decision.ACCEPT: accepted, Verdict.Decision.REJECT: rejected}
    current = queries.current(Verdict.objects.filter(video__in=videos))
    for settled in queries.settle(queries.light(current, "video_id", "start", "stop")):
        verdict = settled.verdict
        if verdict.decision in kinds:
            kinds[verdict.decision][verdict.video_id].append((verdict.start, verdict.stop))
    return accepted, rejected


def preview(run: Run, *, policy: dict, threshold: float | None = None) -> Preview:
    """Count what `policy` would propose, with the threshold placed by hand if given.

    Raises Conflict when no video is scored yet, Invalid when the policy is none.
    """
    made = proposals.make(run, policy=policy, high=threshold)
    frames = {video: sum(one.stop - one.start for one in found) for video, found in made.intervals.items()}
    known = reference_of(list(made.intervals))
    precision, recall, based_on = measure(made.intervals, known)
    return Preview(
        threshold=made.threshold.high,
        segments=sum(len(found) for found in made.intervals.values()),
        frames=sum(frames.values()),
        minutes=sum(count / float(made.fps[video]) for video, count in frames.items()) / 60,
        per_video={video: len(found) for video, found in made.intervals.items()},
        precision=precision,
        recall=recall,
        based_on=based_on,
        intervals=made.intervals,
    )


def measure(
    proposed: dict[uuid.UUID, list[Interval]], known: Reference
) -> tuple[float | None, float | None, str | None]:
    """Return precision, recall and what they rest on, by the definitions at the top of this module."""
    right = judged = sought = 0
    sources = set()
    for video, intervals in proposed.items():
        spans = merged([(one.start, one.stop) for one in intervals])
        if known.true.get(video):
            sources.add("ground_truth")
            wanted = merged(known.true[video])
            judged += _frames(spans)
        elif known.accepted.get(video) or known.rejected.get(video):
            sources.add("verdicts")
            wanted = merged(known.accepted.get(video, []))
            judged += common_frames(spans, merged([*wanted, *known.rejected.get(video, [])]))
        else:
            continue
        right, sought = right + common_frames(spans, wanted), sought + _frames(wanted)
    precision = right / judged if judged else None
    recall = right / sought if sought else None
    return precision, recall, "both" if len(sources) == 2 else next(iter(sources), None)


def merged(spans: list[Span]) -> list[Span]:
    """Join spans that overlap or touch; sorted."""
    joined: list[Span] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined


def _frames(spans: list[Span]) -> int:
    return sum(stop - start for start, stop in spans)


def common_frames(spans: list[Span], others: list[Span]) -> int:
    """Count the frames that lie in both; both as `merged` makes them."""
    count = place = 0
    for start, stop in spans:
        while place < len(others) and others[place][1] <= start:
            place += 1
        for other_start, other_stop in others[place:]:
            if other_start >= stop:
                break
            count += min(stop, other_stop) - max(start, other_start)
    return count
