"""What the audit share says of a run: figures that do not depend on what somebody chose to review."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories
from vadreview.exports import manifest
from vadreview.footage import audit
from vadreview.review import estimates, orders, queries
from vadreview.runs import proposals
from vadreview.runs.models import Segment

pytestmark = pytest.mark.django_db
SHARE = 0.3
HOUR = 25 * 3600


@pytest.fixture
def long(project):
    """A video of an hour in a project with an audit of SHARE."""
    project.audit_share = SHARE
    project.save()
    return factories.VideoFactory(project=project, n_frames=HOUR, sha256="ab" * 32)


def run_over(video, spans, **fields):
    """A finished run whose score stands out in `spans`, with its proposals made."""
    run = factories.RunFactory(project=video.project, **fields)
    factories.RunVideoFactory(run=run, video=video)
    factories.make_track(factories.peaky_scores(video.n_frames, peaks=spans), video=video, run=run)
    proposals.propose(run, policy={"smooth_sigma_frames": 0.0, "value": 20.0})
    run.refresh_from_db()
    return run


def every(step, length=75, stop=HOUR):
    return [(start, start + length) for start in range(step // 2, stop - step, step)]


def judge(segments, reviewer, *, abnormal):
    for segment in segments:
        decision = "accept" if abnormal(segment) else "reject"
        factories.VerdictFactory(segment=segment, reviewer=reviewer, decision=decision)


def test_a_run_shows_some_windows_it_does_not_propose(long):
    run = run_over(long, every(1000))
    controls = run.segments.filter(audit=True)
    chosen = audit.chosen(long, share=SHARE)
    proposed = list(run.segments.filter(audit=False).values_list("start", "stop"))

    assert controls.count() == 1 + len(proposed) // proposals.AUDIT_EACH
    assert all((one.start, one.stop) in chosen for one in controls)
    assert not any(one.start < stop and one.stop > start for one in controls for start, stop in proposed)


def test_a_control_shows_no_score_and_lies_anywhere_in_the_queue(api, reviewer, long):
    run = run_over(long, every(1000))

    rows = api(reviewer).get("/api/segments/", {"run": str(run.pk), "page_size": 500}).json()["results"]
    controls = set(map(str, run.segments.filter(audit=True).values_list("pk", flat=True)))
    places = [n for n, row in enumerate(rows) if row["id"] in controls]

    assert controls
    assert {row["id"] for row in rows if row["audit"]} == controls
    assert {(row["score"], row["severity"]) for row in rows if row["audit"]} == {(None, None)}
    assert not any(row["score"] is None for row in rows if not row["audit"])
    assert 0.2 < np.mean(places) / len(rows) < 0.8


def test_proposing_again_keeps_controls_and_their_verdicts(long, reviewer):
    run = run_over(long, every(1000))
    before = set(run.segments.filter(audit=True).values_list("pk", flat=True))

    proposals.propose(run, policy={"smooth_sigma_frames": 0.0, "value": 20.0}, high=run.threshold * 1.01)

    assert set(run.segments.filter(audit=True).values_list("pk", flat=True)) == before


def test_without_an_audit_share_nothing_but_proposals_is_shown(project):
    video = factories.VideoFactory(project=project, n_frames=HOUR)

    assert not run_over(video, every(1000)).segments.filter(audit=True).exists()


@pytest.mark.parametrize("order", orders.COMPUTED)
def test_computed_orders_hold_the_controls_too(long, order):
    run = run_over(long, every(3000))

    assert sorted(orders.order(run, order)) == sorted(run.segments.values_list("pk", flat=True))


def test_controls_are_no_unreviewed_proposals_of_a_dataset(long, project):
    run = run_over(long, every(3000))

    content = manifest.freeze(project, [long])

    assert len(content["unreviewed"]) == run.segments.filter(audit=False).count()
    assert content["counts"]["unreviewed"] == run.segments.count()  # as many as wait in the queue


def test_precision_is_that_of_the_audit_whatever_else_was_reviewed(long, reviewer):
    run = run_over(long, every(500))
    inside = audit.chosen(long, share=SHARE)
    audited = [one for one in run.segments.filter(audit=False) if audit.holds(inside, one.start, one.stop)]
    others = [one for one in run.segments.filter(audit=False) if one not in audited]
    judge(audited, reviewer, abnormal=lambda one: audited.index(one) % 4 == 0)
    judge(others, reviewer, abnormal=lambda one: True)  # a reviewer who only looks at what is right

    found = estimates.estimate(run)

    assert found.complete
    assert found.precision.value == pytest.approx(0.25, abs=0.02)
    assert found.precision.low < 0.25 < found.precision.high
    assert found.false_alarms_per_hour.value == pytest.approx(0.75 * len(every(500)), rel=0.03)


def test_recall_counts_what_the_controls_find(long, reviewer):
    run = run_over(long, every(1000))
    judge(run.segments.filter(audit=False), reviewer, abnormal=lambda one: True)
    judge(run.segments.filter(audit=True), reviewer, abnormal=lambda one: False)

    none_missed = estimates.estimate(run).recall
    first = run.segments.filter(audit=True).first()
    factories.VerdictFactory(segment=first, reviewer=reviewer, decision="accept")
    one_missed = estimates.estimate(run).recall

    assert none_missed.value == 1.0
    assert none_missed.low < 1.0
    assert one_missed.value < 1.0
    assert one_missed.low < one_missed.value < one_missed.high


def test_intervals_hold_the_truth_about_as_often_as_they_say(project, reviewer):
    project.audit_share = SHARE
    project.save()
    truth, held = 0.4, 0
    random = np.random.default_rng(3)
    for n in range(10):
        video = factories.VideoFactory(project=project, n_frames=HOUR // 2, sha256=f"{n:064x}")
        run = run_over(video, every(600, stop=HOUR // 2))
        inside = audit.chosen(video, share=SHARE)
        audited = [
            one for one in run.segments.filter(audit=False) if audit.holds(inside, one.start, one.stop)
        ]
        judge(audited, reviewer, abnormal=lambda one: random.random() < truth)
        figure = estimates.estimate(run).precision
        held += figure.low <= truth <= figure.high

    assert held >= 8


def test_a_run_is_not_measured_by_what_it_was_taught(long, project, reviewer):
    run = run_over(long, every(500), lesson={"audit_share": 0.05})

    assert estimates.estimate(run).share == 0.05
    assert estimates.estimate(run).human_in_the_loop


def test_the_verdicts_of_one_run_serve_the_next(long, reviewer):
    first, second = run_over(long, every(1000)), run_over(long, every(1000, length=70))
    judge(first.segments.all(), reviewer, abnormal=lambda one: one.start % 2000 < 1000)

    found = estimates.estimate(second)

    assert found.complete
    assert 0 < found.precision.value < 1


def test_before_anything_is_reviewed_there_is_no_figure(api, reviewer, long):
    run = run_over(long, every(1000))

    answer = api(reviewer).get(f"/api/runs/{run.pk}/audit/").json()

    assert (answer["precision"], answer["recall"], answer["complete"]) == (None, None, False)
    assert answer["audit_proposals"] > 0


def test_a_control_can_be_decided_like_any_item(api, reviewer, long):
    run = run_over(long, every(1000))
    control = run.segments.filter(audit=True).first()

    answer = api(reviewer).post(
        "/api/verdicts/",
        {"client_key": str(control.pk), "segment": str(control.pk), "decision": "reject"},
        format="json",
    )

    assert answer.status_code == 201
    left = queries.undecided_by(reviewer, Segment.objects.filter(pk=control.pk))
    assert not left.exists()
