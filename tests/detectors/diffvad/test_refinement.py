"""Pseudo-labels: equal to vectors of the reference, and what people's verdicts change."""

import numpy as np
import pytest

from detectors.base import ABNORMAL, NORMAL, UNKNOWN
from detectors.diffvad import refinement
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.refinement import Neighbours, Verdicts

from .parity import NEEDS_VECTORS, vectors

CONFIG = DiffVADConfig()


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def nearest(queries, bank, *, at=None, bank_at=None, video=None, config=CONFIG) -> Neighbours:
    """Neighbours of queries that come from another video than the bank, unless told otherwise."""
    at = np.zeros(len(queries)) if at is None else at
    bank_at = np.zeros(len(bank)) if bank_at is None else bank_at
    video = (-1, 0) if video is None else video
    return refinement.nearest(
        unit(queries),
        unit(bank),
        seconds=(np.asarray(at, float), np.asarray(bank_at, float)),
        video=(np.full(len(queries), video[0], np.int32), np.full(len(bank), video[1], np.int32)),
        config=config,
    )


def around(*cosines: float, places=None) -> Neighbours:
    places = range(len(cosines)) if places is None else places
    return Neighbours(np.array([places], np.int32), np.array([cosines], np.float16))


def voted(neighbours, probability, clamped=None, **settings) -> float:
    probability = np.array(probability, np.float32)
    clamped = np.full(len(probability), UNKNOWN, np.int8) if clamped is None else np.array(clamped, np.int8)
    config = DiffVADConfig(**settings)
    return float(refinement.vote(np.array([0.25], np.float32), neighbours, probability, clamped, config)[0])


@NEEDS_VECTORS
def test_neighbours_votes_and_weights_are_those_of_the_reference():
    v = vectors("refine/")

    found = nearest(v["q"], v["bank"])
    p = refinement.vote(
        np.zeros(len(v["q"]), np.float32),
        found,
        v["bank_p"][:, 1],
        np.full(len(v["bank"]), UNKNOWN, np.int8),
        CONFIG,
    )

    np.testing.assert_array_equal(found.places, v["idx"])
    np.testing.assert_allclose(found.similarity, v["cos"], atol=1e-3)  # kept as float16
    np.testing.assert_allclose(p, v["p_hat"][:, 1], atol=1e-6)
    np.testing.assert_array_equal(refinement.refined(p), v["y_hat"])
    np.testing.assert_allclose(refinement.entropy(p), v["H_bits"], atol=1e-5)
    np.testing.assert_allclose(refinement.weight(refinement.entropy(p)), v["w"], atol=1e-5)


@NEEDS_VECTORS
def test_the_entropy_is_binary_and_not_the_one_term_of_the_paper():
    v = vectors("entropy/")

    np.testing.assert_allclose(refinement.entropy(v["p"]), v["H_binary_bits"], atol=3e-5)
    np.testing.assert_allclose(refinement.weight(refinement.entropy(v["p"])), v["w_binary"], atol=3e-5)
    assert np.abs(refinement.entropy(v["p"]) - v["H_paper_literal"]).max() > 0.3


def test_a_probability_is_one_half_at_the_threshold():
    level = np.array([2.0, 0.5])
    at = refinement.threshold(level, CONFIG)

    assert float(at) == pytest.approx(2.05)
    assert refinement.probability(np.array([at]), level, CONFIG)[0] == pytest.approx(0.5)
    assert refinement.probability(np.array([9.0], np.float32), level, CONFIG)[0] > 0.99


def test_windows_that_are_all_alike_are_all_normal():
    distance, camera = np.full(20, 0.7, np.float32), np.zeros(20, np.int32)

    level = refinement.levels(distance, camera, CONFIG)[0]

    assert (distance < refinement.threshold(level, CONFIG)).all()
    assert (refinement.probability(distance, level, CONFIG) < 0.5).all()


def test_a_camera_with_hardly_any_windows_takes_the_level_of_all():
    distance = np.concatenate([np.linspace(0, 1, 40), [9.0]]).astype(np.float32)
    camera = np.array([0] * 40 + [1], np.int32)

    first, second, everything = refinement.levels(distance, camera, CONFIG)

    assert first[0] == pytest.approx(0.5)
    np.testing.assert_array_equal(second, everything)


def test_levels_of_batches_are_those_of_random_groups():
    distance = np.arange(256, dtype=np.float32)

    found = refinement.batch_levels(distance, CONFIG, seed=0)

    assert len(np.unique(found[:, 0])) == 256 // CONFIG.batch_size
    assert found[:, 0].mean() == pytest.approx(distance.mean())


def test_a_window_is_no_neighbour_of_itself():
    bank = np.random.default_rng(0).normal(size=(30, 4))
    seconds = np.arange(30) * 100.0

    found = nearest(bank, bank, at=seconds, bank_at=seconds, video=(0, 0))

    assert (found.places != np.arange(30)[:, None]).all()


def test_at_most_half_of_the_neighbours_are_near_in_time():
    bank = np.ones((40, 4)) + np.linspace(0, 1, 40)[:, None] * [0, 0, 0, 1]
    seconds = np.arange(40) * 0.1

    found = nearest(bank[:1], bank, at=[0.0], bank_at=seconds, video=(0, 0))

    near = seconds[found.places[0]] <= CONFIG.temporal_s
    assert near.sum() == 5
    assert (found.places[0] >= 0).all()
    assert nearest(bank[:1], bank, at=[0.0], bank_at=seconds).places[0].tolist() == list(range(10))


def test_a_bank_smaller_than_the_number_of_neighbours_leaves_places_empty():
    found = nearest(np.ones((1, 4)), np.eye(4)[:3])

    assert sorted(found.places[0, :3].tolist()) == [0, 1, 2]
    assert (found.places[0, 3:] == -1).all()


def test_a_window_without_neighbours_votes_itself():
    assert voted(around(0, places=[-1]), [0.9]) == 0.25


def test_without_verdicts_the_vote_is_the_plain_mean():
    assert voted(around(0.9, 0.5, 0.1), [1.0, 0.5, 0.0]) == pytest.approx(0.5)


def test_a_window_found_normal_counts_more():
    plain = voted(around(0.9, 0.9, 0.9), [0.0, 1.0, 1.0])

    found = voted(around(0.9, 0.9, 0.9), [0.0, 1.0, 1.0], [NORMAL, UNKNOWN, UNKNOWN])

    assert found == pytest.approx(0.5)  # four votes, cut to half of all
    assert found < plain


def test_a_factor_of_one_is_the_paper_s_vote():
    kept = voted(around(0.9, 0.9, 0.9), [0.0, 1.0, 1.0], [NORMAL, UNKNOWN, UNKNOWN], human_factor=1)

    assert kept == pytest.approx(2 / 3)


def test_a_window_found_abnormal_reaches_only_very_similar_ones():
    clamped = [ABNORMAL, UNKNOWN, UNKNOWN]

    assert voted(around(0.95, 0.9, 0.9), [1.0, 0.0, 0.0], clamped) == pytest.approx(0.5)
    assert voted(around(0.75, 0.7, 0.7), [1.0, 0.0, 0.0], clamped) == 0


def test_one_person_s_window_cannot_flip_a_dense_cluster():
    certain = voted(around(*[0.99] * 10), [1.0] + [0.1] * 9, [ABNORMAL] + [UNKNOWN] * 9)

    assert certain < 0.5


def test_verdicts_fix_probability_label_and_weight():
    verdicts = Verdicts(np.array([NORMAL, ABNORMAL, UNKNOWN], np.int8), np.zeros(3, bool))
    half = np.full(3, 0.6, np.float32)

    assert verdicts.hold(half).tolist() == pytest.approx([0, 1, 0.6])
    assert verdicts.label(np.array([1, 0, 1], np.int8)).tolist() == [0, 1, 1]
    assert verdicts.weigh(half).tolist() == pytest.approx([1, 1, 0.6])


def test_verdicts_that_contradict_each_other_count_as_their_mean_and_weigh_least():
    verdicts = Verdicts(np.array([UNKNOWN], np.int8), np.ones(1, bool))

    assert verdicts.hold(np.array([0.9], np.float32)).tolist() == [0.5]
    assert verdicts.weigh(np.ones(1, np.float32))[0] == pytest.approx(np.exp(-1))
