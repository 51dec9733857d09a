"""What is particular to this detector; the contract is checked for all detectors together."""

import numpy as np
import pytest

import detectors
from detectors.artifacts import CHECKPOINT_FILE
from detectors.base import ABNORMAL, NORMAL, UNKNOWN, Cancelled, ConfigError, Supervision
from detectors.diffvad import training
from detectors.diffvad.config import ABOUT, DiffVADConfig
from detectors.diffvad.detector import DiffVAD

from ..features.scenes import still, walk

QUICK = {
    "widths": (4, 4, 4, 4),
    "embedding": 8,
    "batch_size": 8,
    "warmup_steps": 4,
    "rounds": 2,
    "round_steps": 2,
    "patterns": 3,
    "label_patterns": 1,
    "feature_size": 8,
    "descriptor_size": 4,
}


def make(*, seed=0, **settings):
    return DiffVAD(DiffVADConfig(**{**QUICK, **settings}), seed=seed, device="cpu")


def verdicts(video, *, normal=range(0), abnormal=range(0), disputed=range(0)):
    labels = np.full(video.n_frames, UNKNOWN, np.int8)
    labels[list(normal)], labels[list(abnormal)] = NORMAL, ABNORMAL
    contested = np.zeros(video.n_frames, bool)
    contested[list(disputed)] = True
    return Supervision({video.name: labels}, {video.name: contested})


def assert_same_refinement(one, other):
    for name in (
        "starts",
        "raw",
        "refined",
        "distance",
        "threshold",
        "vote",
        "weight",
        "neighbours",
        "clamped",
    ):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return walk(tmp_path_factory.mktemp("usual"), n_frames=60)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    return walk(tmp_path_factory.mktemp("odd"), n_frames=50, fast=range(20, 35), seed=1, name="odd")


@pytest.fixture(scope="module")
def fitted(usual):
    return make().fit([usual])


@pytest.fixture(scope="module")
def judged(usual):
    """Fitted with verdicts: frames 9 to 14 normal, 30 to 35 abnormal, 45 to 47 disputed."""
    decided = verdicts(usual, normal=range(9, 15), abnormal=range(30, 36), disputed=range(45, 48))
    return make().fit([usual], supervision=decided)


def test_the_paper_s_settings_are_a_preset():
    config = ABOUT.presets["paper"].config

    assert (config.patterns, config.threshold_factor, config.threshold_over) == (10, 0.1, "batch")
    assert (config.learning_rate, config.weight_decay) == (2e-4, 1e-4)
    assert (config.prediction, config.sampler, config.clip) == ("eps", "ddpm", None)
    assert (config.over_patterns, config.top_cells) == ("mean", None)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"scoring_stride": 4}, "scoring_stride must be at most future"),
        ({"history": 4}, "must be equally long"),
        ({"sampler": "ddpm"}, "needs prediction=eps"),
        ({"treatment": "hinge", "prediction": "eps"}, "destroys the sampler"),
        ({"nodes": 16, "cells": 8}, "cells"),
        ({"widths": (16, 32, 64, 1)}, "widths must lie from 4 to 512"),
        ({"clip": float("nan")}, "clip"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        DiffVADConfig.parse(settings)


def test_a_training_video_has_the_history_of_its_labels(fitted, usual):
    found = fitted.score(usual).refinement

    assert found.raw.shape == found.vote.shape == (3, 20)  # after the warm-up and after each round
    assert found.neighbours.shape == (3, 20, 10)
    assert found.starts.tolist() == list(range(-3, 57, 3))
    assert found.bank_videos == (usual.name,)
    np.testing.assert_array_equal(found.raw, found.distance >= found.threshold[:, None])
    np.testing.assert_array_equal(found.refined, found.vote >= 0.5)
    np.testing.assert_allclose(found.weight, np.exp(-found.entropy), rtol=1e-6)
    assert (found.bank_starts[found.neighbours[0, 4, 0]] != found.starts[4]).all()


def test_another_video_has_one_round_the_vote_of_the_bank(fitted, odd):
    found = fitted.score(odd).refinement

    assert found.raw.shape == (1, 17)
    assert found.neighbours.min() >= 0
    assert (found.clamped == UNKNOWN).all()


def test_a_video_of_the_same_name_and_other_content_has_no_history(fitted, tmp_path, usual):
    other = walk(tmp_path, n_frames=30, seed=9, name=usual.name)

    assert fitted.score(other).refinement.raw.shape[0] == 1


def test_the_history_is_kept_with_the_model(fitted, usual, tmp_path):
    fitted.save(tmp_path)

    again = detectors.load(tmp_path, device="cpu").score(usual).refinement

    assert_same_refinement(again, fitted.score(usual).refinement)


def test_what_people_decided_is_fixed_in_every_round(judged, usual):
    found = judged.score(usual).refinement

    normal, abnormal = found.clamped == NORMAL, found.clamped == ABNORMAL
    assert (found.starts[normal] + 3).tolist() == [9, 12]
    assert (found.starts[abnormal] + 3).tolist() == [30, 33]
    assert (found.refined[:, normal] == NORMAL).all()
    assert (found.refined[:, abnormal] == ABNORMAL).all()
    assert (found.probability[:, abnormal] == 1).all()
    assert (found.weight[:, normal | abnormal] == 1).all()


def test_what_people_dispute_counts_as_the_mean_weighs_least_and_is_shown(judged, usual):
    found = judged.score(usual).refinement

    assert (found.starts[found.disputed] + 3).tolist() == [45]
    assert (found.probability[:, found.disputed] == 0.5).all()
    np.testing.assert_allclose(found.weight[:, found.disputed], np.exp(-1), rtol=1e-6)


def test_results_with_verdicts_are_named_human_in_the_loop(judged, fitted, usual):
    (note,) = judged.score(usual).notes

    assert note.startswith("Human in the loop: 4 of 20 training windows")
    assert "on 1 people contradict each other" in note
    assert fitted.score(usual).notes == ()


def test_taking_verdicts_back_gives_the_model_without_them(fitted, usual, tmp_path):
    empty = make().fit([usual], supervision=verdicts(usual))

    assert empty.save(tmp_path / "empty") == fitted.save(tmp_path / "without")


def test_what_people_found_abnormal_is_not_learned_from(usual, odd):
    everything = verdicts(odd, abnormal=range(50))

    with_odd = make(rounds=0).fit([usual, odd], supervision=everything).score(usual).frames

    np.testing.assert_array_equal(with_odd, make(rounds=0).fit([usual]).score(usual).frames)


def test_patterns_can_be_made_again_bit_for_bit(fitted, usual, odd):
    for video in (usual, odd):
        whole = fitted.score(video).patterns
        for place in (0, 7, len(whole.starts) - 1):
            again = fitted.patterns_of(video, int(whole.starts[place]))

            np.testing.assert_array_equal(again.actual[0], whole.actual[place])
            np.testing.assert_array_equal(again.generated[0], whole.generated[place])


@pytest.mark.parametrize("start", [-4, 1, 57, 600])
def test_patterns_of_a_window_that_was_not_scored_are_refused(fitted, usual, start):
    with pytest.raises(ConfigError, match="No scored window"):
        fitted.patterns_of(usual, start)


def test_training_goes_on_in_the_middle_of_the_rounds(usual, fitted, tmp_path):
    def stop(progress):
        if progress.metrics.get("epoch") == last:
            raise Cancelled

    last = len(training.plan(make().config, windows=1))
    with pytest.raises(Cancelled):
        make().fit([usual], progress=stop, checkpoint=tmp_path)
    seen = []
    resumed = make().fit([usual], progress=seen.append, checkpoint=tmp_path)

    assert resumed.save(tmp_path / "resumed") == fitted.save(tmp_path / "whole")
    assert {p.metrics["epoch"] for p in seen if "epoch" in p.metrics} == {last, last + 1}
    told = seen[-1].metrics
    final, before = (made.refined for made in (resumed.bank_.rounds[-1], resumed.bank_.rounds[-2]))
    assert told["abnormal_share"] == (final == ABNORMAL).mean()
    assert told["changed_share"] == (final != before).mean()


def test_a_checkpoint_of_another_grid_counts_as_none(usual, tmp_path):
    make(cells=32).fit([usual], checkpoint=tmp_path)
    assert (tmp_path / CHECKPOINT_FILE).is_file()

    found = make(cells=16, rounds=0).fit([usual], checkpoint=tmp_path)

    np.testing.assert_array_equal(found.score(usual).frames, make(rounds=0).fit([usual]).score(usual).frames)


def test_a_warm_start_begins_where_the_model_ended(fitted, usual, odd, tmp_path):
    fitted.save(tmp_path / "before")

    warm = make(learning_rate=1e-12, ema=0.0, rounds=0).fit([odd], warm_start=tmp_path / "before")

    for name, value in fitted.network_.named_parameters():
        np.testing.assert_allclose(
            warm.network_.get_parameter(name).detach(), value.detach(), atol=1e-6, err_msg=name
        )
    np.testing.assert_array_equal(warm.units_.scale, fitted.units_.scale)
    assert warm.bank_.names == (odd.name,)


@pytest.mark.parametrize(
    ("settings", "said"), [({"cells": 32}, "cells"), ({"widths": (8, 4, 4, 4)}, "sizes of its")]
)
def test_a_warm_start_from_another_network_is_refused(fitted, usual, tmp_path, settings, said):
    fitted.save(tmp_path)

    with pytest.raises(ConfigError, match=said):
        make(**settings).fit([usual], warm_start=tmp_path)


def test_a_training_from_another_model_does_not_go_on_from_this_checkpoint(fitted, usual, tmp_path):
    fitted.save(tmp_path / "before")
    make().fit([usual], checkpoint=tmp_path)

    warm = make().fit([usual], checkpoint=tmp_path, warm_start=tmp_path / "before")

    plain = make().fit([usual], warm_start=tmp_path / "before")
    assert warm.save(tmp_path / "warm") == plain.save(tmp_path / "plain")


def test_fewer_windows_than_neighbours_are_learned_from_and_said(tmp_path):
    video = walk(tmp_path, n_frames=12)
    scores = make().fit([video]).score(video)

    assert "has 4 windows, no more than the 10 neighbours" in scores.notes[0]
    assert (scores.refinement.neighbours == -1).any()
    assert np.isfinite(scores.refinement.vote).all()


def test_windows_that_are_all_alike_are_all_normal(tmp_path):
    video = still(tmp_path, n_frames=40)

    found = make(clip=1e-9).fit([video]).score(video).refinement

    assert np.isfinite(found.distance).all()
    assert (found.refined == NORMAL).all()


def test_one_class_makes_no_use_of_labels(usual, odd):
    found = make(mode="one_class").fit([usual, odd]).score(odd).refinement

    assert found.raw.shape[0] == 1
    assert (found.weight == 1).all()


def test_a_camera_that_was_not_seen_takes_the_threshold_of_all(fitted, tmp_path):
    other = still(tmp_path, n_frames=20)
    other.__dict__["height"] = 77

    np.testing.assert_array_equal(fitted.bank_.level_of(other), fitted.bank_.rounds[-1].level[-1])


def test_the_paper_s_form_learns_an_encoder_of_pictures(usual, tmp_path):
    form = ABOUT.presets["paper"].config.model_dump()
    small = {**QUICK, "nodes": 8, "encoder_steps": 3, "encoder_channels": 4, "round_steps": None, "rounds": 1}
    detector = DiffVAD(DiffVADConfig(**{**form, **small}), device="cpu").fit([usual])

    detector.save(tmp_path)
    scores = detectors.load(tmp_path, device="cpu").score(usual)

    assert np.isfinite(scores.frames).all()
    assert scores.heatmaps.values.shape == (20, 8, 8)
    np.testing.assert_array_equal(scores.frames, detector.score(usual).frames)


@pytest.mark.parametrize("treatment", ["hinge", "replace", "none"])
def test_other_treatments_of_abnormal_windows_train(treatment, usual, odd):
    detector = make(treatment=treatment).fit([usual, odd], supervision=verdicts(odd, abnormal=range(20, 35)))

    assert np.isfinite(detector.score(odd).frames).all()


def test_an_hour_of_records_fits_into_a_fifth_of_a_gigabyte(usual):
    default = {name: DiffVADConfig().model_dump()[name] for name in ("patterns", "descriptor_size")}
    scores = make(**default).fit([usual]).score(usual)
    windows, frames = 3600 * 25 // 3, 3600 * 25
    tracks = sum(t.values.nbytes / len(t.values) * frames / t.stride for t in scores.tracks.values())
    found, count = scores.refinement, len(scores.refinement.starts)
    of_round = sum(
        getattr(found, name).nbytes / count / 3
        for name in ("raw", "refined", "distance", "probability", "vote", "entropy", "weight")
    )
    neighbours = (found.neighbours.nbytes + found.similarity.nbytes) / count / 3
    patterns = (scores.patterns.generated.nbytes + scores.patterns.actual.nbytes) / len(
        scores.patterns.starts
    )

    total = 4 * frames + tracks + windows * (256 + patterns + 3 * (of_round + neighbours))

    assert total < 0.2e9
