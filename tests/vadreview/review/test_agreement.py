"""Which of several verdicts counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.vadreview import factories
from vadreview.review import queries
from vadreview.review.models import Verdict

pytestmark = pytest.mark.django_db


def say(segment, *decisions: tuple) -> None:
    """Give verdicts (person, decision), each a second after the one before."""
    start = timezone.now() - timedelta(hours=1)
    for place, (person, decision) in enumerate(decisions):
        settles = decision.endswith("!")
        verdict = factories.VerdictFactory(
            segment=segment, reviewer=person, decision=decision.rstrip("!"), settles=settles
        )
        Verdict.objects.filter(pk=verdict.pk).update(created_at=start + timedelta(seconds=place))


def settled() -> tuple[str, bool] | None:
    found = queries.settle(queries.current(Verdict.objects.all()))
    return (found[0].verdict.decision, found[0].conflict) if found else None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a:accept", ("accept", False)),
        ("a:accept a:reject", ("reject", False)),
        ("a:accept a:withdrawn", None),
        ("a:accept a:withdrawn a:reject", ("reject", False)),
        ("a:accept b:reject", ("reject", True)),
        ("b:reject a:accept", ("accept", True)),
        ("a:unsure b:accept", ("accept", False)),
        ("b:accept a:unsure", ("accept", False)),
        ("a:unsure b:unsure", ("unsure", False)),
        ("a:accept b:reject b:withdrawn", ("accept", False)),
        ("a:accept b:reject a:reject", ("reject", False)),
        ("a:accept b:reject c:accept!", ("accept", False)),
        ("a:accept b:reject a:reject!", ("reject", False)),
        ("a:accept b:reject c:accept! a:unsure", ("accept", False)),
        ("a:accept b:reject c:accept! a:reject", ("accept", True)),
        ("a:accept b:reject c:accept! a:reject c:reject!", ("reject", False)),
    ],
)
def test_the_newest_firm_decision_settles(segment, said, expected):
    people = {name: factories.UserFactory(username=name) for name in "abc"}

    say(segment, *((people[part[0]], part[2:]) for part in said.split()))

    assert settled() == expected


def test_of_two_verdicts_of_one_moment_one_is_current(segment, reviewer):
    for decision in ("accept", "reject"):
        factories.VerdictFactory(segment=segment, reviewer=reviewer, decision=decision)
    Verdict.objects.update(created_at=timezone.now())

    assert queries.current(Verdict.objects.all()).count() == 1


def test_the_current_verdicts_of_thousands_of_segments_are_two_queries(
    run, video, reviewer, django_assert_num_queries
):
    segments = [
        factories.SegmentFactory.build(run=run, video=video, start=n, stop=n + 1) for n in range(1000)
    ]
    type(segments[0]).objects.bulk_create(segments)
    Verdict.objects.bulk_create(
        factories.VerdictFactory.build(segment=segment, reviewer=reviewer, project=run.project)
        for segment in segments
    )

    with django_assert_num_queries(1):
        found = queries.settle(queries.current(Verdict.objects.all()))

    assert len(found) == 1000
