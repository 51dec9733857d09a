"""Giving, repeating, correcting and withdrawing verdicts through the API."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connection

from tests.vadreview import factories
from vadreview.review import queries, services
from vadreview.review.models import Verdict

pytestmark = pytest.mark.django_db
URL = "/api/verdicts/"


@pytest.fixture
def client(api, reviewer):
    return api(reviewer)


def about(segment, decision="accept", **fields):
    return {"client_key": str(uuid.uuid4()), "segment": str(segment.pk), "decision": decision, **fields}


def drawn(video, start=10, stop=20, decision="accept", **fields):
    return {
        "client_key": str(uuid.uuid4()),
        "video": str(video.pk),
        "subject": str(uuid.uuid4()),
        "start": start,
        "stop": stop,
        "decision": decision,
        **fields,
    }


def test_accepting_a_segment_keeps_its_span_and_whose_it_is(client, segment, reviewer):
    answer = client.post(URL, about(segment, labels=["Running"], comment="by the gate", seconds_spent=4.5))

    assert answer.status_code == 201
    given = answer.json()
    assert given | {"id": 0, "created_at": 0, "client_key": 0} == {
        "id": 0,
        "client_key": 0,
        "project": str(segment.run.project_id),
        "video": str(segment.video_id),
        "run": str(segment.run_id),
        "subject": str(segment.pk),
        "drawn": False,
        "reviewer": str(reviewer.public_id),
        "reviewer_name": "reviewer",
        "decision": "accept",
        "start": 100,
        "stop": 140,
        "proposed_start": 100,
        "proposed_stop": 140,
        "labels": ["Running"],
        "reason": "",
        "comment": "by the gate",
        "seconds_spent": 4.5,
        "settles": False,
        "created_at": 0,
    }


def test_a_corrected_span_leaves_the_proposal_as_it_was(client, segment):
    given = client.post(URL, about(segment, start=95, stop=150)).json()

    assert (given["start"], given["stop"]) == (95, 150)
    assert (given["proposed_start"], given["proposed_stop"]) == (100, 140)
    segment.refresh_from_db()
    assert (segment.start, segment.stop) == (100, 140)


@pytest.mark.parametrize(
    ("start", "stop"), [(140, 100), (50, 50), (0, 1001), (1000, 1001), (-1, 5), (2**31, 2**31 + 1), ("x", 5)]
)
def test_a_span_outside_the_video_is_refused_with_its_field(client, segment, start, stop):
    answer = client.post(URL, about(segment, start=start, stop=stop))

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) & {"start", "stop"}
    assert not Verdict.objects.exists()


def test_the_whole_video_is_a_span(client, segment):
    assert client.post(URL, about(segment, start=0, stop=1000)).status_code == 201


def test_the_same_request_again_has_one_effect(client, segment):
    request = about(segment)

    first, second = client.post(URL, request), client.post(URL, request)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Verdict.objects.count() == 1


def test_the_same_request_twice_at_once_has_one_effect(transactional_db, segment, reviewer):
    key, answers = uuid.uuid4(), []
    together = threading.Barrier(2)

    def give():
        subject = services.subject_of_segment(segment)
        together.wait()
        answers.append(services.give(reviewer, subject, services.Opinion("accept"), client_key=key))
        connection.close()

    threads = [threading.Thread(target=give) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Verdict.objects.count() == 1
    assert sorted(new for _, new in answers) == [False, True]


@pytest.mark.parametrize(
    "changed", [{"decision": "reject"}, {"stop": 130}, {"labels": []}, {"comment": "no"}]
)
def test_a_key_that_comes_again_with_another_verdict_is_refused(client, segment, changed):
    first = about(segment, labels=["Running"])
    client.post(URL, first)

    answer = client.post(URL, first | changed)

    assert (answer.status_code, answer.json()["code"]) == (409, "client_key_reused")
    assert Verdict.objects.get().decision == "accept"


def test_taking_back_what_was_said_anew_elsewhere_is_refused(client, segment):
    here, elsewhere = about(segment), about(segment, decision="reject")
    client.post(URL, here)
    client.post(URL, elsewhere)

    stale = client.post(URL, about(segment, decision="withdrawn", replaces=here["client_key"]))
    fresh = client.post(URL, about(segment, decision="withdrawn", replaces=elsewhere["client_key"]))

    assert (stale.status_code, stale.json()["code"]) == (409, "newer_verdict")
    assert fresh.status_code == 201


def test_only_a_manager_settles(client, api, manager, segment):
    assert client.post(URL, about(segment, settles=True)).status_code == 403
    assert api(manager).post(URL, about(segment, settles=True)).json()["settles"] is True


def test_what_was_given_since_a_moment_is_listed(client, segments):
    first = client.post(URL, about(segments[0])).json()
    second = client.post(URL, about(segments[1])).json()

    listed = client.get(URL, {"since": first["created_at"]}).json()["results"]

    assert [one["id"] for one in listed] == [second["id"]]


def test_a_key_that_another_person_used_is_refused(client, api, manager, segment):
    request = about(segment)
    api(manager).post(URL, request)

    answer = client.post(URL, request)

    assert answer.status_code == 409
    assert "manager" not in answer.content.decode()


def test_a_label_outside_the_taxonomy_is_refused_with_the_allowed_ones(client, segment):
    answer = client.post(URL, about(segment, labels=["Running", "Dancing"]))

    assert answer.status_code == 400
    assert "Running, Cycling" in answer.json()["fields"]["labels"]


def test_labels_are_kept_once_and_in_the_order_of_the_taxonomy(client, segment):
    given = client.post(URL, about(segment, labels=["Cycling", "Running", "Cycling"])).json()

    assert given["labels"] == ["Running", "Cycling"]


def test_a_reason_goes_with_a_rejection_only(client, segment):
    with_reject = client.post(URL, about(segment, "reject", reason="lighting"))
    with_accept = client.post(URL, about(segment, "accept", reason="lighting"))
    unknown = client.post(URL, about(segment, "reject", reason="boredom"))

    assert with_reject.status_code == 201
    assert with_accept.status_code == 400
    assert "reason" in with_accept.json()["fields"]
    assert unknown.status_code == 400


def test_a_drawn_span_is_a_verdict_without_a_run(client, video):
    given = client.post(URL, drawn(video, 30, 60)).json()

    assert given["drawn"] is True
    assert given["run"] is None
    assert given["proposed_start"] is None
    assert (given["start"], given["stop"]) == (30, 60)


def test_a_drawn_span_needs_both_ends(client, video):
    request = drawn(video)
    del request["stop"]

    answer = client.post(URL, request)

    assert answer.status_code == 400
    assert "stop" in answer.json()["fields"]


def test_another_person_may_decide_on_a_drawn_span(client, api, manager, video):
    request = drawn(video, 30, 60)
    client.post(URL, request)

    second = {"client_key": str(uuid.uuid4()), "video": str(video.pk), "subject": request["subject"]}
    answer = api(manager).post(URL, second | {"decision": "reject"})

    assert answer.status_code == 201
    assert (answer.json()["start"], answer.json()["stop"], answer.json()["drawn"]) == (30, 60, True)


def test_a_subject_of_another_video_is_refused(client, video, project):
    request = drawn(video)
    client.post(URL, request)
    other = factories.VideoFactory(project=project)

    answer = client.post(URL, drawn(other) | {"subject": request["subject"]})

    assert answer.status_code == 409


@pytest.mark.parametrize(
    "given", [{}, {"video": 1}, {"segment": 1, "video": 1, "subject": 1}, {"subject": 1}]
)
def test_a_verdict_names_a_segment_or_a_drawn_span(client, segment, given):
    ids = {"segment": str(segment.pk), "video": str(segment.video_id), "subject": str(uuid.uuid4())}
    request = {"client_key": str(uuid.uuid4()), "decision": "accept", "start": 1, "stop": 2}

    answer = client.post(URL, request | {name: ids[name] for name in given})

    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == {"segment"}


def test_undo_is_a_newer_verdict_that_withdraws(client, segment, reviewer):
    client.post(URL, about(segment))

    client.post(URL, about(segment, "withdrawn"))

    assert Verdict.objects.count() == 2
    assert not queries.current(Verdict.objects.all()).exists()
    assert queries.undecided_by(reviewer, segment.run.segments.all()).filter(pk=segment.pk).exists()


def test_nothing_can_be_withdrawn_that_was_not_said(client, api, manager, segment):
    api(manager).post(URL, about(segment))

    answer = client.post(URL, about(segment, "withdrawn"))

    assert answer.status_code == 400


def test_a_verdict_can_be_withdrawn_when_its_segment_is_not_proposed_any_more(client, segment):
    pk = segment.pk
    client.post(URL, about(segment))
    segment.delete()

    answer = client.post(URL, {"client_key": str(uuid.uuid4()), "segment": str(pk), "decision": "withdrawn"})

    assert answer.status_code == 201
    assert answer.json()["proposed_start"] == 100


def test_a_verdict_outlives_its_run(client, segment, run):
    given = client.post(URL, about(segment)).json()
    run.delete()

    (kept,) = client.get(URL).json()["results"]

    assert kept == given | {"run": None}


def test_verdicts_cannot_be_edited_or_deleted(client, segment):
    pk = client.post(URL, about(segment)).json()["id"]

    for method in (client.put, client.patch, client.delete, client.get):
        assert method(f"{URL}{pk}/").status_code == 404


def test_a_viewer_reads_verdicts_and_gives_none(api, viewer, segment):
    factories.VerdictFactory(segment=segment)

    assert api(viewer).get(URL).json()["count"] == 1
    assert api(viewer).post(URL, about(segment)).status_code == 403


def test_a_stranger_learns_nothing(api, stranger, segment, video):
    factories.VerdictFactory(segment=segment)
    client = api(stranger)

    assert client.get(URL).json()["count"] == 0
    assert client.get(URL, {"project": str(segment.run.project_id)}).json()["count"] == 0
    unknown = client.post(URL, about(segment) | {"segment": str(uuid.uuid4())})
    hidden = client.post(URL, about(segment))
    assert unknown.status_code == hidden.status_code == 404
    assert unknown.json() == hidden.json()
    assert client.post(URL, drawn(video)).status_code == 404


def test_a_video_that_is_not_ready_gets_no_verdict(client, project):
    video = factories.VideoFactory(project=project, state="ingesting")

    assert client.post(URL, drawn(video)).status_code == 404


def test_the_list_can_be_narrowed(client, api, manager, segments, video, project):
    client.post(URL, about(segments[0], "accept"))
    client.post(URL, about(segments[0], "reject"))
    client.post(URL, about(segments[1], "accept"))
    client.post(URL, about(segments[1], "withdrawn"))
    api(manager).post(URL, about(segments[0], "unsure"))
    other = factories.VerdictFactory(reviewer=manager, video=factories.VideoFactory(project=project))

    def count(**query):
        return client.get(URL, query).json()["count"]

    assert count() == 6
    assert count(reviewer="me") == 4
    assert count(current="true") == 3
    assert count(current="true", reviewer="me") == 1
    assert count(video=str(video.pk)) == 5
    assert count(video=str(other.video_id)) == 1
    assert count(project=str(project.pk)) == 6
    assert count(video="") == 6


@pytest.mark.parametrize(
    "query", [{"video": "x"}, {"project": "1"}, {"reviewer": "bob"}, {"current": "maybe"}]
)
def test_a_filter_that_makes_no_sense_is_named(client, query):
    answer = client.get(URL, query)

    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == query.keys()


def test_the_summary_counts_subjects_once(client, api, manager, segments, video, project):
    client.post(URL, about(segments[0], "accept", seconds_spent=3))
    api(manager).post(URL, about(segments[0], "reject"))  # newer: it settles, and it is a conflict
    client.post(URL, about(segments[1], "unsure", seconds_spent=2))
    client.post(URL, drawn(video, decision="accept"))

    summary = client.get(f"{URL}summary/", {"project": str(project.pk)}).json()

    people = summary.pop("reviewers")
    assert summary == {"accepted": 1, "rejected": 1, "unsure": 1, "drawn": 1, "conflicts": 1, "left": 1}
    assert [(one["reviewer_name"], one["verdicts"], one["seconds_spent"]) for one in people] == [
        ("reviewer", 3, 5.0),
        ("manager", 1, 0.0),
    ]


def test_the_summary_of_an_unseen_project_is_not_there(api, stranger, project):
    assert api(stranger).get(f"{URL}summary/", {"project": str(project.pk)}).status_code == 404
