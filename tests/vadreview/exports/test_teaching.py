"""What a frozen dataset teaches, the runs that learn from it, and lineage both ways."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from detectors.base import ABNORMAL, LEFT_OUT, NORMAL, UNKNOWN
from tests.vadreview import factories
from vadreview.exports import manifest, teaching
from vadreview.exports.models import Dataset
from vadreview.footage import audit
from vadreview.jobs import JobStatus
from vadreview.runs import lessons
from vadreview.runs.models import Run

pytestmark = pytest.mark.django_db
URL = "/api/exports/teach/"


def labels(project, video) -> np.ndarray:
    return taught(project, video)[0]


def taught(project, video):
    """The labels and disputed frames of a video, as a run would get them now."""
    lesson = teaching.lesson_of(manifest.freeze(project, list(project.videos.all())))
    found, disputed = lessons.labels_of(lesson)
    nothing = np.full(video.n_frames, UNKNOWN, np.int8), np.zeros(video.n_frames, bool)
    return found.get(str(video.pk), nothing[0]), disputed.get(str(video.pk), nothing[1])


def said(video, reviewer, start, stop, decision="accept", **fields):
    return factories.VerdictFactory(
        video=video, reviewer=reviewer, start=start, stop=stop, decision=decision, **fields
    )


def teach(client, project, **fields):
    body = {
        "project": str(project.pk),
        "choices": [{"detector": "pseudoanomaly", "preset": "fast"}],
        "client_key": str(uuid.uuid4()),
        **fields,
    }
    return client.post(URL, body, format="json")


# ---- what a verdict means ----


def test_accepted_frames_are_abnormal_rejected_ones_normal_and_the_rest_unknown(project, video, reviewer):
    said(video, reviewer, 100, 140)
    said(video, reviewer, 400, 460, "reject")
    said(video, reviewer, 800, 830, "unsure")

    label = labels(project, video)

    assert (label[100:140] == ABNORMAL).all()
    assert (label[400:460] == NORMAL).all()
    assert (label == UNKNOWN).sum() == 1000 - 40 - 60


def test_a_duplicate_says_nothing_about_the_footage(project, video, reviewer):
    said(video, reviewer, 100, 140, "reject", reason="duplicate")

    assert (labels(project, video) == UNKNOWN).all()


def test_the_later_of_one_persons_overlapping_spans_counts(project, video, reviewer):
    said(video, reviewer, 100, 200, "reject")
    said(video, reviewer, 150, 180)

    label = labels(project, video)

    assert (label[150:180] == ABNORMAL).all()
    assert (label[100:150] == NORMAL).all()


def test_frames_on_which_people_contradict_each_other_are_disputed_and_unknown(
    project, video, reviewer, manager
):
    said(video, reviewer, 100, 200, "reject")
    said(video, manager, 150, 250)

    label, disputed = taught(project, video)

    assert disputed[150:200].all()
    assert disputed.sum() == 50
    assert (label[150:200] == UNKNOWN).all()
    assert (label[200:250] == ABNORMAL).all()


def test_a_span_that_some_accept_and_others_reject_teaches_neither(
    project, video, segment, reviewer, manager
):
    factories.VerdictFactory(segment=segment, reviewer=reviewer, decision="accept")
    factories.VerdictFactory(segment=segment, reviewer=manager, decision="reject")

    label, disputed = taught(project, video)

    assert (label == UNKNOWN).all()
    assert disputed[100:140].all()


def test_nothing_of_the_audit_share_is_taught(project, video, reviewer):
    project.audit_share = 0.5
    project.save()
    for start, stop in audit.windows(video):
        said(video, reviewer, start, stop)

    label = labels(project, video)
    kept_out = audit.mask(video, share=0.5)

    assert 0 < kept_out.sum() < 1000
    assert (label[kept_out] == UNKNOWN).all()
    assert (label[~kept_out] == ABNORMAL).all()


def test_a_span_of_the_audit_is_kept_out_whole_even_where_it_leaves_its_window(project, video, reviewer):
    project.audit_share = 0.5
    project.save()
    start, stop = audit.chosen(video, share=0.5)[0]
    middle = (start + stop) // 2
    said(video, reviewer, max(middle - 100, 0), min(middle + 100, 1000))

    label = labels(project, video)

    assert (label == UNKNOWN).all()


# ---- runs that learn ----


def test_teaching_freezes_what_is_decided_and_starts_supervised_runs(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)

    answer = teach(api(manager), project, choices=[{"detector": "pseudoanomaly"}, {"detector": "kdiffusion"}])

    assert answer.status_code == 201, answer.json()
    runs = Run.objects.filter(trained_on=answer.json()["dataset"])
    assert {run.detector for run in runs} == {"pseudoanomaly", "kdiffusion"}
    assert {run.mode for run in runs} == {"supervised"}
    assert all(lessons.frames_in(run.lesson)["abnormal"] == 40 for run in runs)


def test_a_later_verdict_changes_nothing_of_what_a_run_was_taught(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)
    run = Run.objects.get(pk=teach(api(manager), project).json()["runs"][0]["id"])

    factories.VerdictFactory(segment=segments[1], reviewer=manager)
    factories.VerdictFactory(segment=segments[0], reviewer=manager, decision="reject")

    again = lessons.labels_of(Run.objects.get(pk=run.pk).lesson)[0][str(segments[0].video_id)]
    assert (again[100:140] == ABNORMAL).all()
    assert (again == NORMAL).sum() == 0


def test_a_taught_run_takes_over_the_settings_and_footage_of_its_parent(api, manager, project, video):
    other = factories.VideoFactory(project=project)
    parent = factories.RunFactory(project=project, detector="pseudoanomaly", seed=7)
    factories.RunVideoFactory(run=parent, video=other, trains=True, scores=False)
    factories.RunVideoFactory(run=parent, video=video, trains=False, scores=True)
    factories.VideoFactory(project=project)  # no part of the parent, and without verdicts
    said(video, manager, 10, 50)

    run = Run.objects.get(pk=teach(api(manager), project).json()["runs"][0]["id"])

    assert (run.parent, run.seed) == (parent, 7)
    assert run.lesson["judged_only"] == [str(video.pk)]
    assert set(run.run_videos.filter(trains=True).values_list("video", flat=True)) == {other.pk, video.pk}
    assert set(run.run_videos.filter(scores=True).values_list("video", flat=True)) == {video.pk}


def test_of_a_video_that_was_added_for_its_verdicts_only_what_people_judged_is_learned(
    api, manager, project, video
):
    usual = factories.VideoFactory(project=project)
    parent = factories.RunFactory(project=project, detector="pseudoanomaly")
    factories.RunVideoFactory(run=parent, video=usual, trains=True, scores=False)
    factories.RunVideoFactory(run=parent, video=video, trains=False, scores=True)
    said(video, manager, 10, 50, "reject")
    said(usual, manager, 10, 50)

    first = Run.objects.get(pk=teach(api(manager), project).json()["runs"][0]["id"])
    Run.objects.filter(pk=first.pk).update(stage="done")
    second = Run.objects.get(pk=teach(api(manager), project).json()["runs"][0]["id"])

    for run in (first, second):  # also where the run before was taught itself
        labels, _ = lessons.labels_of(run.lesson)
        assert (labels[str(video.pk)] == NORMAL).sum() == 40
        assert (labels[str(video.pk)] == LEFT_OUT).sum() == 960
        assert (labels[str(usual.pk)] == UNKNOWN).sum() == 960


def test_a_taught_run_begins_from_the_model_before_it_only_where_that_is_asked_for(
    api, manager, project, segments
):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)
    factories.RunFactory(project=project, detector="pseudoanomaly", stage="done")
    choices = [
        {"detector": "pseudoanomaly", "warm_start": True},
        {"detector": "kdiffusion", "warm_start": True},  # has no run to begin from
    ]

    begun = teach(api(manager), project, choices=choices).json()["runs"]
    anew = teach(api(manager), project, choices=[{"detector": "pseudoanomaly"}]).json()["runs"]

    warm = {run["detector"]: Run.objects.get(pk=run["id"]).warm_start for run in begun}
    assert warm == {"pseudoanomaly": True, "kdiffusion": False}
    assert not Run.objects.get(pk=anew[0]["id"]).warm_start


def test_the_same_request_again_starts_nothing(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)
    key = str(uuid.uuid4())

    first, second = (teach(api(manager), project, client_key=key).json() for _ in range(2))

    assert first == second
    assert Run.objects.filter(mode="supervised").count() == 1
    assert Dataset.objects.count() == 1


def test_a_dataset_that_is_not_written_yet_cannot_teach(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)
    half = factories.DatasetFactory(
        project=project, manifest=manifest.freeze(project, [segments[0].video]), status=JobStatus.RUNNING
    )

    answer = teach(api(manager), project, dataset=str(half.pk))

    assert answer.status_code == 409
    assert "not written yet" in answer.json()["message"]


def test_without_a_decision_there_is_nothing_to_teach_and_nothing_is_left_behind(
    api, manager, project, video
):
    answer = teach(api(manager), project)

    assert answer.status_code == 409
    assert "nothing to teach" in answer.json()["message"]
    assert not Dataset.objects.exists()


def test_a_detector_that_does_not_exist_leaves_neither_dataset_nor_runs(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)

    answer = teach(api(manager), project, choices=[{"detector": "pseudoanomaly"}, {"detector": "nothing"}])

    assert answer.status_code == 400
    assert not Dataset.objects.exists()
    assert not Run.objects.filter(mode="supervised").exists()


def test_another_projects_dataset_does_not_exist_here(api, manager, project):
    elsewhere = factories.DatasetFactory(status=JobStatus.DONE)

    assert teach(api(manager), project, dataset=str(elsewhere.pk)).status_code == 404


# ---- lineage ----


def test_lineage_is_told_both_ways(api, manager, reviewer, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer)
    factories.VerdictFactory(segment=segments[1], reviewer=manager, decision="reject")
    made = teach(api(manager), project).json()

    lineage = api(manager).get(f"/api/exports/{made['dataset']}/lineage/").json()
    run = api(manager).get(f"/api/runs/{made['runs'][0]['id']}/").json()

    assert [one["id"] for one in lineage["runs"]] == [run["id"]]
    assert lineage["verdicts"] == {"accept": 1, "reject": 1, "disputed": 0, "audit": 0}
    assert {one["reviewer_name"] for one in lineage["reviewers"]} == {"manager", "reviewer"}
    assert lineage["proposed_by"][0]["run"] == str(segments[0].run_id)
    assert run["learned"]["dataset"] == made["dataset"]
    assert run["learned"]["frames"] == {"abnormal": 40, "normal": 60, "disputed": 0}
    assert run["learned"]["reviewers"] == ["manager", "reviewer"]


def test_a_dataset_that_taught_a_run_cannot_be_deleted(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)
    made = teach(api(manager), project).json()

    answer = api(manager).delete(f"/api/exports/{made['dataset']}/")

    assert answer.status_code == 409
    assert "learned from" in answer.json()["message"]
    assert Dataset.objects.filter(pk=made["dataset"]).exists()


def test_a_project_goes_with_its_taught_runs_and_their_datasets(api, manager, project, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=manager)
    teach(api(manager), project)
    Run.objects.update(stage="done")

    answer = api(manager).delete(f"/api/projects/{project.pk}/?confirm={project.name}")

    assert answer.status_code == 204
    assert not Run.objects.exists()
