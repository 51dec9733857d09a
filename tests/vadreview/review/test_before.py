"""An event that was decided in one run need not be decided again in the next."""

from __future__ import annotations

import pytest

from tests.vadreview import factories
from vadreview.review import queries
from vadreview.runs.models import Segment

pytestmark = pytest.mark.django_db
URL = "/api/segments/"


@pytest.fixture
def later(project, video):
    """A run after the one of `segment` (100 to 140), which proposes nearly the same, and something else."""
    run = factories.RunFactory(project=project, name="Later")
    for start, stop in ((110, 150), (500, 520)):
        factories.SegmentFactory(run=run, video=video, start=start, stop=stop)
    return run


def listed(client, run, state="all"):
    rows = client.get(URL, {"run": str(run.pk), "state": state, "order": "time"}).json()["results"]
    return {row["start"]: row["decided_before"] for row in rows}


def decide(segment, reviewer, decision="accept", **fields):
    return factories.VerdictFactory(segment=segment, reviewer=reviewer, decision=decision, **fields)


def test_what_was_decided_in_another_run_is_not_open_and_says_so(api, reviewer, segment, later):
    said = decide(segment, reviewer, "reject")

    client = api(reviewer)
    assert set(listed(client, later, "open")) == {500}
    assert set(listed(client, later, "decided")) == {110}
    found = listed(client, later)[110]
    assert (found["verdict"], found["decision"], found["run_name"]) == (
        str(said.pk),
        "reject",
        str(segment.run),
    )
    run = client.get(f"/api/runs/{later.pk}/").json()
    assert run["to_review"] == 1


@pytest.mark.parametrize("decision", ["unsure", "withdrawn"])
def test_doubt_or_what_was_taken_back_leaves_it_open(api, reviewer, segment, later, decision):
    decide(segment, reviewer)
    decide(segment, reviewer, decision)

    assert listed(api(reviewer), later, "open") == {110: None, 500: None}


def test_the_decisions_of_others_leave_it_open_to_me(api, reviewer, manager, segment, later):
    decide(segment, manager)

    assert set(listed(api(reviewer), later, "open")) == {110, 500}


def test_it_can_be_decided_anew_and_opens_again_when_the_first_word_is_taken_back(
    api, reviewer, segment, later
):
    decide(segment, reviewer)
    same = later.segments.get(start=110)

    decide(same, reviewer, "reject")
    assert listed(api(reviewer), later, "decided") == {110: None}

    decide(same, reviewer, "withdrawn")
    assert listed(api(reviewer), later, "decided")[110]["decision"] == "accept"

    decide(segment, reviewer, "withdrawn")
    assert set(listed(api(reviewer), later, "open")) == {110, 500}


@pytest.mark.parametrize(
    ("start", "stop", "same"),
    [
        (100, 140, True),
        (110, 150, True),
        (120, 140, True),
        (121, 140, False),
        (114, 154, False),
        (60, 140, True),
    ],
)
def test_it_is_the_same_event_from_half_an_overlap_on(project, video, reviewer, segment, start, stop, same):
    decide(segment, reviewer)
    run = factories.RunFactory(project=project)
    other = factories.SegmentFactory(run=run, video=video, start=start, stop=stop)

    assert (other.pk in queries.before(reviewer, [other])) == same
    open_ones = queries.undecided_by(reviewer, Segment.objects.filter(run=run))
    assert open_ones.exists() == (not same)
    assert queries.decided_by(reviewer, Segment.objects.filter(run=run)).exists() == same


def test_a_corrected_span_counts_as_it_was_asked_and_as_it_was_corrected(project, video, reviewer, segment):
    decide(segment, reviewer, start=100, stop=110)
    run = factories.RunFactory(project=project)
    for stop in (140, 112, 125):
        factories.SegmentFactory(run=run, video=video, start=100, stop=stop)

    left = queries.undecided_by(reviewer, run.segments.all())
    assert sorted(one.stop for one in left) == []


def test_a_span_that_was_drawn_counts_and_another_videos_does_not(project, video, reviewer, later):
    factories.VerdictFactory(video=video, reviewer=reviewer, start=112, stop=150)
    elsewhere = factories.VideoFactory(project=project)
    factories.VerdictFactory(video=elsewhere, reviewer=reviewer, start=500, stop=520)

    left = queries.undecided_by(reviewer, later.segments.all())
    assert [one.start for one in left] == [500]
