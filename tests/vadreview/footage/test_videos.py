"""Videos over the API: what is said about them, filters, renaming, retry, cancel, deletion."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.vadreview import factories
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus
from vadreview.runs.models import MotionJob

pytestmark = pytest.mark.django_db


def url(video: Video, *parts: str) -> str:
    return "/".join(["/api/videos", str(video.pk), *parts, ""])


def names(answer) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


# ---- who may see ----


def test_a_stranger_gets_404_for_a_video(api, stranger, video):
    client = api(stranger)

    assert client.get(url(video)).status_code == 404
    assert client.patch(url(video), {"name": "x"}).status_code == 404
    assert client.delete(url(video)).status_code == 404
    assert client.post(url(video, "retry")).status_code == 404
    assert client.post(url(video, "cancel")).status_code == 404


def test_a_stranger_finds_no_video_by_project_or_id(api, stranger, video):
    assert names(api(stranger).get(f"/api/videos/?project={video.project_id}")) == []
    assert names(api(stranger).get(f"/api/videos/?ids={video.pk}")) == []


@pytest.mark.parametrize(("method", "path"), [("patch", []), ("delete", []), ("post", ["retry"])])
def test_a_reviewer_may_not_change_a_video(api, reviewer, video, method, path):
    assert getattr(api(reviewer), method)(url(video, *path), {"name": "x"}).status_code == 403


# ---- what is said ----


def test_a_ready_video_says_where_its_files_are(api, viewer, video):
    row = api(viewer).get(url(video)).json()

    assert row["urls"]["frame"].replace("{n}", "12") == f"/api/videos/{video.pk}/frames/12.jpg"
    assert row["job"]["fraction"] == 1.0
    assert row["fps"] == 25.0
    assert row["motion"] is None


def test_fractional_rates_are_given_exactly(api, viewer, project):
    video = factories.VideoFactory(project=project, fps_num=30000, fps_den=1001)

    row = api(viewer).get(url(video)).json()

    assert (row["fps_num"], row["fps_den"]) == (30000, 1001)
    assert row["fps"] == pytest.approx(29.97, abs=0.001)


def test_a_running_ingest_tells_rate_and_time_left(api, viewer, project):
    now = timezone.now()
    video = factories.VideoFactory(
        project=project, state=Video.State.INGESTING, status=JobStatus.RUNNING, phase="reading", done=30,
        total=120, phase_started_at=now - timedelta(seconds=10), heartbeat_at=now,
    )  # fmt: skip

    job = api(viewer).get(url(video)).json()["job"]

    assert (job["phase"], job["fraction"]) == ("reading", 0.25)
    assert job["rate"] == pytest.approx(3.0)
    assert job["eta_s"] == pytest.approx(30.0)


def test_what_a_resumed_job_had_done_before_makes_it_no_faster(api, viewer, project):
    now = timezone.now()
    video = factories.VideoFactory(
        project=project, state=Video.State.INGESTING, status=JobStatus.RUNNING, phase="reading", done=100,
        total=120, phase_started_done=90, phase_started_at=now - timedelta(seconds=10), heartbeat_at=now,
    )  # fmt: skip

    job = api(viewer).get(url(video)).json()["job"]

    assert job["rate"] == pytest.approx(1.0)
    assert job["eta_s"] == pytest.approx(20.0)


def test_the_motion_job_is_shown_once_there_is_one(api, viewer, video):
    MotionJob.objects.create(video=video)

    assert api(viewer).get(url(video)).json()["motion"]["status"] == "queued"


def test_to_review_counts_segments_without_my_verdict(api, viewer, reviewer, video, segments):
    factories.VerdictFactory(segment=segments[0], reviewer=reviewer)

    assert api(reviewer).get(url(video)).json()["to_review"] == 2
    assert api(viewer).get(url(video)).json()["to_review"] == 3


def test_ground_truth_is_given_in_order_of_time(api, viewer, video):
    factories.GroundTruthFactory(video=video, start=300, stop=400, label="Fall")
    factories.GroundTruthFactory(video=video, start=10, stop=20, label="Running")

    assert api(viewer).get(url(video)).json()["ground_truth"] == [
        {"start": 10, "stop": 20, "label": "Running"},
        {"start": 300, "stop": 400, "label": "Fall"},
    ]


def test_the_list_of_videos_asks_the_database_a_fixed_number_of_times(
    api, viewer, project, django_assert_max_num_queries
):
    for video in factories.VideoFactory.create_batch(10, project=project):
        factories.GroundTruthFactory(video=video)
    client = api(viewer)

    with django_assert_max_num_queries(6):
        assert client.get("/api/videos/").json()["count"] == 10


# ---- filters ----


def test_videos_are_filtered_by_state_search_and_ids(api, viewer, project):
    gate = factories.VideoFactory(project=project, name="North Gate.mp4")
    yard = factories.VideoFactory(project=project, name="yard.mp4", state=Video.State.REJECTED)

    client = api(viewer)

    assert names(client.get("/api/videos/?state=rejected")) == ["yard.mp4"]
    assert names(client.get("/api/videos/?search=gate")) == ["North Gate.mp4"]
    assert names(client.get(f"/api/videos/?ids={yard.pk},{gate.pk}")) == ["North Gate.mp4", "yard.mp4"]
    assert names(client.get("/api/videos/?search=%25")) == []


@pytest.mark.parametrize(
    "query",
    ["project=1", "project=../x", "state=deleted", "ids=x", "ids=" + ",".join([str(uuid.uuid4())] * 501)],
)
def test_a_filter_that_cannot_be_read_is_refused(api, viewer, query):
    answer = api(viewer).get(f"/api/videos/?{query}")

    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["fields"]


# ---- changes ----


def test_a_manager_renames_a_video(api, manager, video):
    assert api(manager).patch(url(video), {"name": "south\u202e gate"}).json()["name"] == "south gate"


@pytest.mark.parametrize("name", ["", "\u202e", "n" * 256])
def test_a_video_keeps_its_name_when_the_new_one_is_no_name(api, manager, video, name):
    assert api(manager).patch(url(video), {"name": name}).status_code == 400
    video.refresh_from_db()
    assert video.name == "north gate.mp4"


def test_nothing_but_the_name_can_be_written(api, manager, video):
    api(manager).patch(url(video), {"state": "rejected", "sha256": "0", "project": str(uuid.uuid4())})

    before = (video.state, video.sha256, video.project_id)
    video.refresh_from_db()
    assert (video.state, video.sha256, video.project_id) == before


@pytest.mark.parametrize(
    ("state", "status"),
    [("rejected", JobStatus.DONE), ("ingesting", JobStatus.FAILED), ("ingesting", JobStatus.CANCELLED)],
)
def test_retry_queues_the_file_again(
    api, manager, video_file, rung, state, status, django_capture_on_commit_callbacks
):
    Video.objects.filter(pk=video_file.pk).update(state=state, status=status, reason="why", error="why")

    with django_capture_on_commit_callbacks(execute=True):
        row = api(manager).post(url(video_file, "retry")).json()

    assert (row["state"], row["reason"], row["job"]["status"]) == ("ingesting", "", "queued")
    assert [message.args for message in rung()] == [[str(video_file.pk)]]


def test_a_ready_video_is_not_ingested_again(api, manager, video_file):
    assert api(manager).post(url(video_file, "retry")).status_code == 409


def test_retry_without_the_file_says_what_to_do(api, manager, project):
    video = factories.VideoFactory(project=project, state=Video.State.INGESTING, status=JobStatus.FAILED)

    answer = api(manager).post(url(video, "retry"))

    assert answer.status_code == 409
    assert "upload it again" in answer.json()["message"]


def test_a_queued_ingest_is_cancelled_at_once_and_can_be_retried(api, manager, video_file):
    Video.objects.filter(pk=video_file.pk).update(state="ingesting", status=JobStatus.QUEUED)

    assert api(manager).post(url(video_file, "cancel")).json()["job"]["status"] == "cancelled"
    assert api(manager).post(url(video_file, "cancel")).status_code == 409
    assert api(manager).post(url(video_file, "retry")).status_code == 200


# ---- deletion ----


def test_deleting_a_video_removes_its_rows_and_then_its_files(
    api, manager, video_file, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert api(manager).delete(url(video_file)).status_code == 204
        assert video_file.source.is_file()  # until the rows are gone for good

    assert not video_file.folder.exists()
    assert not Video.objects.filter(pk=video_file.pk).exists()


@pytest.mark.parametrize("user", ["run", "verdict"])
def test_a_video_in_use_is_kept_with_its_files(
    api, manager, video_file, user, django_capture_on_commit_callbacks
):
    if user == "run":
        factories.RunVideoFactory(run__project=video_file.project, run__name="Night", video=video_file)
    else:
        factories.VerdictFactory(video=video_file)

    with django_capture_on_commit_callbacks(execute=True):
        answer = api(manager).delete(url(video_file))

    assert answer.status_code == 409
    named = {"run": "used by the run “Night”.", "verdict": "used by 1 verdict."}
    assert named[user] in answer.json()["message"]
    assert video_file.source.is_file()


def test_a_failed_motion_curve_can_be_tried_again(
    api, manager, video, rung, django_capture_on_commit_callbacks
):
    job = MotionJob.objects.create(video=video, status="failed", error="The disk was full.")

    with django_capture_on_commit_callbacks(execute=True):
        shown = api(manager).post(f"/api/videos/{video.pk}/motion/").json()

    assert (shown["motion"]["status"], shown["motion"]["error"]) == ("queued", "")
    assert [message.args for message in rung()] == [[str(job.pk)]]


def test_a_motion_curve_that_is_there_is_not_made_again(api, manager, video):
    MotionJob.objects.create(video=video, status="done")

    assert api(manager).post(f"/api/videos/{video.pk}/motion/").status_code == 409
