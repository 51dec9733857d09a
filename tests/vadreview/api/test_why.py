"""Why a frame has its score, over HTTP."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Heatmaps, Patterns, VideoScores
from tests.vadreview import factories, insight
from vadreview.runs import why

pytestmark = pytest.mark.django_db

PEAK = 120  # within the first plateau of the scores of `run`


@pytest.fixture
def url(run, video) -> str:
    return f"/api/runs/{run.pk}/why/{video.pk}/"


def ask(client, url, frame=PEAK):
    answer = client.get(url, {"frame": frame})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_indicators_stand_in_order_of_how_far_they_stand_out(api, viewer, run, video, url):
    flat, bump = np.zeros(1000), np.zeros(1000)
    bump[100:140] = 4
    slight = bump / 4 + np.sin(np.arange(1000))
    for name, values in {"feature_distance": bump, "lingering": flat, "odd_thing": slight}.items():
        factories.make_track(values, video=video, run=run, name=name)
    factories.make_track(bump, video=video, run=run, name="refined_label")

    found = ask(api(viewer), url)["indicators"]

    assert [one["name"] for one in found] == ["feature_distance", "odd_thing", "lingering"]
    assert found[0]["deviations"] == pytest.approx((4 - bump.mean()) / bump.std())
    assert sum(one["share"] for one in found) == pytest.approx(1)
    assert found[2]["share"] == 0  # it never moves
    assert found[0]["meaning"].startswith("What is seen lies far")
    assert (found[1]["title"], found[1]["meaning"]) == ("Odd thing", "")


def test_regions_are_boxes_of_the_frame_the_strongest_first(api, viewer, run, video, url):
    heat = np.zeros((1, 4, 8), np.uint8)
    heat[0, 1:3, 2:4] = 200
    heat[0, 0, 7] = 255
    maps = Heatmaps(heat, frames=np.array([0]), low=0.0, high=2.0, region=(0.5, 0.0, 1.0, 1.0))
    insight.store(run.run_videos.get(), VideoScores(frames=np.zeros(1000, np.float32), heatmaps=maps))

    first, second = ask(api(viewer), url)["regions"]

    assert (first["box"], first["value"]) == ([0.9375, 0, 1, 0.25], 2)
    assert second["box"] == [0.625, 0.25, 0.75, 0.75]
    assert second["share"] == pytest.approx(800 / 1055)


def test_a_picture_without_heat_has_no_region():
    assert why._strongest(np.zeros((3, 3), np.uint8), {}) == []


def test_what_is_most_like_it_is_found_among_the_usual_and_the_accepted(
    api, viewer, reviewer, run, video, url
):
    vectors = np.zeros((100, 2), np.float32)
    vectors[:, 0] = np.arange(100)  # the nearer in time, the more alike
    starts = np.arange(100, dtype=np.int64) * 10
    insight.store(
        run.run_videos.get(),
        VideoScores(
            frames=np.zeros(1000, np.float32),
            patterns=Patterns(actual=vectors, starts=starts, length=10),
        ),
    )
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="accept", start=500, stop=505)
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="reject", start=110, stop=115)

    found = ask(api(viewer), url)

    assert (found["start"], found["stop"]) == (120, 130)
    # 100 to 140 is above the threshold; 110 of it was rejected, so it is normal after all
    assert [one["start"] for one in found["normal"]] == [110, 140, 90]
    assert [one["start"] for one in found["accepted"]] == [500]
    assert found["accepted"][0]["distance"] == pytest.approx(38, rel=1e-3)


def test_other_runs_of_the_project_say_what_they_think(api, viewer, run, video, project, url):
    other = factories.RunFactory(project=project, threshold=2.0, centre=1.0, name="Second")
    factories.make_track(np.full(1000, 4.0), video=video, run=other)
    elsewhere = factories.RunFactory(threshold=2.0)
    factories.make_track(np.full(1000, 4.0), video=video, run=elsewhere)

    (said,) = ask(api(viewer), url)["others"]

    assert (said["name"], said["value"], said["above"], said["distances"]) == ("Second", 4.0, True, 3.0)


def test_a_run_with_scores_alone_explains_what_it_can(api, viewer, url):
    found = ask(api(viewer), url)

    assert (found["indicators"], found["regions"], found["normal"], found["start"]) == ([], [], [], None)


def test_a_frame_outside_of_the_video_is_refused_and_a_video_that_was_not_scored_has_no_answer(
    api, viewer, run, video, project, url
):
    assert api(viewer).get(url, {"frame": 1000}).status_code == 400
    other = factories.VideoFactory(project=project)
    assert api(viewer).get(f"/api/runs/{run.pk}/why/{other.pk}/", {"frame": 1}).status_code == 404
