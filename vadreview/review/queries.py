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

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from vadreview.accounts.models import User
from vadreview.footage import queries as footage
from vadreview.footage.models import Project
from vadreview.review.models import Verdict
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
    """Keep the segments that `user` still has to decide; one that they withdrew is among them again."""
    said = segments.alias(_said=_last_decision_of(user))
    return said.filter(Q(_said__isnull=True) | Q(_said=Verdict.Decision.WITHDRAWN))


def decided_by(user: User, segments: QuerySet[Segment]) -> QuerySet[Segment]:
    return segments.alias(_said=_last_decision_of(user)).exclude(
        Q(_said__isnull=True) | Q(_said=Verdict.Decision.WITHDRAWN)
    )


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
