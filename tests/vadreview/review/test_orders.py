"""What to look at first, by the judgement of all detectors, their doubts, and what people decided."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Patterns, VideoScores
from tests.vadreview import factories
from vadreview.review import fusion, orders
from vadreview.runs import artifacts, dense
from vadreview.runs.models import RunVideo

pytestmark = pytest.mark.django_db
SPANS = [(100 * n, 100 * n + 20) for n in range(1, 7)]


def scored(project, video, heights, detector="diffvad"):
    """A finished run whose score rises to `heights` in the SPANS, over noise below 1."""
    run = factories.RunFactory(project=project, detector=detector, threshold=5.0, centre=0.5)
    run.policy = {"smooth_sigma_frames": 0.0}
    run.save()
    factories.RunVideoFactory(run=run, video=video)
    scores = np.random.default_rng(len(detector)).random(video.n_frames).astype("f4")
    for (start, stop), height in zip(SPANS, heights, strict=False):
        scores[start:stop] = height
    factories.make_track(scores, video=video, run=run)
    return run


def proposed(run, video, heights):
    return [
        factories.SegmentFactory(run=run, video=video, start=start, stop=stop, score=height)
        for (start, stop), height in zip(SPANS, heights, strict=False)
    ]


def listed(client, run, **params):
    answer = client.get("/api/segments/", {"run": str(run.pk), **params})
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def ids(segments, *places):
    return [str(segments[place].pk) for place in places]


@pytest.fixture
def two(project, video):
    """Two detectors: the first finds the spans ever stranger, the second finds the first one strangest."""
    first = [10, 11, 12, 13]
    run = scored(project, video, first)
    scored(project, video, [90, 0.1, 60, 0.1], detector="kdiffusion")
    return run, proposed(run, video, first)


def test_the_fused_order_follows_all_detectors(api, reviewer, two):
    run, segments = two

    assert listed(api(reviewer), run, order="score") == ids(segments, 3, 2, 1, 0)
    assert listed(api(reviewer), run, order="fused")[0] == str(segments[2].pk)


def test_the_disagree_order_begins_where_detectors_are_furthest_apart(api, reviewer, two):
    run, segments = two

    assert set(listed(api(reviewer), run, order="disagree")[:2]) == set(ids(segments, 1, 3))


def test_before_there_are_verdicts_the_most_uncertain_is_nearest_to_the_threshold(
    api, reviewer, project, video
):
    heights = [9, 5.1, 20]
    run = scored(project, video, heights)
    segments = proposed(run, video, heights)

    assert listed(api(reviewer), run, order="uncertain") == ids(segments, 1, 0, 2)


def test_enough_verdicts_weigh_the_detectors(project, video, reviewer, two):
    run, _ = two
    panel = fusion.panel_of(run)
    for n in range(20):
        # what the second detector finds is right, what only the first one finds is wrong
        start, stop = SPANS[(0, 2)[n % 2]] if n < 10 else SPANS[(1, 3)[n % 2]]
        factories.VerdictFactory(
            video=video, reviewer=reviewer, start=start, stop=stop, decision="accept" if n < 10 else "reject"
        )

    weights = fusion.fit(panel, project)
    shares = panel.shares([fusion.Where(video.pk, *span) for span in SPANS[:4]])

    assert weights is not None
    assert weights.used == 20
    assert (fusion.fused(shares, weights)[[0, 2]] > 0.5).all()
    assert (fusion.fused(shares, weights)[[1, 3]] < 0.5).all()


def test_a_few_verdicts_do_not_weigh_the_detectors(project, video, reviewer, two):
    for start, stop in SPANS[:3]:
        factories.VerdictFactory(video=video, reviewer=reviewer, start=start, stop=stop)

    assert fusion.fit(fusion.panel_of(two[0]), project) is None


def write_patterns(run, video, vectors):
    row = RunVideo.objects.get(run=run, video=video)
    starts = np.array([start for start, _ in SPANS[: len(vectors)]], np.int64)
    patterns = Patterns(np.asarray(vectors, np.float32), starts, length=20)
    stored = dense.of(VideoScores(np.zeros(video.n_frames, np.float32), patterns=patterns))
    artifacts.write(row, stored.arrays)
    row.patterns = stored.patterns
    row.save(update_fields=["patterns"])


def test_the_diverse_order_shows_one_of_each_cluster_first(api, reviewer, project, video):
    heights = [10, 11, 12, 13, 14, 9]
    run = scored(project, video, heights)
    segments = proposed(run, video, heights)
    write_patterns(run, video, [[0, 0], [0, 0.1], [0.1, 0], [0, 0.1], [0.1, 0.1], [9, 9]])

    assert listed(api(reviewer), run, order="diverse")[:2] == ids(segments, 4, 5)


def test_verdicts_that_model_and_neighbours_contradict_get_a_suspect(api, reviewer, project, video):
    heights = [10, 11, 12, 13, 14, 30]
    run = scored(project, video, heights)
    segments = proposed(run, video, heights)
    write_patterns(run, video, [[1, 0.01 * n] for n in range(6)])
    for segment in segments[:5]:
        factories.VerdictFactory(segment=segment, reviewer=reviewer, decision="accept")
    odd = factories.VerdictFactory(segment=segments[5], reviewer=reviewer, decision="reject")

    assert listed(api(reviewer), run, state="suspect") == ids(segments, 5)
    odd.refresh_from_db()
    assert odd.decision == "reject"


def test_a_computed_order_needs_a_run(api, reviewer, project):
    answer = api(reviewer).get("/api/segments/", {"project": str(project.pk), "order": "fused"})

    assert answer.status_code == 400
    assert "run" in answer.json()["fields"]


def test_pages_of_a_computed_order_hold_every_item_once(api, reviewer, two):
    run, segments = two
    pages = [listed(api(reviewer), run, order="fused", page=n, page_size=2) for n in (1, 2)]

    assert sorted([*pages[0], *pages[1]]) == sorted(str(one.pk) for one in segments)


def test_a_run_without_proposals_has_an_empty_order(api, reviewer, project, video):
    run = scored(project, video, [])

    assert [orders.order(run, name) for name in orders.COMPUTED] == [[], [], [], []]


def test_shares_rank_scores_of_different_scales_alike(project, video):
    run = scored(project, video, [10, 11, 12, 13])
    scored(project, video, [1e4, 1.1e4, 1.2e4, 1.3e4], detector="kdiffusion")

    shares = fusion.panel_of(run).shares([fusion.Where(video.pk, *span) for span in SPANS[:4]])

    assert shares[:, 0] == pytest.approx(shares[:, 1], abs=2e-3)
    assert (np.diff(shares[:, 0]) > 0).all()
