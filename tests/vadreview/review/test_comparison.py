"""What changed from one run to another on the same frames."""

from __future__ import annotations

import pytest

from tests.vadreview import factories
from vadreview.review import comparison

pytestmark = pytest.mark.django_db
BEFORE, AFTER = [(100, 140), (400, 460)], [(105, 150), (800, 830)]


def run_over(project, videos, peaks, **fields):
    run = factories.RunFactory(project=project, policy={"smooth_sigma_frames": 1.0}, **fields)
    for video in videos:
        factories.RunVideoFactory(run=run, video=video)
        factories.make_track(factories.peaky_scores(video.n_frames, peaks=peaks), video=video, run=run)
        for start, stop in peaks:
            factories.SegmentFactory(run=run, video=video, start=start, stop=stop)
    return run


@pytest.fixture
def pair(project, video):
    """Two runs: one span moved, one went, one appeared."""
    return run_over(project, [video], BEFORE), run_over(project, [video], AFTER)


def ask(client, pair, path="compare/", **params):
    return client.get(f"/api/runs/{path}", {"a": str(pair[0].pk), "b": str(pair[1].pk), **params})


def test_segments_are_the_same_moved_gone_or_appeared(api, viewer, pair):
    changed = ask(api(viewer), pair).json()["segments"]

    assert [changed[name] for name in ("same", "moved", "gone", "appeared")] == [0, 1, 1, 1]
    by_change = {one["change"]: one for one in changed["listed"]}
    assert (by_change["moved"]["before"]["start"], by_change["moved"]["after"]["start"]) == (100, 105)
    assert by_change["gone"]["before"]["start"] == 400
    assert by_change["appeared"]["after"]["start"] == 800


def test_a_run_changes_nothing_against_its_twin(project, video):
    first, second = run_over(project, [video], BEFORE), run_over(project, [video], BEFORE)

    changed = comparison.compare(first, second)["segments"]

    assert (changed["same"], changed["listed"]) == (2, [])


def test_judged_spans_say_how_their_rank_moved(api, viewer, reviewer, video, pair):
    factories.VerdictFactory(video=video, reviewer=reviewer, start=800, stop=830)
    factories.VerdictFactory(video=video, reviewer=reviewer, start=400, stop=460, decision="reject")

    ranks = ask(api(viewer), pair).json()["ranks"]

    assert ranks["accepted_moved"] > 0
    assert ranks["rejected_moved"] < 0


def test_figures_come_with_intervals_on_the_same_frames(api, viewer, video, pair):
    factories.GroundTruthFactory(video=video, start=800, stop=830)

    (figures,) = ask(api(viewer), pair).json()["figures"]

    auc = figures["micro_auc"]
    assert figures["basis"] == "ground_truth"
    assert auc["after"]["value"] > auc["before"]["value"]
    assert auc["difference"]["value"] == pytest.approx(auc["after"]["value"] - auc["before"]["value"])
    assert auc["difference"]["low"] <= auc["difference"]["value"] <= auc["difference"]["high"]


def test_without_ground_truth_the_judged_frames_count(api, viewer, reviewer, video, pair):
    factories.VerdictFactory(video=video, reviewer=reviewer, start=800, stop=830)
    factories.VerdictFactory(video=video, reviewer=reviewer, start=400, stop=460, decision="reject")

    (figures,) = ask(api(viewer), pair).json()["figures"]

    assert (figures["basis"], figures["frames"], figures["abnormal_frames"]) == ("verdicts", 90, 30)


def test_a_taught_run_is_also_measured_on_frames_it_was_never_taught(project, video):
    said = {"n_frames": 1000, "abnormal": [[100, 140]], "normal": [[0, 50]], "disputed": []}
    first = run_over(project, [video], BEFORE)
    second = run_over(project, [video], AFTER, lesson={"videos": {str(video.pk): said}})
    factories.GroundTruthFactory(video=video, start=100, stop=140)
    factories.GroundTruthFactory(video=video, start=800, stop=830)

    both = comparison.compare(first, second)

    assert [(one["untaught"], one["frames"]) for one in both["figures"]] == [(False, 1000), (True, 910)]
    assert any("Human-in-the-loop" in one["sentence"] for one in both["fairness"])


def test_what_is_unfair_about_a_comparison_is_said(project, video):
    other = factories.VideoFactory(project=project)
    first, second = run_over(project, [video], BEFORE), run_over(project, [video, other], AFTER, seed=5)
    second.policy = {"smooth_sigma_frames": 4.0}
    second.save()

    unfair = " ".join(
        one["sentence"] for one in comparison.compare(first, second)["fairness"] if not one["fine"]
    )

    for word in ("Smoothing differs", "1 videos that both scored", "Seeds differ", "different footage"):
        assert word in unfair


def test_curves_are_drawn_in_distances_to_each_runs_threshold(api, viewer, video, pair):
    plot = ask(api(viewer), pair, path="compare/curves/", video=str(video.pk)).json()

    lines = plot["figure"]["data"]
    assert len(lines) == 2
    assert all(len(line["y"]) == 1000 for line in lines)
    assert plot["rows"]


def test_two_projects_runs_are_not_compared(api, project, video, pair):
    superuser = factories.UserFactory(is_superuser=True)
    elsewhere = factories.RunFactory()

    answer = api(superuser).get("/api/runs/compare/", {"a": str(pair[0].pk), "b": str(elsewhere.pk)})

    assert answer.status_code == 400


def test_runs_without_a_common_video_are_refused(api, viewer, project, pair):
    lonely = run_over(project, [factories.VideoFactory(project=project)], BEFORE)

    answer = ask(api(viewer), (pair[0], lonely))

    assert answer.status_code == 409
    assert "no scored video in common" in answer.json()["message"]


def test_another_projects_run_does_not_exist(api, stranger, pair):
    assert ask(api(stranger), pair).status_code == 404
