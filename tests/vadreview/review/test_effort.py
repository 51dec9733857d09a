"""A reviewer who knows the ground truth, replayed for each order of the queue."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from tests.vadreview import factories
from vadreview.review import effort

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(run, video, segments):
    """Two known events: one in the strangest proposal, one that nothing proposes."""
    factories.GroundTruthFactory(video=video, start=410, stop=420)
    factories.GroundTruthFactory(video=video, start=600, stop=650)
    return run


def by_name(found):
    return {one.name: one for one in found.replays}


def test_an_event_is_found_when_its_frames_are_watched(known):
    strangest = by_name(effort.replay(known))["Most anomalous"]

    assert strangest.watched[:2] == [0.0, 0.06]
    assert strangest.found == [0.0, 0.5, 0.5, 0.5]


def test_what_is_not_proposed_is_found_by_watching_everything_alone(known):
    replays = by_name(effort.replay(known))

    assert replays["By time"].found[-1] == 0.5
    assert replays["By time"].until() is None
    assert replays[effort.EVERYTHING].found[-1] == 1.0
    assert replays[effort.EVERYTHING].until(1.0) == pytest.approx(0.625)


def test_frames_that_were_watched_before_cost_nothing(known, run, video):
    factories.SegmentFactory(run=run, video=video, start=400, stop=470, score=99)

    last = by_name(effort.replay(known))["Most anomalous"].watched[-1]

    assert last == pytest.approx((40 + 70 + 30) / 1000)


def test_every_order_is_replayed_over_the_same_items(known):
    replays = effort.replay(known).replays

    assert len(replays) == len(effort.NAMES) + 1
    assert {round(one.watched[-1], 6) for one in replays[:-1]} == {0.13}


def test_the_command_prints_a_line_an_order(known):
    out = io.StringIO()

    call_command("review_effort", str(known.pk), stdout=out)

    assert "2 known events" in out.getvalue()
    assert "Most anomalous" in out.getvalue()


def test_without_ground_truth_both_say_what_to_do(api, viewer, run, segments):
    with pytest.raises(CommandError, match="Import ground truth"):
        call_command("review_effort", str(run.pk))

    assert api(viewer).get(f"/api/runs/{run.pk}/effort/").status_code == 409


def test_the_figure_has_a_line_an_order(api, viewer, known):
    answer = api(viewer).get(f"/api/runs/{known.pk}/effort/").json()

    assert len(answer["plot"]["figure"]["data"]) == len(effort.NAMES) + 1
    assert answer["events"] == 2
    assert answer["orders"][0]["found"] == 0.5
