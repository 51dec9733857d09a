"""Runs, tracks, heatmaps and detectors over HTTP."""

from __future__ import annotations

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from tests.vadreview import factories
from vadreview.footage.models import Video
from vadreview.jobs import JobStatus
from vadreview.runs import artifacts, tracks
from vadreview.runs.models import Run, RunVideo

pytestmark = pytest.mark.django_db
DETECTOR = "pseudoanomaly"


def asked(project, **fields) -> dict:
    return {"project": str(project.pk), "detector": DETECTOR, "client_key": str(uuid.uuid4()), **fields}


@pytest.fixture
def started(project, manager, video, api) -> Run:
    """A run that waits for a worker."""
    answer = api(manager).post("/api/runs/", asked(project))
    assert answer.status_code == 201, answer.json()
    return Run.objects.get(pk=answer.json()["id"])


# ---- detectors ----


def test_every_detector_comes_with_what_a_form_needs(api, viewer):
    answer = api(viewer).get("/api/detectors/")

    assert answer.status_code == 200
    assert answer.json()
    for detector in answer.json():
        assert detector["sees"]
        assert detector["misses"]
        assert {"fast", "paper"} <= {preset["name"] for preset in detector["presets"]}
        for preset in detector["presets"]:
            assert preset["config"].keys() == detector["schema"]["properties"].keys()


# ---- starting ----


def test_a_manager_starts_a_run_over_all_ready_videos(
    api, manager, project, video, rung, django_capture_on_commit_callbacks
):
    factories.VideoFactory(project=project, state=Video.State.INGESTING, status=JobStatus.RUNNING)

    with django_capture_on_commit_callbacks(execute=True):
        answer = api(manager).post("/api/runs/", asked(project, overrides={"epochs": 2}, seed=7))

    assert answer.status_code == 201
    made = answer.json()
    assert made["stage"] == "queued"
    assert (made["config"]["epochs"], made["overrides"], made["seed"]) == (2, {"epochs": 2}, 7)
    assert [(row["video"], row["job"]) for row in made["videos"]] == [(str(video.pk), None)]
    assert made["progress"]["phase"] == "Waiting for a worker"
    assert made["metrics"] is None
    assert rung() == [("vadreview.runs.tasks.train", [made["id"]], "train")]


def test_the_same_request_twice_makes_one_run(api, manager, project, video):
    body = asked(project)

    first, second = (api(manager).post("/api/runs/", body) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Run.objects.count() == 1


def test_each_bad_setting_is_named(api, manager, project, video):
    answer = api(manager).post("/api/runs/", asked(project, overrides={"epochs": 0, "preset": "x"}))

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"overrides.epochs", "overrides.preset"}
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("detector", "crystal_ball"), ("preset", "slow"), ("mode", "backwards"), ("seed", -1)],
)
def test_a_value_that_is_not_offered_is_refused_with_its_field(api, manager, project, video, field, value):
    answer = api(manager).post("/api/runs/", asked(project, **{field: value}))

    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_a_video_of_another_project_is_refused(api, manager, project, video):
    foreign = factories.VideoFactory()

    answer = api(manager).post("/api/runs/", asked(project, train_videos=[str(foreign.pk)]))

    assert answer.status_code == 400
    assert "train_videos" in answer.json()["fields"]


def test_a_project_without_ready_footage_cannot_start_a_run(api, manager, project):
    answer = api(manager).post("/api/runs/", asked(project))

    assert answer.status_code == 400
    assert "no video that is ready" in answer.json()["message"]


def test_the_partial_mode_scores_what_it_does_not_learn_from(api, manager, project, video):
    other = factories.VideoFactory(project=project)

    answer = api(manager).post(
        "/api/runs/", asked(project, mode="partial", train_videos=[str(video.pk)], score_videos=None)
    )

    rows = {row["video"]: (row["trains"], row["scores"]) for row in answer.json()["videos"]}
    assert rows == {str(video.pk): (True, False), str(other.pk): (False, True)}


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("reviewer", 403), ("stranger", 404)])
def test_only_managers_start_runs(api, request, project, video, who, status):
    answer = api(request.getfixturevalue(who)).post("/api/runs/", asked(project))

    assert answer.status_code == status
    assert not Run.objects.exists()


def test_an_estimate_follows_the_last_run_like_it(api, manager, project, run, video):
    Run.objects.filter(pk=run.pk).update(detector=DETECTOR, train_seconds=30)
    RunVideo.objects.filter(run=run).update(seconds=5)
    factories.VideoFactory(project=project, n_frames=3000)  # with `video`: four times as much

    answer = api(manager).post("/api/runs/estimate/", {"project": str(project.pk), "detector": DETECTOR})

    assert answer.json() == {
        "train_s": 120,
        "score_s": 20,
        "frames": 4000,
        "note": "As fast as the last run with these settings on this server.",
    }


# ---- looking and changing ----


def test_runs_are_filtered_by_project_stage_and_video(api, viewer, run, video, project):
    factories.RunFactory(project=project, stage=Run.Stage.FAILED)
    factories.RunFactory()

    client = api(viewer)
    counts = [
        client.get("/api/runs/", query).json()["count"]
        for query in (
            {},
            {"stage": "done"},
            {"video": video.pk},
            {"project": project.pk},
            {"project": uuid.uuid4()},
        )
    ]

    assert counts == [2, 1, 1, 2, 0]


@pytest.mark.parametrize("query", [{"stage": "odd"}, {"video": "7"}, {"project": "x"}])
def test_a_filter_that_cannot_be_read_is_refused(api, viewer, query):
    answer = api(viewer).get("/api/runs/", query)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == set(query)


def test_a_list_of_runs_takes_a_fixed_number_of_queries(
    api, viewer, project, run, django_assert_max_num_queries
):
    for _ in range(6):
        one = factories.RunFactory(project=project)
        for _ in range(3):
            factories.RunVideoFactory(run=one)

    client = api(viewer)
    # session, person, count, runs, videos, ground truth, the videos it was imported for
    with django_assert_max_num_queries(7):
        assert client.get("/api/runs/").json()["count"] == 7


def test_a_stranger_gets_404_for_a_run(api, stranger, run, video):
    client = api(stranger)

    assert client.get(f"/api/runs/{run.pk}/").status_code == 404
    assert client.delete(f"/api/runs/{run.pk}/").status_code == 404
    assert client.get(f"/api/runs/{run.pk}/heatmaps/{video.pk}/").status_code == 404
    assert client.get("/api/tracks/", {"video": video.pk}).status_code == 404


def test_a_viewer_may_not_change_a_run(api, viewer, started):
    client = api(viewer)

    answers = [
        client.patch(f"/api/runs/{started.pk}/", {"name": "mine"}),
        client.post(f"/api/runs/{started.pk}/cancel/"),
        client.post(f"/api/runs/{started.pk}/retry/"),
        client.delete(f"/api/runs/{started.pk}/"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4


def test_a_run_can_be_renamed_and_nothing_else_changed(api, manager, run):
    answer = api(manager).patch(f"/api/runs/{run.pk}/", {"name": " Night ", "stage": "failed"})

    assert (answer.json()["name"], answer.json()["stage"]) == ("Night", "done")


def test_a_waiting_run_is_cancelled_at_once_and_can_be_retried(api, manager, started):
    client = api(manager)

    cancelled = client.post(f"/api/runs/{started.pk}/cancel/").json()
    retried = client.post(f"/api/runs/{started.pk}/retry/").json()

    assert (cancelled["stage"], cancelled["job"]["status"]) == ("cancelled", "cancelled")
    assert (retried["stage"], retried["job"]["status"]) == ("queued", "queued")


def test_a_run_that_is_done_cannot_be_cancelled_or_retried(api, manager, run):
    client = api(manager)

    answers = [client.post(f"/api/runs/{run.pk}/{verb}/") for verb in ("cancel", "retry")]

    assert [answer.status_code for answer in answers] == [409, 409]


def test_a_run_under_way_must_be_cancelled_before_it_is_deleted(
    api, manager, started, django_capture_on_commit_callbacks
):
    client = api(manager)
    started.folder.mkdir(parents=True)

    assert client.delete(f"/api/runs/{started.pk}/").status_code == 409
    client.post(f"/api/runs/{started.pk}/cancel/")
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/runs/{started.pk}/").status_code == 204

    assert not Run.objects.exists()
    assert not started.folder.exists()


def test_figures_come_with_those_of_motion_beside_them(api, viewer, run, video):
    for start, stop in [(100, 140), (400, 460), (800, 830)]:
        factories.GroundTruthFactory(video=video, start=start, stop=stop)
    noise = np.random.default_rng(1).random(video.n_frames)
    tracks.replace({"motion_mean": tracks.Series(noise)}, video=video, run=None)

    figures = api(viewer).get(f"/api/runs/{run.pk}/").json()["metrics"]

    assert figures["micro_auc"] == 1.0  # the peaks of `run` are these spans
    assert figures["abnormal_frames"] == 130
    assert set(figures["baselines"]) == {"motion_mean"}
    assert 0.4 < figures["baselines"]["motion_mean"]["micro_auc"] < 0.6


# ---- tracks ----


def test_a_video_lists_its_tracks_and_its_own_reference(api, viewer, run, video):
    tracks.replace({"motion_mean": tracks.Series(np.ones(1000))}, video=video, run=None)
    client = api(viewer)

    def names(**query) -> list[str]:
        return [row["name"] for row in client.get("/api/tracks/", {"video": video.pk, **query}).json()]

    assert sorted(names()) == ["motion_mean", "score"]
    assert names(run="null") == ["motion_mean"]
    assert names(run=run.pk) == ["score"]


def test_a_window_keeps_the_peak_and_says_where_its_buckets_are(api, viewer, run, video):
    track = run.tracks.get()
    values = np.zeros(100_000, "f4")
    values[77_777] = 9
    track = tracks.replace({"score": tracks.Series(values)}, video=video, run=run)[0]

    view = api(viewer).get(f"/api/tracks/{track.pk}/window/", {"width": 100}).json()

    assert len(view["max"]) <= 100
    bucket = view["max"].index(9)
    assert view["start"] + bucket * view["step"] <= 77_777 < view["start"] + (bucket + 1) * view["step"]


def test_a_window_that_shows_every_value_has_equal_bounds(api, viewer, run):
    view = (
        api(viewer)
        .get(f"/api/tracks/{run.tracks.get().pk}/window/", {"start": 95, "stop": 105, "width": 50})
        .json()
    )

    assert (view["start"], view["stop"], view["step"]) == (95, 105, 1)
    assert view["min"] == view["max"]
    assert [value > 5 for value in view["max"]] == [False] * 5 + [True] * 5


def test_a_window_outside_of_the_track_is_empty(api, viewer, run):
    view = api(viewer).get(f"/api/tracks/{run.tracks.get().pk}/window/", {"start": 5000, "stop": 6000}).json()

    assert (view["min"], view["max"]) == ([], [])


@pytest.mark.parametrize(
    "query",
    [{"width": 0}, {"width": 4001}, {"start": -1}, {"stop": "1e3"}, {"start": "²"}, {"points": "all"}],
)
def test_a_window_refuses_what_it_cannot_read(api, viewer, run, query):
    answer = api(viewer).get(f"/api/tracks/{run.tracks.get().pk}/window/", query)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == set(query)


def test_hovering_reads_every_curve_at_a_frame(api, viewer, run, video):
    tracks.replace({"motion_mean": tracks.Series([1, 2, 3], stride=100, offset=50)}, video=video, run=None)
    client = api(viewer)

    def at(frame: int) -> dict[str, float]:
        rows = client.get("/api/tracks/at/", {"video": video.pk, "frame": frame}).json()
        return {row["name"]: row["value"] for row in rows}

    assert at(260)["motion_mean"] == 3
    assert at(110)["score"] == pytest.approx(10, abs=1)
    assert at(20).keys() == {"score"}
    assert at(5000) == {}


# ---- heatmaps ----


@pytest.fixture
def maps(run, video) -> np.ndarray:
    """700 heatmaps of 6 x 8 cells, one every 4 frames from frame 8 on."""
    values = np.random.default_rng(0).integers(0, 255, (700, 6, 8), np.uint8)
    row = run.run_videos.get()
    row.heatmap = {"stride": 4, "offset": 8, "height": 6, "width": 8, "count": 700, "low": 0.0, "high": 2.0}
    row.heatmap |= {"region": [0, 0, 1, 1], "kind": "strangeness"}
    row.save()
    artifacts.write(row, {"heatmaps": values})
    return values


def test_heatmaps_of_a_span_come_as_bytes(api, viewer, run, video, maps):
    answer = api(viewer).get(f"/api/runs/{run.pk}/heatmaps/{video.pk}/", {"start": 16, "stop": 28})

    assert (answer["X-First-Index"], answer["X-Count"]) == ("2", "3")
    assert np.array_equal(np.frombuffer(answer.content, np.uint8).reshape(3, 6, 8), maps[2:5])


def test_at_most_512_heatmaps_come_at_once(api, viewer, run, video, maps):
    answer = api(viewer).get(f"/api/runs/{run.pk}/heatmaps/{video.pk}/")

    assert (answer["X-First-Index"], answer["X-Count"]) == ("0", "512")
    assert len(answer.content) == 512 * 48


def test_a_run_without_heatmaps_has_none_to_send(api, viewer, run, video):
    assert api(viewer).get(f"/api/runs/{run.pk}/heatmaps/{video.pk}/").status_code == 404


def test_a_worker_that_fell_silent_is_noticed_before_its_run_is_taken_up_again(api, viewer, run):
    beat = timezone.now() - timedelta(seconds=25)
    Run.objects.filter(pk=run.pk).update(stage="training", status="running", heartbeat_at=beat)

    shown = api(viewer).get(f"/api/runs/{run.pk}/").json()

    assert shown["job"]["silent_s"] == pytest.approx(25, abs=5)
    assert shown["progress"]["silent_s"] == pytest.approx(25, abs=5)


def test_a_run_that_nobody_works_on_is_not_silent(api, viewer, run):
    shown = api(viewer).get(f"/api/runs/{run.pk}/").json()

    assert (shown["job"]["silent_s"], shown["progress"]["silent_s"]) == (None, None)
