import numpy as np
import pytest
import torch

from detectors.diffusion import karras
from detectors.features import footage
from detectors.kdiffusion import scoring
from detectors.kdiffusion.config import KDiffusionConfig
from detectors.kdiffusion.network import Denoiser
from detectors.kdiffusion.space import Space

SMALL = {"widths": (16, 8, 8)}


@pytest.fixture
def cells():
    """Motion of 20 clips in which one region of the last is five times as fast."""
    found = np.abs(np.random.default_rng(0).normal(size=(20, 8, 8, 36))).astype(np.float32)
    found[-1, 2, 6] *= 5
    return found


def rebuilder(cells, config, *, seed=0):
    torch.manual_seed(0)
    network = Denoiser(cells.shape[-1], config.widths, film=config.film).eval()
    space = Space.of(cells.reshape(-1, cells.shape[-1]), config)
    noise = scoring.draw_noise(cells.shape[-1], config, seed=seed)
    return scoring.Rebuilder(network, space, config, noise=noise, seed=seed), network, space, noise


def test_scores_are_squared_differences_of_samples(cells):
    config = KDiffusionConfig(**SMALL)
    at_work, network, space, noise = rebuilder(cells, config)

    found = at_work.rebuild(cells)

    levels = karras.sigmas(config.steps, config.sigma_min, config.sigma_max, config.rho)[at_work.step :]
    x = torch.from_numpy(space.enter(cells).reshape(-1, 36)).double()

    def denoise(y, sigma):
        with torch.inference_mode():
            return karras.denoise(network.double(), y, sigma, sigma_data=space.sigma_data)

    sampled = karras.sample_lms(denoise, x + levels[0] * torch.from_numpy(noise).double(), levels)
    expected = (sampled - x).square().mean(1).reshape(20, 64)
    np.testing.assert_allclose(found.regions, expected, rtol=1e-4)
    strange = int(expected[-1].argmax())
    assert strange == 2 * 8 + 6
    np.testing.assert_allclose(found.actual[-1], x.reshape(20, 64, 36)[-1, strange], rtol=1e-4)
    np.testing.assert_allclose(
        found.reconstructions[-1, 0], sampled.reshape(20, 64, 36)[-1, strange], rtol=1e-3, atol=1e-4
    )


def test_sampling_starts_by_the_rule_unless_it_is_told(cells):
    assert rebuilder(cells, KDiffusionConfig(**SMALL))[0].step == 6
    assert rebuilder(cells, KDiffusionConfig(**SMALL, start_step=9))[0].step == 9


def test_a_late_start_draws_its_map_from_the_usual_start(cells):
    late = rebuilder(cells, KDiffusionConfig(**SMALL, start_step=9))[0].rebuild(cells)
    usual = rebuilder(cells, KDiffusionConfig(**SMALL))[0].rebuild(cells)

    np.testing.assert_array_equal(late.differences, usual.differences)
    assert not np.allclose(late.regions, usual.regions)


def test_shared_noise_scores_a_clip_alike_wherever_it_stands(cells):
    at_work = rebuilder(cells, KDiffusionConfig(**SMALL))[0]

    np.testing.assert_allclose(
        at_work.rebuild(cells[::-1].copy()).regions[::-1], at_work.rebuild(cells).regions, rtol=1e-5
    )


def test_noise_of_each_segment_differs_and_repeats_with_the_seed(cells):
    config = KDiffusionConfig(**SMALL, noise="per_segment")
    alike = np.repeat(cells[:1], 2, axis=0)

    first = rebuilder(cells, config)[0].rebuild(alike).regions
    again = rebuilder(cells, config)[0].rebuild(alike).regions

    assert not np.allclose(first[0], first[1], rtol=1e-3)
    np.testing.assert_array_equal(first, again)


def test_several_noise_vectors_come_in_pairs_and_are_averaged(cells):
    config = KDiffusionConfig(**SMALL, noise_vectors=4)
    noise = scoring.draw_noise(36, config, seed=3)
    torch.manual_seed(0)
    network = Denoiser(36, config.widths, film="fourier").eval()
    space = Space.of(cells.reshape(-1, 36), config)

    def scores(vectors):
        return scoring.Rebuilder(network, space, config, noise=vectors, seed=0).rebuild(cells).regions

    np.testing.assert_array_equal(noise[0::2], -noise[1::2])
    each = [scores(noise[v : v + 1]) for v in range(4)]
    np.testing.assert_allclose(scores(noise), np.mean(each, axis=0), rtol=1e-5)


def test_a_frame_scores_the_mean_of_the_clips_over_it():
    found = scoring.over_frames(np.array([1.0, 3.0, 8.0]), np.array([0, 16, 20]), 36)

    assert found[:16].tolist() == [1.0] * 16
    assert found[16:20].tolist() == [3.0] * 4
    assert found[20:32].tolist() == [5.5] * 12
    assert found[32:].tolist() == [8.0] * 4


def test_a_clip_longer_than_its_video_scores_the_frames_there_are():
    assert scoring.over_frames(np.array([2.0]), np.array([0]), 5).tolist() == [2.0] * 5


def test_a_clip_scores_the_mean_of_its_strangest_regions():
    regions = np.array([[1.0, 9.0, 2.0, 7.0]])

    assert scoring.strangest(regions, 2)[0] == 8.0
    assert scoring.strangest(regions, 99)[0] == 4.75


def calibration(scores, **settings):
    return scoring.calibrate(scores[:, None].astype(np.float32), KDiffusionConfig(**settings), oblique=False)


def test_the_threshold_is_mean_plus_k_deviations_of_the_training_scores():
    usual = np.random.default_rng(0).gamma(2.0, size=500)
    config = KDiffusionConfig(threshold_k=0.5)

    found = scoring.thresholds(np.array([1.0, 2.0]), calibration(usual), config, seed=0)

    np.testing.assert_allclose(found, usual.mean() + 0.5 * usual.std(ddof=1), rtol=1e-5)


def test_the_threshold_can_be_of_the_scored_video():
    scores = np.random.default_rng(0).gamma(2.0, size=9000)
    config = KDiffusionConfig(threshold_over="video", threshold_k=1.0)

    found = scoring.thresholds(scores, calibration(scores), config, seed=0)

    np.testing.assert_allclose(found, scores.mean() + scores.std(ddof=1))


def test_the_threshold_can_be_of_random_groups_as_in_the_released_code():
    scores = np.random.default_rng(0).gamma(2.0, size=9000)
    config = KDiffusionConfig(threshold_over="groups", threshold_k=1.0)

    found = scoring.thresholds(scores, calibration(scores), config, seed=5)

    values, counts = np.unique(found, return_counts=True)
    assert sorted(counts) == [9000 - 8192, 8192]
    for value in values:
        group = scores[found == value]
        assert value == pytest.approx(group.mean() + group.std(ddof=1))


def test_a_norm_measures_each_region_against_itself():
    random = np.random.default_rng(0)
    regions = (random.random((200, 3)) * [1.0, 30.0, 100.0]).astype(np.float32)

    found = scoring.calibrate(regions, KDiffusionConfig(region_norm="score_z"), oblique=False)

    normed = found.normed(regions)
    assert found.norm
    np.testing.assert_allclose(normed.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(normed.std(0)[1:], 1, rtol=1e-4)
    assert normed.std(0)[0] < 1  # a region that hardly ever changes is not blown up


def test_a_calibration_is_kept_as_an_array():
    found = calibration(np.random.default_rng(0).random(50), region_norm="score_z")

    again = scoring.Calibration.from_array(found.array())

    assert again.norm == found.norm
    assert (again.mean, again.deviation, again.high) == (found.mean, found.deviation, found.high)
    np.testing.assert_array_equal(again.centre, found.centre)


def moving(speeds):
    """Clips in which things pass at the given speed at each of 16 heights, and rest between."""
    blocks = np.zeros((40, 16, 16, 9), np.float32)
    for row, speed in enumerate(speeds):
        blocks[:, row, :, footage.SPEED] = speed * np.random.default_rng(row).uniform(0.8, 1.2, (40, 16))
    blocks[:, :, ::3] = 0
    return footage.regions(blocks)


def test_speed_that_grows_down_the_picture_means_an_oblique_camera():
    assert scoring.looks_along(moving(np.linspace(1, 3, 16)))
    assert scoring.looks_along(moving(np.linspace(3, 1, 16)))


@pytest.mark.parametrize(
    "speeds", [np.ones(16), np.zeros(16), 1 + np.sin(np.linspace(0, np.pi, 16)), np.eye(16)[7]]
)
def test_speed_without_a_trend_means_a_level_camera(speeds):
    assert not scoring.looks_along(moving(speeds))


def heat(cells, config, **settings):
    at_work, _, space, _ = rebuilder(cells, config)
    rebuilt = at_work.rebuild(cells)
    found = scoring.calibrate(rebuilt.regions, config, oblique=False)
    mean_map = settings.pop("mean_map", cells.mean(0))
    return rebuilt, space, scoring.heat_of(rebuilt, cells, mean_map, config, space=space, calibration=found)


def test_heat_of_blocks_averages_to_the_score_of_their_region(cells):
    rebuilt, _, found = heat(cells, KDiffusionConfig(**SMALL))

    assert found.shape == (20, 16, 16)
    means = found.reshape(20, 8, 2, 8, 2).mean((2, 4))
    np.testing.assert_allclose(means.reshape(20, 64), rebuilt.regions, rtol=1e-3)


def test_the_hottest_block_lies_in_the_strange_region(cells):
    _, _, found = heat(cells, KDiffusionConfig(**SMALL))

    row, column = np.unravel_index(found[-1].argmax(), (16, 16))
    assert (row // 2, column // 2) == (2, 6)


def test_heat_of_a_whole_picture_adds_up_to_residual_times_features(cells):
    config = KDiffusionConfig(**SMALL, unit="frame", scaling="none")
    rebuilt, space, found = heat(cells, config, mean_map=np.zeros((8, 8, 36), np.float32))

    residual = -rebuilt.differences[:, 0]
    pull = (residual * cells.mean((1, 2)) * space.scale).sum(1) / 36
    signed = np.einsum("kd,kyxd->kyx", residual, cells * space.scale) / 36
    np.testing.assert_allclose(signed.mean((1, 2)), pull, rtol=1e-3)
    np.testing.assert_allclose(found, np.maximum(signed, 0), rtol=1e-4, atol=1e-6)
