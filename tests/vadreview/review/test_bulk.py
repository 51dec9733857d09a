"""The same decision about many proposals at once."""

from __future__ import annotations

import uuid

import pytest

from tests.vadreview import factories
from vadreview.review.models import Verdict

pytestmark = pytest.mark.django_db
URL = "/api/verdicts/bulk/"


@pytest.fixture
def client(api, reviewer):
    return api(reviewer)


def about(segments, decision="reject", **fields):
    return {
        "client_key": str(uuid.uuid4()),
        "segments": [str(segment.pk) for segment in segments],
        "decision": decision,
        **fields,
    }


def test_each_proposal_gets_a_verdict_on_its_own_span(client, segments, reviewer):
    answer = client.post(URL, about(segments, reason="lighting", comment="clouds"))

    assert answer.status_code == 201
    assert answer.json()["given"] == 3
    spans = {(segment.pk, segment.start, segment.stop) for segment in segments}
    assert set(Verdict.objects.values_list("subject", "start", "stop")) == spans
    assert set(Verdict.objects.values_list("reviewer", "decision", "reason")) == {
        (reviewer.pk, "reject", "lighting")
    }


def test_the_same_request_again_has_no_second_effect(client, segments):
    said = about(segments)
    client.post(URL, said)

    again = client.post(URL, said).json()

    assert (again["given"], again["repeated"]) == (0, 3)
    assert Verdict.objects.count() == 3


def test_proposals_that_are_gone_are_named_and_the_others_decided(client, segments):
    gone = factories.SegmentFactory.build(run=segments[0].run, video=segments[0].video)

    answer = client.post(URL, about([*segments, gone])).json()

    assert (answer["given"], answer["gone"]) == (3, [str(gone.pk)])


def test_a_label_that_is_none_stops_all_of_it(client, segments):
    assert client.post(URL, about(segments, decision="accept", labels=["Flying"])).status_code == 400
    assert not Verdict.objects.exists()


def test_what_a_stranger_may_not_see_is_not_decided(api, stranger, segments):
    assert api(stranger).post(URL, about(segments)).status_code == 404


def test_as_many_as_hundreds_cost_few_queries(client, segments, django_assert_max_num_queries):
    run, video = segments[0].run, segments[0].video
    many = [factories.SegmentFactory.build(run=run, video=video, start=n, stop=n + 1) for n in range(300)]
    type(many[0]).objects.bulk_create(many)

    with django_assert_max_num_queries(20):
        assert client.post(URL, about(many)).json()["given"] == 300
