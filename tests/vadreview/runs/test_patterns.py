"""Patterns of a run as points and maps: PCA at once, t-SNE as a job."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vadreview import factories, insight
from vadreview import errors, jobs
from vadreview.jobs import JobStatus
from vadreview.runs import maps, patterns
from vadreview.runs.models import PatternMap, RunVideo

pytestmark = pytest.mark.django_db


def two_groups(count: int, *, seed: int = 0) -> np.ndarray:
    """Vectors around two places far from each other, half around each: (count, 6)."""
    vectors = np.random.default_rng(seed).normal(size=(count, 6))
    vectors[count // 2 :, 0] += 20
    return vectors


@pytest.fixture
def patterned(run, video):
    """`run` with 100 windows of 10 frames on its video, around two places."""
    insight.patterned(run, video, vectors=two_groups(100))
    return run


def test_points_know_their_video_first_frame_and_highest_score(patterned, video):
    found = patterns.points(patterned)

    assert found.videos == (video.pk,)
    assert found.start[:3].tolist() == [0, 10, 20]
    assert found.score[10] > 9 > found.score[9]  # the first plateau of the scores begins at frame 100
    assert (found.total, found.length, found.reduced.shape) == (100, 10, (100, 6))


def test_the_largest_component_tells_two_groups_apart(patterned):
    xy = maps.pca(patterns.points(patterned)).xy

    assert abs(xy[:50, 0].mean() - xy[50:, 0].mean()) > 15
    assert patterns.points(patterned).shares[0] > 0.9


def test_points_are_computed_once_and_again_when_a_video_is_scored_again(patterned, monkeypatch):
    first = patterns.points(patterned)
    monkeypatch.setattr(patterns, "_gather", lambda *args, **more: pytest.fail("gathered again"))
    assert np.array_equal(patterns.points(patterned).reduced, first.reduced)
    monkeypatch.undo()

    row = insight.patterned(patterned, patterned.run_videos.get().video, vectors=two_groups(40))
    RunVideo.objects.filter(pk=row.pk).update(finished_at="2026-01-01T00:00:00Z")

    assert patterns.points(patterned).total == 40


def test_of_too_many_windows_a_fixed_sample_is_shown(patterned, monkeypatch):
    monkeypatch.setattr(patterns, "MOST_POINTS", 30)

    found = patterns.points(patterned)
    again = patterns._gather(
        patterned, patterns.rows_of(patterned), seed=int(patterns.inputs(patterns.rows_of(patterned))[:8], 16)
    )

    assert (len(found.start), found.total) == (30, 100)
    assert np.array_equal(found.start, again.start)


def test_windows_of_several_videos_lie_on_one_map(patterned, project):
    other = factories.VideoFactory(project=project, name="south gate.mp4")
    insight.patterned(patterned, other, vectors=two_groups(20))

    found = patterns.points(patterned)

    assert np.bincount(found.video).tolist() == [100, 20]
    assert found.score[found.video == 1].tolist() == [0] * 20  # not scored yet: no track


def test_patterns_that_are_all_alike_lie_on_one_point():
    reduced, shares, *_ = patterns.principal_components(np.ones((5, 3), np.float32), 2)

    assert not reduced.any()
    assert shares.tolist() == [0, 0]
    assert maps.on_grid(reduced).tolist() == [[32768, 32768]] * 5


def test_a_run_without_patterns_says_so(run):
    with pytest.raises(errors.Conflict, match="no patterns"):
        patterns.points(run)


def test_the_window_of_a_frame_is_the_one_whose_middle_is_nearest(patterned):
    row = patterned.run_videos.get()

    assert [patterns.place_of(row, frame) for frame in (0, 9, 10, 999)] == [0, 0, 1, 99]


def test_the_nearest_points_come_first(patterned):
    found = patterns.points(patterned)

    near = patterns.nearest(found, found.reduced[7], count=3)

    assert near[0] == (7, 0.0)
    assert [distance for _, distance in near] == sorted(distance for _, distance in near)
    assert patterns.nearest(found, found.reduced[7], among=np.zeros(100, bool), count=3) == []


# ---- t-SNE ----


def test_the_same_seed_gives_the_same_map_and_groups_stay_apart():
    vectors = two_groups(60).astype(np.float32)
    done: list[int] = []

    one, other = (
        maps.tsne(vectors, perplexity=10, most=100, seed=3, progress=done.append).xy for _ in range(2)
    )

    assert np.array_equal(one, other)
    assert done[:2] == [50, 100]
    within = np.linalg.norm(one[:30] - one[:30].mean(0), axis=1).max()
    assert np.linalg.norm(one[:30].mean(0) - one[30:].mean(0)) > within


def test_what_is_not_arranged_is_placed_among_its_own_group():
    vectors = two_groups(60).astype(np.float32)

    made = maps.tsne(vectors, perplexity=5, most=40, seed=0, progress=lambda done: None)

    assert int(made.fitted.sum()) == 40
    homes = [made.xy[:30][made.fitted[:30]].mean(0), made.xy[30:][made.fitted[30:]].mean(0)]
    for place in np.flatnonzero(~made.fitted):
        nearest = np.argmin([np.linalg.norm(made.xy[place] - home) for home in homes])
        assert nearest == (0 if place < 30 else 1)


def test_a_map_is_made_by_a_job_and_kept(patterned):
    made, new = maps.ask(patterned, perplexity=5, most=100, seed=1)
    assert (new, made.status) == (True, JobStatus.QUEUED)

    maps.work_on(str(made.pk))

    made.refresh_from_db()
    assert made.status == JobStatus.DONE, made.error
    assert maps.layout_of(made).xy.shape == (100, 2)
    assert maps.ask(patterned, perplexity=5, most=100, seed=1) == (made, False)


def test_a_map_that_is_cancelled_while_it_is_made_stops_and_can_be_asked_for_again(patterned, monkeypatch):
    made, _ = maps.ask(patterned, perplexity=5, most=100, seed=1)

    def cancelled(*args, progress, **more):
        PatternMap.objects.update(cancel_requested=True)
        progress(50)

    monkeypatch.setattr(maps, "tsne", cancelled)
    maps.work_on(str(made.pk))
    made.refresh_from_db()
    assert made.status == JobStatus.CANCELLED

    again, new = maps.ask(patterned, perplexity=5, most=100, seed=1)
    assert (again.pk, new, again.status) == (made.pk, False, JobStatus.QUEUED)


def test_a_map_of_a_run_that_was_scored_again_is_outdated(patterned):
    made, _ = maps.ask(patterned, perplexity=5, most=100, seed=1)
    PatternMap.objects.update(inputs="before")

    maps.work_on(str(made.pk))

    made.refresh_from_db()
    assert made.status == JobStatus.FAILED
    assert "Make the map again" in made.error


def test_a_few_windows_make_no_map(run, video):
    insight.patterned(run, video, vectors=two_groups(4))

    with pytest.raises(errors.Conflict, match="10 windows or more"):
        maps.ask(run, perplexity=5, most=100, seed=1)


def test_the_work_of_a_map_is_found_by_the_sweep(patterned):
    made, _ = maps.ask(patterned, perplexity=5, most=100, seed=1)
    jobs.claim(PatternMap, made.pk)
    PatternMap.objects.update(heartbeat_at="2020-01-01T00:00:00Z")

    assert jobs.sweep(PatternMap)["requeued"] == 1
