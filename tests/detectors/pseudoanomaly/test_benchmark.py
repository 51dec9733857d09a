"""The paper's way to score and compare."""

import numpy as np
import pytest

from detectors.metrics import frame_auc
from detectors.pseudoanomaly import benchmark
from tests.detectors.pseudoanomaly.test_network import VECTORS


@pytest.mark.skipif(not VECTORS.exists(), reason="the reference vectors are not beside the repository")
@pytest.mark.footage
def test_scores_and_auc_equal_those_of_the_released_code():
    vectors = np.load(VECTORS, allow_pickle=False)
    errors = np.split(vectors["score_mse"], np.cumsum(vectors["score_video_lengths"])[:-1])
    scores, labels = np.concatenate([benchmark.indicator(e) for e in errors]), vectors["score_labels"]

    np.testing.assert_allclose(benchmark.psnr(vectors["score_mse"]), vectors["score_psnr"], rtol=1e-9)
    np.testing.assert_allclose(scores, vectors["score_anomaly"], atol=1e-9)
    assert frame_auc(scores, labels) == pytest.approx(float(vectors["score_auc"]), abs=1e-9)


def test_a_video_whose_frames_are_all_equal_is_nowhere_odd():
    np.testing.assert_array_equal(benchmark.indicator(np.full(5, 0.1)), np.zeros(5))
    np.testing.assert_array_equal(benchmark.motion_indicator(np.zeros(5)), np.zeros(5))


def test_the_worst_rebuilt_frame_scores_one():
    np.testing.assert_allclose(benchmark.indicator(np.array([0.01, 0.1, 1.0])), [0, 0.5, 1])
    np.testing.assert_allclose(benchmark.motion_indicator(np.array([1.0, 2.0, 5.0])), [0, 0.25, 1])


def test_the_protocol_leaves_out_eight_frames_and_seven():
    np.testing.assert_array_equal(benchmark.crop(np.arange(20)), [8, 9, 10, 11, 12])


def test_indicators_are_added_with_their_weights():
    one, other = np.array([1.0, 0.0]), np.array([0.0, 2.0])

    np.testing.assert_array_equal(benchmark.aggregate([one, other], [0.5, 0.25]), [0.5, 0.5])
