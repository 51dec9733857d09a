"""How good a run is, by the audit share alone: figures that the choice of what to review cannot flatter.

Two strata, each sampled by the same lot (footage/audit.py), whatever a window holds:

- proposals. A proposal is in the audit when its middle frame is. With a accepted and r rejected among those in the
  audit, precision = a / (a + r), and false alarms an hour = proposals * (1 - precision) / hours of footage.
- windows of 5 s. W1 of them meet a proposal, W0 do not. p1 and p0 are the shares of abnormal windows among the
  reviewed windows of the audit in each stratum. Recall (of abnormal windows) = W1 p1 / (W1 p1 + W0 p0).

A proposal is abnormal when it was accepted, normal when it was rejected; one that nobody judged counts as abnormal
when an accepted span shares a frame with it, normal when rejected spans cover it, so the review of one run serves
the next. A window is abnormal when an accepted span meets it; else normal when all its proposals (or, without one,
all its frames) are judged normal.

Intervals: 95 %, from 4,000 draws of each share from Beta(k + 1/2, n - k + 1/2) (Jeffreys). While proposals of the
audit are unreviewed, the reviewed ones may be the strangest: `complete` says whether they all are.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vadreview.footage import audit
from vadreview.footage.models import Video
from vadreview.review import queries
from vadreview.review.models import Verdict
from vadreview.runs.models import Run, Segment

DRAWS = 4000
NORMAL, ABNORMAL = 0, 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the audit says of a run. A figure is None while nothing of its stratum is reviewed."""

    share: float
    precision: Figure | None
    recall: Figure | None
    false_alarms_per_hour: Figure | None
    proposals: int  # of the run
    audit_proposals: int
    audit_proposals_reviewed: int
    audit_windows: int
    audit_windows_reviewed: int
    complete: bool
    human_in_the_loop: bool


@dataclass
class _Stratum:
    """Windows of one kind: how many there are, how many of the audit are reviewed, and abnormal."""

    total: int = 0
    audited: int = 0
    reviewed: int = 0
    abnormal: int = 0

    def count(self, state: int | None) -> None:
        self.audited += 1
        self.reviewed += state is not None
        self.abnormal += state == ABNORMAL

    def draw(self, random: np.random.Generator) -> NDArray[np.float64]:
        return random.beta(self.abnormal + 0.5, self.reviewed - self.abnormal + 0.5, DRAWS)

    @property
    def rate(self) -> float:
        return self.abnormal / self.reviewed


def estimate(run: Run) -> Estimate:
    """Estimate precision, recall and false alarms of a finished run from its project's audit share."""
    share = min(
        run.project.audit_share, run.lesson.get("audit_share", 1.0)
    )  # what taught it measures nothing
    proposals, windows = _Stratum(), {True: _Stratum(), False: _Stratum()}
    frames_s = 0.0
    by_video: dict[uuid.UUID, list[Segment]] = {}
    for segment in run.segments.filter(audit=False):
        by_video.setdefault(segment.video_id, []).append(segment)
    said = _said(run)
    for row in run.run_videos.filter(scores=True).select_related("video"):
        video = row.video
        frames_s += video.duration_s
        mine = by_video.get(video.pk, [])
        board = _Board(video, said.spans.get(video.pk, []))
        chosen = audit.chosen(video, share=share)
        proposals.total += len(mine)
        for segment in mine:
            if audit.holds(chosen, segment.start, segment.stop):
                proposals.count(said.subjects.get(segment.pk, board.state(segment.start, segment.stop)))
        audited = set(chosen)
        for start, stop in audit.windows(video):
            inside = [one for one in mine if one.start < stop and one.stop > start]
            stratum = windows[bool(inside)]
            stratum.total += 1
            if (start, stop) in audited:
                stratum.count(_window(board, said, inside, start, stop))
    return _estimate(run, share, proposals, windows, hours=frames_s / 3600)


def _estimate(
    run: Run, share: float, proposals: _Stratum, windows: dict[bool, _Stratum], *, hours: float
) -> Estimate:
    random = np.random.default_rng(0)
    precision = recall = alarms = None
    if proposals.reviewed:
        drawn = proposals.draw(random)
        precision = _figure(proposals.rate, drawn)
        if hours > 0:
            each = proposals.total / hours
            alarms = _figure(each * (1 - proposals.rate), each * (1 - drawn))
    inside, outside = windows[True], windows[False]
    if inside.reviewed and (outside.reviewed or not outside.total):
        found = inside.total * inside.rate
        missed = outside.total * outside.rate if outside.total else 0.0
        drawn_found = inside.total * inside.draw(random)
        drawn_missed = outside.total * outside.draw(random) if outside.total else np.zeros(DRAWS)
        if found + missed > 0:
            recall = _figure(found / (found + missed), drawn_found / (drawn_found + drawn_missed))
    return Estimate(
        share=share,
        precision=precision,
        recall=recall,
        false_alarms_per_hour=alarms,
        proposals=proposals.total,
        audit_proposals=proposals.audited,
        audit_proposals_reviewed=proposals.reviewed,
        audit_windows=inside.audited + outside.audited,
        audit_windows_reviewed=inside.reviewed + outside.reviewed,
        complete=proposals.audited == proposals.reviewed and inside.audited == inside.reviewed,
        human_in_the_loop=bool(run.lesson),
    )


def _figure(value: float, drawn: NDArray[np.float64]) -> Figure:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Figure(value=float(value), low=float(min(low, value)), high=float(max(high, value)))


class _Board:
    """What is judged about the frames of a video, whichever run asked."""

    def __init__(self, video: Video, spans: Sequence[tuple[int, int, int]]) -> None:
        self._state = np.full(video.n_frames, -1, np.int8)
        for state in (
            NORMAL,
            ABNORMAL,
        ):  # what is abnormal to somebody is not made normal by a wider rejection
            for start, stop, one in spans:
                if one == state:
                    self._state[start:stop] = one

    def state(self, start: int, stop: int) -> int | None:
        part = self._state[start:stop]
        if (part == ABNORMAL).any():
            return ABNORMAL
        return NORMAL if (part == NORMAL).all() else None


@dataclass(frozen=True, slots=True)
class _Said:
    subjects: dict[uuid.UUID, int]
    spans: dict[uuid.UUID, list[tuple[int, int, int]]]


def _said(run: Run) -> _Said:
    """Collect the settled verdicts on the videos of a run; what is disputed is not judged."""
    videos = run.run_videos.filter(scores=True).values("video")
    rows = queries.current(Verdict.objects.filter(video__in=videos))
    found = _Said({}, {})
    for one in queries.settle(queries.light(rows, "video_id", "start", "stop")):
        verdict = one.verdict
        if verdict.decision not in queries.FIRM or one.conflict:
            continue
        state = ABNORMAL if verdict.decision == Verdict.Decision.ACCEPT else NORMAL
        found.subjects[verdict.subject] = state
        found.spans.setdefault(verdict.video_id, []).append((verdict.start, verdict.stop, state))
    return found


def _window(board: _Board, said: _Said, inside: Sequence[Segment], start: int, stop: int) -> int | None:
    if board.state(start, stop) == ABNORMAL:
        return ABNORMAL
    if not inside:
        return board.state(start, stop)
    states = {said.subjects.get(one.pk, board.state(one.start, one.stop)) for one in inside}
    return None if None in states else NORMAL
