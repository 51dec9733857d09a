"""Threshold policies by name: what they are kept as, whom they are for, and applying one to many runs."""

from __future__ import annotations

import pytest

from tests.vadreview import factories
from vadreview import jobs
from vadreview.jobs import JobStatus
from vadreview.review import policies
from vadreview.review.models import PolicyChange, SavedPolicy
from vadreview.runs import closing, tracks
from vadreview.runs.models import Run, Segment, Track

SHARP = {"method": "mad", "value": 5, "smooth_sigma_frames": 0, "hysteresis": 0}
BLIND = {**SHARP, "method": "fixed", "value": 1e6}

pytestmark = pytest.mark.django_db


def propose(client, run, **fields):
    return client.post("/api/segments/propose/", {"run": str(run.pk), "policy": SHARP, **fields})


def save(client, run, **fields):
    return client.post("/api/policies/", {"run": str(run.pk), "name": "Night", "policy": SHARP, **fields})


def apply(client, saved, *runs, **fields):
    return client.post(
        f"/api/policies/{saved['id']}/apply/", {"runs": [str(run.pk) for run in runs], **fields}
    )


def work(change_id) -> PolicyChange:
    jobs.perform(PolicyChange, change_id, policies.work, explain=policies.explain)
    return PolicyChange.objects.get(pk=change_id)


@pytest.fixture
def twin(run, project, video) -> Run:
    """Another finished run with the same scores."""
    made = factories.RunFactory(project=project)
    factories.RunVideoFactory(run=made, video=video)
    values = tracks.read(Track.objects.get(run=run))
    tracks.replace({"score": tracks.Series(values)}, video=video, run=made)
    return made


# ---- for later runs ----


def test_what_is_applied_to_one_run_is_for_this_run_alone(api, manager, run, project):
    propose(api(manager), run)

    project.refresh_from_db()
    assert (project.policy, project.detector_policies) == ({}, {})


def test_a_manager_may_have_later_runs_of_the_same_detector_begin_so_and_of_no_other(
    api, manager, reviewer, run, project
):
    assert propose(api(reviewer), run, save_policy=True).status_code == 403

    propose(api(manager), run, save_policy=True)

    project.refresh_from_db()
    assert project.policy_for(run.detector)["smooth_sigma_frames"] == 0
    assert project.policy_for("another") == project.policy == {}


def test_a_new_run_begins_with_the_policy_of_its_detector(run, project):
    project.detector_policies = {run.detector: BLIND, "another": SHARP}
    project.save()
    Run.objects.update(stage=Run.Stage.SCORING, status=JobStatus.DONE, policy={})

    closing.settle(run.pk)

    run.refresh_from_db()
    assert run.stage == Run.Stage.DONE
    assert run.policy["value"] == 1e6


def test_a_line_placed_by_hand_is_kept_so_that_it_means_the_same_again(api, manager, run, project):
    first = propose(api(manager), run, threshold=0.37, save_policy=True).json()
    project.refresh_from_db()
    kept = project.policy_for(run.detector)
    saved = save(api(manager), run, threshold=0.37).json()

    assert kept["method"] == "mad"
    assert saved["policy"] == kept
    again = propose(api(manager), run, policy=kept).json()
    assert again["threshold"] == pytest.approx(first["threshold"], rel=1e-2)
    assert again["segments"] == first["segments"]


# ---- by name ----


def test_a_name_is_taken_once_in_a_project_and_free_again_when_deleted(api, reviewer, manager, run):
    saved = save(api(reviewer), run).json()

    assert save(api(reviewer), run).status_code == 409
    listed = api(reviewer).get(f"/api/policies/?project={run.project_id}").json()["results"]
    assert [(one["name"], one["policy"]["value"]) for one in listed] == [("Night", 5)]
    assert api(manager).delete(f"/api/policies/{saved['id']}/").status_code == 204
    assert save(api(reviewer), run).status_code == 201


# ---- many runs ----


def test_a_job_applies_it_to_every_run_and_says_what_changed(
    api, manager, run, twin, rung, django_capture_on_commit_callbacks
):
    saved = save(api(manager), run).json()
    propose(api(manager), run, policy=BLIND)

    with django_capture_on_commit_callbacks(execute=True):
        change = apply(api(manager), saved, run, twin, later=True)

    assert change.status_code == 202
    assert [(ring.task, ring.args) for ring in rung()] == [(PolicyChange.task, [change.json()["id"]])]
    done = work(change.json()["id"])
    assert (done.status, done.done, done.total) == (JobStatus.DONE, 2, 2)
    assert done.results == [
        {"run": str(run.pk), "before": 0, "after": 3},
        {"run": str(twin.pk), "before": 0, "after": 3},
    ]
    assert Segment.objects.filter(run=twin).count() == 3
    run.project.refresh_from_db()
    assert run.project.policy_for(run.detector)["value"] == 5


def test_cancelled_after_the_first_run_it_leaves_the_second_as_it_is(api, manager, run, twin, monkeypatch):
    saved = save(api(manager), run).json()
    change = apply(api(manager), saved, run, twin).json()
    store = policies.proposals.store

    def store_and_press_cancel(*args, **more):
        PolicyChange.objects.update(cancel_requested=True)
        return store(*args, **more)

    monkeypatch.setattr(policies.proposals, "store", store_and_press_cancel)
    ended = work(change["id"])

    assert ended.status == JobStatus.CANCELLED
    assert [one["run"] for one in ended.results] == [str(run.pk)]
    assert not Segment.objects.filter(run=twin).exists()


def test_work_that_was_interrupted_does_not_do_the_first_run_again(api, manager, run, twin):
    saved = save(api(manager), run).json()
    change = apply(api(manager), saved, run, twin).json()
    PolicyChange.objects.update(results=[{"run": str(run.pk), "before": 7, "after": 3}])

    ended = work(change["id"])

    assert [one["before"] for one in ended.results] == [7, 0]
    assert not Segment.objects.filter(run=run).exists()


def test_runs_of_others_or_under_way_are_refused_before_anything_changes(api, manager, run, twin):
    saved = save(api(manager), run).json()
    Run.objects.filter(pk=twin.pk).update(stage=Run.Stage.SCORING)

    assert apply(api(manager), saved, run, twin).status_code == 400
    assert apply(api(manager), saved, factories.RunFactory()).status_code == 400
    assert not PolicyChange.objects.exists()


def test_a_policy_that_changes_later_changes_nothing_that_was_asked_for(api, manager, run):
    saved = save(api(manager), run).json()
    change = apply(api(manager), saved, run).json()
    SavedPolicy.objects.all().delete()

    assert work(change["id"]).status == JobStatus.DONE
