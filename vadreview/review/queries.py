"""What a person may see of verdicts, which of them count, and what is still to be looked at.

- Of one person's verdicts about one subject, the newest is *current*. A withdrawn one takes the place of all
  before it and says nothing itself.
- Of several people's current verdicts about one subject, the newest accept or reject counts; an unsure only
  stands where nobody has decided. So a second reviewer answers the doubt of the first.
- Some accept what others reject: a *conflict*, until a manager gives a verdict that *settles* it. That one counts
  from then on. Whoever disagrees with it later makes a conflict anew, and the manager's word stands meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from django.db.models import Exists, ExpressionWrapper, F, FloatField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, Least

from vadreview.accounts.models import User
from vadreview.footage import queries as footage
from vadreview.footage.models import Project
from vadreview.review.models import Verdict
from vadreview.runs import proposals
from vadreview.runs.models import Run, Segment

FIRM = (Verdict.Decision.ACCEPT, Verdict.Decision.REJECT)


def visible_to(user: User) -> QuerySet[Verdict]:
    return Verdict.objects.filter(project__in=footage.visible_to(user))


def current(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Keep the newest verdict of each person about each subject, without the withdrawn."""
    newer = Verdict.objects.filter(reviewer=OuterRef("reviewer"), subject=OuterRef("subject")).filter(
        Q(created_at__gt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk"))
    )
    return verdicts.exclude(decision=Verdict.Decision.WITHDRAWN).filter(~Exists(newer))


class Voice(Protocol):
    """What `settle` must know of a verdict; a row of `light` has it, at a tenth of the cost of a Verdict."""

    pk: uuid.UUID
    subject: uuid.UUID
    decision: str
    created_at: datetime
    settles: bool


V = TypeVar("V", bound=Voice)


def light(verdicts: QuerySet[Verdict], *more: str) -> Iterable[Voice]:
    """Read verdicts as named tuples: of a long review there are tens of thousands."""
    return verdicts.order_by().values_list(
        "pk", "subject", "decision", "created_at", "settles", *more, named=True
    )


@dataclass(frozen=True, slots=True)
class Settled(Generic[V]):
    """What counts about one subject, beside every current verdict about it, newest first."""

    verdict: V
    voices: list[V]

    @property
    def conflict(self) -> bool:
        """Some accept what others reject, and no manager has settled it since."""
        said = set()
        for voice in self.voices:
            said.add(voice.decision)
            if voice.settles:  # what was said before it is settled
                break
        return said >= set(FIRM)


def settle(verdicts: Iterable[V]) -> list[Settled[V]]:
    """Group current verdicts by subject and find the one that counts, by the rule at the top of this module."""
    by_subject: dict[uuid.UUID, list[V]] = {}
    for verdict in sorted(verdicts, key=lambda one: (one.created_at, one.pk), reverse=True):
        by_subject.setdefault(verdict.subject, []).append(verdict)
    return [Settled(verdict=_counting(voices), voices=voices) for voices in by_subject.values()]


def _counting(voices: list[V]) -> V:
    """Find the verdict that counts among those about one subject, newest first."""
    firm = [one for one in voices if one.decision in FIRM]
    return next((one for one in firm if one.settles), (firm or voices)[0])


def in_dispute(project: Project) -> set[uuid.UUID]:
    """Return the subjects that some accept and others reject, with no manager's word on it."""
    return {one.verdict.subject for one in _settled_in(project) if one.conflict}


def in_doubt(project: Project) -> set[uuid.UUID]:
    """Return the subjects that somebody was unsure about and nobody has decided."""
    unsure = Verdict.Decision.UNSURE
    return {one.verdict.subject for one in _settled_in(project) if one.verdict.decision == unsure}


def _settled_in(project: Project) -> list[Settled[Voice]]:
    return settle(light(current(Verdict.objects.filter(project=project))))


def undecided_by(user: User, segments: QuerySet[Segment]) -> QuerySet[Segment]:
    """Keep the segments that `user` still has to decide; one that they withdrew is among them again.

    What they have decided in another run need not be decided again: see `before`.
    """
    return segments.alias(_said=_last_decision_of(user)).filter(_IS_SILENT & ~_is_decided_before(user))


def decided_by(user: User, segments: QuerySet[Segment]) -> QuerySet[Segment]:
    """Keep the segments that `user` has decided, here or before."""
    return segments.alias(_said=_last_decision_of(user)).exclude(_IS_SILENT & ~_is_decided_before(user))


_IS_SILENT = Q(_said__isnull=True) | Q(_said=Verdict.Decision.WITHDRAWN)


def before(user: User, segments: Iterable[Segment]) -> dict[uuid.UUID, Verdict]:
    """Return what `user` decided about the same events in other runs: segment -> the newest such verdict.

    An event is the same where the span that was asked about, or the span as the person corrected it, overlaps the
    segment by at least `proposals.SAME_EVENT`.
    """
    wanted = list(segments)
    mine = current(Verdict.objects.filter(reviewer=user, video__in={one.video_id for one in wanted}))
    by_video: dict[uuid.UUID, list[Verdict]] = {}
    for verdict in newest_first(mine.filter(decision__in=FIRM)).select_related("run"):
        by_video.setdefault(verdict.video_id, []).append(verdict)
    found = {}
    for segment in wanted:
        same = (one for one in by_video.get(segment.video_id, []) if is_same_event(one, segment))
        if (verdict := next(same, None)) is not None:
            found[segment.pk] = verdict
    return found


def is_same_event(verdict: Verdict, segment: Segment) -> bool:
    """Say whether a verdict about another subject is about what a segment shows: see `before`."""
    asked = [(verdict.start, verdict.stop)]
    if verdict.proposed_start is not None and verdict.proposed_stop is not None:
        asked.append((verdict.proposed_start, verdict.proposed_stop))
    here = (segment.start, segment.stop)
    return verdict.subject != segment.pk and any(
        proposals.overlap(span, here) >= proposals.SAME_EVENT for span in asked
    )


def _is_decided_before(user: User) -> Q:
    """Say the same as `is_same_event` to the database, of the user's firm verdicts that stand."""
    mine = current(
        Verdict.objects.filter(reviewer_id=user.pk, video=OuterRef("video"), decision__in=FIRM).exclude(
            subject=OuterRef("pk")
        )
    )
    asked = _overlapping(mine, "proposed_start", "proposed_stop")
    return Q(Exists(asked)) | Q(Exists(_overlapping(mine, "start", "stop")))


def _overlapping(verdicts: QuerySet[Verdict], start: str, stop: str) -> QuerySet[Verdict]:
    """Keep the verdicts of which a span overlaps the outer segment by at least SAME_EVENT."""
    first, last = OuterRef("start"), OuterRef("stop")
    common = Least(F(stop), last) - Greatest(F(start), first)
    union = Greatest(F(stop), last) - Least(F(start), first)
    # such a span begins no farther before the segment than that is long: the index finds the few that may
    near = verdicts.filter(**{f"{start}__lt": last, f"{start}__gte": 2 * first - last})
    return near.alias(
        _common=ExpressionWrapper(common * 1.0, FloatField()),
        _union=ExpressionWrapper(union * proposals.SAME_EVENT, FloatField()),
    ).filter(_common__gte=F("_union"))


def decided_in(run: Run) -> set[uuid.UUID]:
    """Return the segments of a run about which somebody has an opinion."""
    said = current(Verdict.objects.filter(subject__in=run.segments.values("pk")))
    return set(said.values_list("subject", flat=True))


def _last_decision_of(user: User) -> Subquery:
    mine = Verdict.objects.filter(reviewer_id=user.pk, subject=OuterRef("pk")).order_by("-created_at", "-pk")
    return Subquery(mine.values("decision")[:1])


def about(subjects: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Verdict]]:
    """Return everybody's current verdicts about these subjects, newest first."""
    rows = current(Verdict.objects.filter(subject__in=list(subjects))).select_related("reviewer")
    found: dict[uuid.UUID, list[Verdict]] = {}
    for verdict in rows.order_by("-created_at", "-pk"):
        found.setdefault(verdict.subject, []).append(verdict)
    return found


def newest_first(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    return verdicts.order_by(F("created_at").desc(), "-pk")
