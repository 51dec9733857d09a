"""scikit-learn is the independent judge; the small cases were worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from detectors.metrics import (
    LabelMismatch,
    auc_binarised,
    average_precision,
    bootstrap,
    bootstrap_pair,
    equal_error_rate,
    frame_auc,
    frame_metrics,
    macro_auc,
    micro_auc,
)


def footage(seed, *, videos=4, frames=400, shift=1.0, digits=None):
    random = np.random.default_rng(seed)
    scores, labels = {}, {}
    for index in range(videos):
        name = f"{index:02d}"
        labels[name] = (np.arange(frames) // 50 % 3 == 1).astype(int)
        scores[name] = random.normal(size=frames) + shift * labels[name]
        if digits is not None:
            scores[name] = scores[name].round(digits)
    return scores, labels


@pytest.mark.parametrize("digits", [None, 1, 0])
@pytest.mark.parametrize("seed", range(5))
def test_the_ranking_figures_equal_those_of_scikit_learn_with_and_without_ties(seed, digits):
    scores, labels = footage(seed, digits=digits)
    y, s = np.concatenate(list(labels.values())), np.concatenate(list(scores.values()))

    assert micro_auc(scores, labels) == pytest.approx(roc_auc_score(y, s))
    assert average_precision(s, y) == pytest.approx(average_precision_score(y, s))
    fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
    along = np.linspace(0, 1, 100_001)
    crossing = along[np.argmin(np.abs(along - (1 - np.interp(along, fpr, tpr))))]
    assert equal_error_rate(s, y) == pytest.approx(crossing, abs=1e-4)


def test_a_tie_between_the_classes_counts_half():
    # pairs (abnormal, normal): 3>1 yes, 3>2 yes, 2>1 yes, 2=2 half -> 3.5 of 4
    assert frame_auc([1, 2, 2, 3], [0, 0, 1, 1]) == 3.5 / 4


def test_average_precision_by_hand():
    # ranked: abnormal, normal, abnormal -> 1/2 * 1/1 + 1/2 * 2/3
    assert average_precision([0.9, 0.5, 0.1], [1, 0, 1]) == pytest.approx(5 / 6)


def test_equal_error_rate_by_hand():
    # ranked a n a n: after "a n" one of two alarms is false and one of two is missed
    assert equal_error_rate([4, 3, 2, 1], [1, 0, 1, 0]) == 0.5
    assert equal_error_rate([4, 3, 2, 1], [1, 1, 0, 0]) == 0.0
    assert equal_error_rate([1, 2, 3, 4], [1, 1, 0, 0]) == 1.0
    assert equal_error_rate([0, 0, 0, 0], [1, 1, 0, 0]) == 0.5


def test_binarised_auc_is_the_balanced_accuracy_at_mean_plus_k_std():
    scores, labels = footage(1)
    s, y = scores["00"], labels["00"]
    alarm = s > s.mean() + 0.7 * s.std(ddof=1)
    balanced = (alarm[y == 1].mean() + (~alarm[y == 0]).mean()) / 2

    assert auc_binarised(s, y) == pytest.approx(balanced)
    assert auc_binarised(s, y) == pytest.approx(roc_auc_score(y, alarm))


def test_binarised_auc_thresholds_each_shuffled_group_by_itself():
    scores, labels = footage(2)
    s, y = scores["00"], labels["00"]
    order = np.random.default_rng(7).permutation(400)
    alarm = np.zeros(400)
    for group in (order[:150], order[150:300], order[300:]):
        alarm[group] = s[group] > s[group].mean() + 0.3 * s[group].std(ddof=1)

    assert auc_binarised(s, y, k=0.3, group_frames=150, seed=7) == pytest.approx(roc_auc_score(y, alarm))


def test_macro_auc_averages_only_the_videos_with_both_classes():
    scores = {"a": [1, 2, 3, 4], "b": [1, 2, 3, 4], "all normal": [9, 9], "all abnormal": [0, 0]}
    labels = {"a": [0, 0, 1, 1], "b": [1, 0, 1, 0], "all normal": [0, 0], "all abnormal": [1, 1]}

    assert macro_auc(scores, labels) == (1.0 + 0.25) / 2


def test_micro_auc_does_not_normalise_the_videos():
    scores = {"quiet": [0, 1], "loud": [10, 11]}
    labels = {"quiet": [0, 1], "loud": [0, 1]}

    assert (micro_auc(scores, labels), macro_auc(scores, labels)) == (0.75, 1.0)


def test_frame_metrics_has_every_figure_and_the_counts():
    scores, labels = footage(0)

    figures = frame_metrics(scores, labels)

    assert set(figures) == {
        "micro_auc", "macro_auc", "ap", "eer", "auc_binarised", "frames", "abnormal_frames",
    }  # fmt: skip
    assert (figures["frames"], figures["abnormal_frames"]) == (1600, sum(y.sum() for y in labels.values()))
    assert figures["macro_auc"] == pytest.approx(
        np.mean([roc_auc_score(labels[v], scores[v]) for v in scores])
    )


@pytest.mark.parametrize(("label", "name"), [(0, "normal"), (1, "abnormal")])
def test_one_class_gives_none_with_the_reason_instead_of_nan(label, name):
    figures = frame_metrics({"a": [1.0, 2.0]}, {"a": [label, label]})

    assert [figures[k] for k in ("micro_auc", "macro_auc", "ap", "eer", "auc_binarised")] == [None] * 5
    assert f"all 2 frames are labeled {name}" in figures["undefined"]["micro_auc"]


def test_only_the_macro_figure_is_missing_when_each_video_has_one_class():
    figures = frame_metrics({"a": [1.0, 2.0], "b": [3.0]}, {"a": [0, 0], "b": [1]})

    assert figures["micro_auc"] == 1.0
    assert figures["undefined"] == {"macro_auc": "no single video has both normal and abnormal frames"}


def test_a_length_mismatch_names_the_video_and_both_lengths():
    with pytest.raises(LabelMismatch, match=r"video 'gate'.* 3 scores but 2 labels"):
        frame_metrics({"gate": [1.0, 2.0, 3.0]}, {"gate": [0, 1]})


def test_videos_without_labels_or_scores_are_named():
    with pytest.raises(LabelMismatch, match="no labels for yard;"):
        frame_metrics({"gate": [1.0], "yard": [1.0]}, {"gate": [0]})
    with pytest.raises(LabelMismatch, match="no scores for yard;"):
        frame_metrics({"gate": [1.0]}, {"gate": [0], "yard": [1]})
    with pytest.raises(LabelMismatch, match="no video to evaluate"):
        frame_metrics({}, {})


def test_a_label_or_score_that_cannot_be_judged_is_named_with_its_frame():
    with pytest.raises(LabelMismatch, match=r"'gate': the score of frame 1 is nan"):
        frame_metrics({"gate": [1.0, np.nan]}, {"gate": [0, 1]})
    with pytest.raises(LabelMismatch, match=r"'gate': the label of frame 1 is -1"):
        frame_metrics({"gate": [1.0, 2.0]}, {"gate": [0, -1]})


@pytest.mark.parametrize("metric", ["micro_auc", "macro_auc", "ap", "eer"])
def test_the_bootstrap_brackets_the_figure_and_repeats_with_its_seed(metric):
    scores, labels = footage(0, videos=6)
    figure = frame_metrics(scores, labels)[metric]

    bounds = bootstrap(scores, labels, metric=metric, resamples=200, seed=5)

    assert bounds.low < figure < bounds.high
    assert bounds == bootstrap(scores, labels, metric=metric, resamples=200, seed=5)
    assert bounds != bootstrap(scores, labels, metric=metric, resamples=200, seed=6)


def test_the_bootstrap_has_the_spread_of_fresh_footage():
    # independent frames, blocks of one frame, a single video: the spread over fresh draws is the truth
    fresh = [frame_auc(s["00"], y["00"]) for s, y in (footage(seed, videos=1) for seed in range(300))]
    scores, labels = footage(0, videos=1)

    bounds = bootstrap(scores, labels, over_videos=False, block_frames=1, resamples=400)

    assert bounds.high - bounds.low == pytest.approx(2 * 1.96 * np.std(fresh), rel=0.2)


def test_blocks_widen_the_bounds_of_scores_that_change_slowly():
    random = np.random.default_rng(0)
    slow = {"a": np.repeat(random.normal(size=40), 25)}
    labels = {"a": np.repeat(random.integers(0, 2, size=40), 25)}

    single, blocks = (bootstrap(slow, labels, block_frames=b, resamples=300) for b in (1, 100))

    assert blocks.high - blocks.low > 2 * (single.high - single.low)


def test_resampling_whole_videos_moves_nothing_when_there_is_one():
    scores, labels = footage(0, videos=1)

    bounds = bootstrap(scores, labels, block_frames=None, resamples=20)

    assert bounds.low == pytest.approx(bounds.high) == pytest.approx(micro_auc(scores, labels))


def test_the_bootstrap_of_one_class_is_none_and_impossible_requests_are_refused():
    assert bootstrap({"a": [1.0, 2.0]}, {"a": [0, 0]}, resamples=10) is None
    with pytest.raises(ValueError, match="nothing would be resampled"):
        bootstrap({"a": [1.0, 2.0]}, {"a": [0, 1]}, over_videos=False, block_frames=None)
    with pytest.raises(ValueError, match="block_frames must be 1 or more"):
        bootstrap({"a": [1.0, 2.0]}, {"a": [0, 1]}, block_frames=0)


def test_the_difference_of_two_is_bounded_more_tightly_than_either():
    random = np.random.default_rng(0)
    labels = {str(n): (np.arange(400) // 50 % 4 == 0).astype(int) for n in range(6)}
    first = {name: one + random.normal(0, 1.5, 400) for name, one in labels.items()}
    better = {name: first[name] + 0.3 * one for name, one in labels.items()}

    alone = bootstrap(first, labels, resamples=200)
    _, _, moved = bootstrap_pair(first, better, labels, resamples=200)

    assert moved.low > 0
    assert moved.high - moved.low < alone.high - alone.low


def test_equal_scores_differ_by_nothing_in_every_resample():
    labels = {"a": np.arange(300) % 3 == 0}
    scores = {"a": np.random.default_rng(1).random(300)}

    _, _, moved = bootstrap_pair(scores, scores, labels, resamples=50, over_videos=False)

    assert (moved.low, moved.high) == (0.0, 0.0)
