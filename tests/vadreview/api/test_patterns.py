"""Patterns over HTTP: maps, states, the window at the playhead, and what a lasso holds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories, insight
from vadreview.runs import maps

pytestmark = pytest.mark.django_db


@pytest.fixture
def patterned(run, video):
    """100 windows of 10 frames, each with three guesses."""
    random = np.random.default_rng(0)
    vectors = random.normal(size=(100, 6)).astype(np.float32)
    guesses = vectors[:, None] + random.normal(size=(100, 3, 6)).astype(np.float32)
    insight.patterned(run, video, vectors=vectors, generated=guesses)
    return run


def test_a_map_is_columns_of_one_length(api, viewer, patterned, video):
    found = api(viewer).get(f"/api/runs/{patterned.pk}/patterns/").json()

    assert (found["layout"], found["total"], found["length"]) == ("pca", 100, 10)
    assert {len(found[name]) for name in ("video", "start", "x", "y", "score")} == {100}
    assert found["videos"] == [{"id": str(video.pk), "name": video.name}]
    assert min(found["x"]) >= 0
    assert max(found["x"] + found["y"]) <= 65535
    assert found["notes"][0].endswith("% of the variance.")


def test_states_are_a_digit_a_window(api, viewer, reviewer, patterned, video):
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="accept", start=15, stop=25)
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="reject", start=20, stop=50)
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="unsure", start=990, stop=1000)

    found = api(viewer).get(f"/api/runs/{patterned.pk}/patterns/states/").json()["states"]

    assert found[:6] == "033220"
    assert found[6:] == "0" * 93 + "1"


def test_the_map_is_a_figure_to_take_along(api, viewer, reviewer, patterned, video):
    factories.VerdictFactory(video=video, reviewer=reviewer, decision="accept", start=15, stop=25)
    url = f"/api/runs/{patterned.pk}/patterns/figure/"

    answer = api(viewer).get(url, {"by": "label"})
    page = api(viewer).get(url, {"kind": "html"})

    assert answer["Content-Disposition"] == 'attachment; filename="patterns.json"'
    traces = {trace["name"]: len(trace["x"]) for trace in answer.json()["figure"]["data"]}
    assert traces == {"nobody decided": 98, "abnormal (accepted)": 2}
    assert len(answer.json()["rows"]) == 100
    assert page["Content-Disposition"] == 'attachment; filename="patterns.html"'
    assert b"Plotly.newPlot" in page.content


def test_a_map_by_tsne_is_asked_for_waited_for_and_read(api, reviewer, patterned):
    client = api(reviewer)
    url = f"/api/runs/{patterned.pk}/patterns/"
    asked = {"perplexity": 5, "most": 100, "seed": 4}

    made = client.post(f"{url}maps/", asked, format="json")
    assert made.status_code == 201
    assert client.get(url, {"map": made.json()["id"]}).json()["code"] == "under_way"
    assert client.post(f"{url}maps/", asked, format="json").status_code == 200

    maps.work_on(made.json()["id"])

    (listed,) = client.get(f"{url}maps/").json()
    assert listed["job"]["status"] == "done"
    found = client.get(url, {"map": listed["id"]}).json()
    assert found["layout"] == "tsne"
    assert "not metric" in found["notes"][-1]


def test_a_map_can_be_cancelled_by_a_reviewer_but_not_by_a_viewer(api, reviewer, viewer, patterned):
    made, _ = maps.ask(patterned, perplexity=5, most=100, seed=1)
    url = f"/api/runs/{patterned.pk}/patterns/maps/{made.pk}/cancel/"

    assert api(viewer).post(url).status_code == 403
    assert api(reviewer).post(url).json()["job"]["status"] == "cancelled"


def test_the_window_at_a_frame_is_drawn_with_its_guesses_and_neighbours_elsewhere(
    api, viewer, patterned, video
):
    url = f"/api/runs/{patterned.pk}/patterns/{video.pk}/window/"

    found = api(viewer).get(url, {"frame": 237}).json()

    assert (found["start"], found["stop"], found["generated"]) == (230, 240, 3)
    names = [row[0] for row in found["plot"]["rows"]]
    assert names[:4] == ["Real", "Guess 1", "Guess 2", "Guess 3"]
    assert len(names) == 4 + 12
    assert "north gate.mp4, frame 230" not in names


def test_a_detector_that_guesses_nothing_has_no_figure_of_a_window(api, viewer, run, video):
    insight.patterned(run, video, vectors=np.eye(20, 4))

    found = api(viewer).get(f"/api/runs/{run.pk}/patterns/{video.pk}/window/", {"frame": 3}).json()

    assert (found["generated"], found["plot"]) == (0, None)


def test_a_lasso_holds_the_proposals_it_meets_the_strangest_first(api, viewer, patterned, video, segments):
    spans = [
        {"video": str(video.pk), "start": 135, "stop": 145},
        {"video": str(video.pk), "start": 800, "stop": 810},
    ]

    found = (
        api(viewer).post(f"/api/runs/{patterned.pk}/patterns/select/", {"spans": spans}, format="json").json()
    )

    assert found["count"] == 2
    assert [one["start"] for one in found["segments"]] == [800, 100]


def test_a_run_without_patterns_says_so(api, viewer, run, video):
    client = api(viewer)

    assert client.get(f"/api/runs/{run.pk}/patterns/").json()["code"] == "no_patterns"
    assert client.get(f"/api/runs/{run.pk}/patterns/{video.pk}/window/", {"frame": 1}).status_code == 404


def test_a_run_says_which_of_its_videos_have_patterns_and_notes(api, viewer, patterned, video):
    patterned.run_videos.update(notes=["Nobody is visible."])

    (row,) = api(viewer).get(f"/api/runs/{patterned.pk}/").json()["videos"]

    assert row["patterns"] == {"windows": 100, "length": 10, "dimensions": 6, "generated": 3}
    assert (row["refinement"], row["notes"]) == (None, ["Nobody is visible."])
