"""From scores to the segments of a run."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import segments
from tests.vadreview import factories
from tests.vadreview.conftest import PEAKS
from vadreview import errors
from vadreview.review.models import Verdict
from vadreview.runs import curves, inference, proposals
from vadreview.runs.models import Segment

pytestmark = pytest.mark.django_db
SHARP = inference.Policy(method="mad", value=5, smooth_sigma_frames=0, hysteresis=0)


def spans(run) -> list[tuple[int, int]]:
    return list(run.segments.order_by("start").values_list("start", "stop"))


def test_the_plateaus_of_the_curve_are_proposed(run):
    assert proposals.propose(run, policy=SHARP) == 3

    assert spans(run) == PEAKS
    run.refresh_from_db()
    assert run.policy == SHARP.model_dump()
    assert run.threshold == pytest.approx(0.5, abs=0.1)  # median 0 + 5 x 0.1
    assert run.proposed_at


def test_stored_scores_give_the_intervals_that_detectors_find_in_them(project, video):
    scores = factories.peaky_scores(9000, peaks=[(50, 90), (4090, 4110), (8990, 9000)])  # over block borders
    long = factories.VideoFactory(project=project, n_frames=9000)
    run = factories.RunFactory(project=project)
    factories.make_track(scores, video=long, run=run)
    policy = inference.Policy()

    proposals.propose(run, policy=policy)

    threshold = segments.resolve_threshold([scores], policy)
    found = segments.find(scores, fps=25, policy=policy, threshold=threshold)
    assert spans(run) == [(one.start, one.stop) for one in found]


def test_spans_that_stay_keep_their_ids_and_their_verdicts(run, reviewer):
    proposals.propose(run, policy=SHARP)
    before = dict(run.segments.values_list("start", "pk"))
    verdict = factories.VerdictFactory(segment=Segment.objects.get(pk=before[100]), reviewer=reviewer)

    proposals.propose(run, policy=SHARP.model_copy(update={"merge_gap_s": 12}))

    assert spans(run) == [(100, 460), (800, 830)]
    proposals.propose(run, policy=SHARP)
    assert dict(run.segments.values_list("start", "pk")) == before
    assert Verdict.objects.get().subject == before[100]
    assert Verdict.objects.get() == verdict


def test_a_threshold_set_by_hand_decides(run):
    scores = curves.of(run, sigma_frames=0)[0].smoothed
    high = float(np.sort([scores[start:stop].max() for start, stop in PEAKS])[1])  # between the peaks

    assert proposals.propose(run, policy=SHARP, high=high) == 1
    run.refresh_from_db()
    assert run.threshold == high


def test_a_video_scored_again_is_read_again(run, video):
    proposals.propose(run, policy=SHARP)
    run.tracks.all().delete()
    factories.make_track(factories.peaky_scores(1000, peaks=[(10, 60)]), video=video, run=run)

    proposals.propose(run, policy=SHARP)

    assert spans(run) == [(10, 60)]


def test_a_run_that_scored_nothing_says_so(project):
    with pytest.raises(errors.Conflict, match="not scored"):
        proposals.propose(factories.RunFactory(project=project), policy=SHARP)


def test_a_policy_out_of_bounds_names_its_field():
    with pytest.raises(errors.Invalid) as caught:
        inference.parse_policy({"method": "mad", "hysteresis": 2})

    assert caught.value.fields.keys() == {"policy.hysteresis"}


def test_the_cache_of_curves_stays_within_its_bytes():
    cache = curves._Cache(limit_bytes=100)
    made = []

    def make(name):
        made.append(name)
        return np.zeros(5)  # 40 bytes

    for name in ["a", "b", "a", "c", "a", "b"]:
        cache.get((name,), lambda name=name: make(name))

    assert made == ["a", "b", "c", "b"]  # b was the least recently used when c came
