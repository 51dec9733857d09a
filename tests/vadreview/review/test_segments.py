"""The queue of proposals: orders, filters, and who said what."""

from __future__ import annotations

import pytest

from tests.vadreview import factories
from vadreview.api.segments import severity
from vadreview.runs.models import Run, Segment

pytestmark = pytest.mark.django_db
URL = "/api/segments/"


@pytest.fixture
def client(api, reviewer):
    return api(reviewer)


def starts(client, **query) -> list[int]:
    return [one["start"] for one in client.get(URL, query).json()["results"]]


def test_a_segment_says_what_a_person_needs_to_decide(client, segment, reviewer, manager):
    mine = factories.VerdictFactory(segment=segment, reviewer=reviewer, decision="accept")
    theirs = factories.VerdictFactory(segment=segment, reviewer=manager, decision="reject")

    shown = client.get(f"{URL}{segment.pk}/").json()

    verdict = shown.pop("verdict")
    assert shown == {
        "id": str(segment.pk),
        "run": str(segment.run_id),
        "video": str(segment.video_id),
        "video_name": "north gate.mp4",
        "start": 100,
        "stop": 140,
        "peak_frame": 105,
        "audit": False,
        "score": 10.0,
        "severity": "high",
        "others": [
            {
                "reviewer": "manager",
                "reviewer_id": str(manager.public_id),
                "decision": "reject",
                "start": 100,
                "stop": 140,
                "settles": False,
                "created_at": theirs.created_at.isoformat().replace("+00:00", "Z"),
            }
        ],
        "decided_before": None,
    }
    assert verdict["id"] == str(mine.pk)


def test_a_withdrawn_verdict_is_no_verdict(client, segment, reviewer):
    factories.VerdictFactory(segment=segment, reviewer=reviewer, decision="accept")
    factories.VerdictFactory(segment=segment, reviewer=reviewer, decision="withdrawn")

    assert client.get(f"{URL}{segment.pk}/").json()["verdict"] is None


def test_the_queue_comes_in_the_order_asked_for(client, segments, run, video):
    Run.objects.filter(pk=run.pk).update(threshold=11.4)
    newer = factories.RunFactory(project=run.project)
    factories.SegmentFactory(run=newer, video=video, start=500, stop=510, score=0.9)

    assert starts(client) == [400, 800, 100, 500]
    assert starts(client, order="time") == [100, 400, 500, 800]
    assert starts(client, order="newest") == [500, 400, 800, 100]
    assert starts(client, order="threshold", run=str(run.pk)) == [800, 400, 100]


def test_open_and_decided_are_mine_alone(client, segments, reviewer, manager):
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer)
    factories.VerdictFactory(segment=segments[1], reviewer=manager)
    factories.VerdictFactory(segment=segments[2], reviewer=reviewer)
    factories.VerdictFactory(segment=segments[2], reviewer=reviewer, decision="withdrawn")

    assert starts(client, state="decided") == [100]
    assert starts(client, state="open") == [400, 800]
    assert starts(client, state="all") == [400, 800, 100]


def test_what_somebody_was_unsure_about_waits_for_a_second_look(client, segments, reviewer, manager):
    factories.VerdictFactory(segment=segments[0], reviewer=manager, decision="unsure")
    factories.VerdictFactory(segment=segments[1], reviewer=manager, decision="unsure")
    factories.VerdictFactory(segment=segments[1], reviewer=reviewer, decision="accept")

    assert starts(client, state="unsure") == [segments[0].start]


def test_what_people_disagree_about_waits_until_a_manager_settles_it(client, segments, reviewer, manager):
    other = factories.UserFactory()
    for segment in segments[:2]:
        factories.VerdictFactory(segment=segment, reviewer=reviewer, decision="accept")
        factories.VerdictFactory(segment=segment, reviewer=other, decision="reject")
    factories.VerdictFactory(segment=segments[1], reviewer=manager, decision="reject", settles=True)

    assert starts(client, state="conflict") == [segments[0].start]


def test_the_queue_can_be_narrowed_to_a_label_and_to_a_person(client, segments, reviewer, manager):
    factories.VerdictFactory(segment=segments[0], reviewer=manager, labels=["Run", "Über"])
    factories.VerdictFactory(segment=segments[1], reviewer=reviewer, labels=["Running"])

    assert starts(client, label="Run") == [segments[0].start]
    assert starts(client, label="Über") == [segments[0].start]
    assert starts(client, reviewer=str(reviewer.public_id)) == [segments[1].start]


def test_the_queue_can_be_narrowed_to_a_run_a_video_a_project_and_a_name(client, segments, run, project):
    other = factories.VideoFactory(project=project, name="South gate.mp4")
    factories.SegmentFactory(run=factories.RunFactory(project=project), video=other, start=7, stop=9)

    assert starts(client, run=str(run.pk)) == [400, 800, 100]
    assert starts(client, video=str(other.pk)) == [7]
    assert starts(client, search="sOUth") == [7]
    assert starts(client, search="gate", project=str(project.pk)) == [400, 800, 100, 7]
    assert starts(client, search="%") == []


@pytest.mark.parametrize(
    "query",
    [{"order": "reviewer__password"}, {"state": "x"}, {"run": "x"}, {"video": "1"}, {"search": "x" * 201}],
)
def test_a_filter_that_makes_no_sense_is_named(client, query):
    answer = client.get(URL, query)

    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == query.keys()


def test_a_long_queue_costs_no_more_queries_than_a_short_one(
    client, segments, run, video, reviewer, manager, django_assert_max_num_queries
):
    more = [factories.SegmentFactory.build(run=run, video=video, start=n, stop=n + 1) for n in range(200)]
    Segment.objects.bulk_create(more)
    for segment in more[:50]:
        factories.VerdictFactory(segment=segment, reviewer=reviewer)
        factories.VerdictFactory(segment=segment, reviewer=manager)

    with django_assert_max_num_queries(6):  # session, user, count, page, voices, before
        page = client.get(URL, {"page_size": 500, "state": "all", "order": "score"}).json()

    assert page["count"] == len(page["results"]) == 203


def test_a_stranger_sees_no_segment(api, stranger, segment):
    assert api(stranger).get(URL).json()["count"] == 0
    assert api(stranger).get(f"{URL}{segment.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("score", "expected"), [(1.0, "low"), (1.49, "low"), (1.5, "medium"), (2.99, "medium"), (3.0, "high")]
)
def test_severity_is_the_distance_from_the_median_in_thresholds(score, expected):
    assert severity(score, centre=0.0, threshold=1.0) == expected


def test_severity_of_a_run_without_a_threshold_is_in_the_middle():
    assert severity(5.0, centre=None, threshold=None) == "medium"
    assert severity(5.0, centre=2.0, threshold=1.0) == "medium"
