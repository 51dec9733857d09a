"""The definition in the docstring of detectors.segments, written again as plain loops, is the judge here."""

import math
from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from detectors.segments import Count, Interval, Policy, Threshold, count, find, resolve_threshold, smooth

PLAIN = Policy(
    method="fixed", value=1.0, smooth_sigma_frames=0, hysteresis=0, merge_gap_s=0, min_length_s=0, pad_s=0
)


def levels(high, low=None):
    return Threshold(high=high, low=high if low is None else low, centre=0.0, spread=1.0)


def spans(intervals):
    return [(interval.start, interval.stop) for interval in intervals]


def find_by_loops(scores, *, fps, policy, threshold):
    def frames(seconds):
        return math.floor(seconds * fps + 0.5)

    n, sigma = len(scores), policy.smooth_sigma_frames
    y = list(map(float, scores))
    if sigma:
        radius = math.ceil(3 * sigma)
        for i in range(n):
            near = [k for k in range(-radius, radius + 1) if 0 <= i + k < n]
            weights = [math.exp(-(k**2) / (2 * sigma**2)) for k in near]
            y[i] = sum(w * float(scores[i + k]) for w, k in zip(weights, near, strict=True)) / sum(weights)
    grown, i = [], 0
    while i < n:
        stop = i
        while stop < n and y[stop] > threshold.low:
            stop += 1
        if any(value > threshold.high for value in y[i:stop]):
            grown.append([i, stop])
        i = max(stop, i + 1)
    merged = []
    for start, stop in grown:
        if merged and start - merged[-1][1] < frames(policy.merge_gap_s):
            merged[-1][1] = stop
        else:
            merged.append([start, stop])
    kept = [(a, b) for a, b in merged if b - a >= frames(policy.min_length_s)]
    out = []
    for index, (a, b) in enumerate(kept):
        peak = max(range(a, b), key=lambda f: (y[f], -f))
        first = (kept[index - 1][1] + a) // 2 if index else 0
        last = (b + kept[index + 1][0]) // 2 if index + 1 < len(kept) else n
        pad = frames(policy.pad_s)
        out.append(Interval(max(a - pad, first), min(b + pad, last), peak, y[peak]))
    return out


@pytest.mark.parametrize("seed", range(30))
def test_find_follows_the_written_definition(seed):
    random = np.random.default_rng(seed)
    scores = random.normal(size=random.integers(1, 300)).cumsum()
    policy = Policy(
        smooth_sigma_frames=random.choice([0, 0.7, 4]),
        hysteresis=random.uniform(0, 0.9),
        merge_gap_s=random.uniform(0, 1),
        min_length_s=random.uniform(0, 1),
        pad_s=random.uniform(0, 1),
    )
    threshold = resolve_threshold([scores], policy).moved_to(
        float(np.quantile(scores, 0.7)), hysteresis=policy.hysteresis
    )

    found = find(scores, fps=12.5, policy=policy, threshold=threshold)

    expected = find_by_loops(scores, fps=12.5, policy=policy, threshold=threshold)
    assert spans(found) == spans(expected)
    assert [f.peak_frame for f in found] == [e.peak_frame for e in expected]
    assert [f.score for f in found] == pytest.approx([e.score for e in expected])


@pytest.mark.parametrize("pad_s", [0, 0.5])
def test_count_agrees_with_find(pad_s):
    scores = np.random.default_rng(3).normal(size=5000)
    policy = PLAIN.model_copy(update={"smooth_sigma_frames": 2, "merge_gap_s": 0.4, "pad_s": pad_s})
    threshold = levels(0.5, 0.2)

    found = find(scores, fps=25, policy=policy, threshold=threshold)

    assert len(found) > 20
    assert count(scores, fps=25, policy=policy, threshold=threshold) == Count(
        intervals=len(found), frames=sum(f.stop - f.start for f in found)
    )


def test_an_interval_is_half_open_and_names_its_first_highest_frame():
    found = find([0, 2, 3, 3, 2, 0], fps=1, policy=PLAIN, threshold=levels(1))

    assert found == [Interval(start=1, stop=5, peak_frame=2, score=3.0)]


def test_an_interval_grows_down_to_the_low_level_and_needs_one_frame_above_the_high_one():
    scores = [0, 0.6, 1.2, 0.6, 0, 0.6, 0.7, 0]

    assert spans(find(scores, fps=1, policy=PLAIN, threshold=levels(1, 0.5))) == [(1, 4)]


def test_a_gap_shorter_than_the_merge_gap_is_closed_and_an_equal_one_is_not():
    policy = PLAIN.model_copy(update={"merge_gap_s": 3})

    assert spans(find([2, 0, 0, 2, 0, 0, 0, 2], fps=1, policy=policy, threshold=levels(1))) == [
        (0, 4),
        (7, 8),
    ]


def test_short_pieces_are_merged_before_short_intervals_are_dropped():
    policy = PLAIN.model_copy(update={"merge_gap_s": 2, "min_length_s": 3})

    assert spans(find([2, 0, 2, 0, 0, 2, 2], fps=1, policy=policy, threshold=levels(1))) == [(0, 3)]


def test_padding_stops_in_the_middle_between_neighbours_and_at_the_ends():
    policy = PLAIN.model_copy(update={"pad_s": 9})

    found = find([0, 2, 0, 0, 0, 2, 0], fps=1, policy=policy, threshold=levels(1))

    assert spans(found) == [(0, 3), (3, 7)]


def test_seconds_become_frames_with_a_fractional_rate():
    policy = PLAIN.model_copy(update={"min_length_s": 0.1})

    # 0.1 s at 30000/1001 fps is 2.997, so 3 frames
    found = find([2, 2, 0, 2, 2, 2], fps=Fraction(30000, 1001), policy=policy, threshold=levels(1))

    assert spans(found) == [(3, 6)]


def test_equal_scores_raise_no_interval_under_any_label_free_method():
    for method, value in [("mad", 3), ("quantile", 0.9), ("mean_std", 0.7)]:
        policy = Policy(method=method, value=value)
        threshold = resolve_threshold([np.full(50, 7.0)], policy)
        assert find(np.full(50, 7.0), fps=25, policy=policy, threshold=threshold) == []


@pytest.mark.parametrize("scores", [[], [0.0], [5.0], [np.nan], [np.inf, 0.0]])
def test_one_frame_or_none_is_no_problem(scores):
    for interval in find(scores, fps=25, policy=PLAIN, threshold=levels(1)):
        assert 0 <= interval.start <= interval.peak_frame < interval.stop <= len(scores)
        assert np.isfinite(interval.score)


def test_a_missing_score_raises_no_alarm_and_does_not_spread():
    policy = Policy(smooth_sigma_frames=2)
    scores = np.where(np.arange(100) == 40, np.nan, np.sin(np.arange(100)))

    smoothed = smooth(scores, sigma_frames=policy.smooth_sigma_frames)

    assert np.isfinite(smoothed).all()
    assert smoothed[40] < smoothed.max()


def test_smoothing_leaves_a_constant_as_it_is_up_to_the_ends():
    for size in (1, 2, 5, 100):
        assert smooth(np.full(size, 3.25), sigma_frames=4) == pytest.approx(np.full(size, 3.25))


def test_two_dimensional_scores_are_refused_with_their_shape():
    with pytest.raises(ValueError, match=r"\(3, 2\)"):
        smooth(np.zeros((3, 2)), sigma_frames=0)


def test_the_mad_threshold_ignores_the_rare_frames_it_should_find():
    usual = np.random.default_rng(0).normal(10, 2, size=20_000)
    with_event = np.concatenate([usual, np.full(500, 1e6)])

    threshold = resolve_threshold([with_event], Policy(method="mad", value=3, smooth_sigma_frames=0))

    assert threshold.high == pytest.approx(10 + 3 * 2, abs=0.3)


def test_the_mean_std_threshold_is_the_one_of_the_diffusion_paper():
    scores = np.array([1.0, 2.0, 3.0, 6.0])

    threshold = resolve_threshold(
        [scores[:3], scores[3:]], Policy(method="mean_std", value=0.7, smooth_sigma_frames=0)
    )

    assert threshold.high == pytest.approx(3.0 + 0.7 * math.sqrt(3.5))


def test_the_quantile_is_taken_over_all_videos_together():
    policy = Policy(method="quantile", value=0.5, smooth_sigma_frames=0, hysteresis=0)

    assert resolve_threshold([[0, 1], [2, 3, 4]], policy).high == 2


def test_the_low_level_lies_between_the_median_and_the_high_level():
    policy = Policy(method="fixed", value=-2.0, hysteresis=0.25, smooth_sigma_frames=0)

    threshold = resolve_threshold([[-10.0, -10.0, -10.0, -1.0]], policy)

    assert (threshold.high, threshold.low) == (-2.0, -4.0)
    assert threshold.moved_to(-20, hysteresis=0.25).low == -20


def test_mostly_equal_scores_fall_back_to_the_plain_deviation():
    scores = np.r_[np.zeros(95), np.full(5, 10.0)]

    threshold = resolve_threshold([scores], Policy(method="mad", value=3, smooth_sigma_frames=0))

    assert 0 < threshold.high < 10


def test_a_run_without_scores_says_what_to_do():
    with pytest.raises(ValueError, match="score at least one video first"):
        resolve_threshold([np.empty(0)], Policy())


@pytest.mark.parametrize(
    ("method", "value"), [("quantile", 1.0), ("quantile", 5), ("mad", -1), ("mean_std", 101)]
)
def test_a_value_out_of_the_range_of_its_method_is_refused(method, value):
    with pytest.raises(ValidationError, match="value must lie"):
        Policy(method=method, value=value)


def test_the_schema_describes_and_bounds_every_field():
    for name, field in Policy.model_json_schema()["properties"].items():
        assert field["description"], name
        assert name in {"method", "value"} or {"minimum", "maximum", "exclusiveMaximum"} & set(field), name
