"""What is particular to this detector; the contract is checked for all detectors together."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import detectors
from detectors import weights
from detectors.base import ConfigError, MissingWeights, Supervision
from detectors.features import pretrained
from detectors.features.footage import FootageEncoder
from detectors.kdiffusion.config import ABOUT, KDiffusionConfig
from detectors.kdiffusion.detector import KDiffusion

from ..features.scenes import still, walk

QUICK = {"widths": (32, 16, 8), "epochs": 2, "epoch_steps": 15, "batch_size": 64}


def make(*, seed=0, **settings):
    return KDiffusion(KDiffusionConfig(**{**QUICK, **settings}), seed=seed, device="cpu")


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return walk(tmp_path_factory.mktemp("usual"), n_frames=60)


@pytest.fixture(scope="module")
def fitted(usual):
    return make().fit([usual])


def test_the_paper_s_settings_are_a_preset():
    config = ABOUT.presets["paper"].config

    assert config.widths == (1024, 512, 256)
    assert (config.batch_size, config.epochs, config.learning_rate) == (8192, 50, 2e-4)
    assert (config.steps, config.rho, config.p_mean, config.p_std) == (10, 7, -1, 1.5)
    assert (config.unit, config.scaling, config.noise) == ("frame", "none", "shared")
    assert config.sigma_max == pytest.approx(665.14, abs=0.01)
    assert config.sigma_min == pytest.approx(2.035e-4, rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"start_step": 10}, "start_step must be below steps"),
        ({"widths": (1024, 512, 2)}, "widths must lie from 4 to 4096"),
        ({"noise_vectors": 3}, "noise_vectors"),
        ({"encoder": "/tmp/x"}, "encoder"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        KDiffusionConfig.parse(settings)


def test_windows_have_a_pattern_and_its_reconstruction(fitted, usual):
    patterns = fitted.score(usual).patterns

    assert patterns.starts.tolist() == [0, 8, 16, 24, 32, 40, 44]
    assert patterns.actual.shape == (7, 36)
    assert patterns.generated.shape == (7, 1, 36)


def test_what_people_found_abnormal_does_not_change_the_model(tmp_path, usual):
    odd = walk(tmp_path, n_frames=60, fast=range(20, 40), name="odd")
    supervision = Supervision({odd.name: np.ones(60, np.int8)})

    with_odd = make().fit([usual, odd], supervision=supervision).score(usual).frames

    np.testing.assert_array_equal(with_odd, make().fit([usual]).score(usual).frames)


def test_a_threshold_marks_clips(fitted, tmp_path):
    odd = walk(tmp_path, n_frames=80, fast=range(32, 56), name="odd")

    over = fitted.score(odd).tracks["over_threshold"].values

    assert ((over >= 0) & (over <= 1)).all()
    assert over[36:52].mean() > over[:16].mean()


def test_smoothing_lowers_the_peak(fitted, usual):
    smoothed = KDiffusion(fitted.config.model_copy(update={"smoothing": 5.0}), device="cpu")
    smoothed.__dict__.update({k: v for k, v in fitted.__dict__.items() if k.endswith("_")})

    assert smoothed.score(usual).frames.max() < fitted.score(usual).frames.max()


def test_a_start_below_the_spread_of_the_data_warns(usual):
    with pytest.warns(UserWarning, match="below the spread of the features"):
        make(start_step=9).fit([usual])


def test_a_constant_video_is_learned_and_motion_outranks_it(tmp_path):
    detector = make().fit([still(tmp_path, n_frames=40, value=90)])

    moving = walk(tmp_path, n_frames=40)
    nothing = still(tmp_path, n_frames=40, value=60, name="other")
    assert detector.score(moving).frames.min() > detector.score(nothing).frames.max()


def test_one_video_shorter_than_a_clip_is_enough_to_learn_from(tmp_path):
    short = walk(tmp_path, n_frames=10)

    scores = make(batch_size=4096).fit([short]).score(short)  # 64 regions are fewer than a batch, too

    assert scores.frames.shape == (10,)
    assert np.isfinite(scores.frames).all()


def test_features_that_are_not_numbers_are_not_scored(fitted, usual, monkeypatch):
    usual_cells = FootageEncoder.encode

    def broken(*arguments, **named):
        for cells in usual_cells(*arguments, **named):
            yield np.full_like(cells, np.nan)

    monkeypatch.setattr(FootageEncoder, "encode", broken)

    with pytest.raises(ConfigError, match="not finite"):
        fitted.score(usual)


def test_a_model_file_with_other_noise_is_refused(fitted, tmp_path, monkeypatch):
    fitted.save(tmp_path / "good")
    other = KDiffusion(fitted.config, device="cpu")
    other.__dict__.update({k: v for k, v in fitted.__dict__.items() if k.endswith("_")})
    other.noise_ = np.zeros((2, 36), np.float32)
    other.save(tmp_path / "bad")

    with pytest.raises(ConfigError, match="noise"):
        KDiffusion.load(tmp_path / "bad")


def test_missing_weights_are_said_before_any_work(usual, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))

    with pytest.raises(MissingWeights, match="fetch r3d18"):
        make(encoder="r3d18").fit([usual], progress=lambda p: pytest.fail("work was done"))


def test_whole_clips_of_a_pretrained_network_are_scored(tmp_path, monkeypatch):
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))
    torch.manual_seed(0)
    tensors = pretrained.RECIPES["r3d18-kinetics700"].make().state_dict()
    save_file(tensors, tmp_path / "r3d18-kinetics700.safetensors")
    video = walk(tmp_path, n_frames=33)
    detector = make(
        encoder="r3d18-kinetics700", unit="frame", scaling="none", training_stride=8, scoring_stride=16
    ).fit([video])

    detector.save(tmp_path / "model")
    scores = detectors.load(tmp_path / "model", device="cpu").score(video)

    assert np.isfinite(scores.frames).all()
    assert scores.heatmaps.values.shape == (3, 4, 4)
    assert scores.heatmaps.frames.tolist() == [8, 24, 25]
    assert scores.patterns.actual.shape == (3, 512)
    np.testing.assert_array_equal(scores.frames, detector.score(video).frames)

    tensors["bn1.bias"] += 1  # other weights under the same name
    save_file(tensors, tmp_path / "r3d18-kinetics700.safetensors")
    with pytest.raises(ConfigError, match="other weights"):
        detectors.load(tmp_path / "model", device="cpu").score(video)


@pytest.fixture(scope="module")
def model(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    fitted.save(folder)
    return folder


def test_training_can_begin_from_a_model(fitted, model, usual):
    # with steps this small nothing but the beginning decides
    warm = make(seed=5, learning_rate=1e-12).fit([usual], warm_start=model)

    for begun, before in zip(warm.network_.parameters(), fitted.network_.parameters(), strict=True):
        torch.testing.assert_close(begun, before)
    assert torch.equal(warm.network_.film_input.frequencies, fitted.network_.film_input.frequencies)
    assert np.array_equal(warm.space_.centre, fitted.space_.centre)


def test_a_model_of_another_network_cannot_be_begun_from(model, usual):
    with pytest.raises(ConfigError, match=r"widths = \(32, 16, 8\), these settings have \(64, 16, 8\)"):
        make(widths=(64, 16, 8)).fit([usual], warm_start=model)
    with pytest.raises(ConfigError, match="film = fourier"):
        make(film="learned").fit([usual], warm_start=model)


def test_a_folder_without_a_model_cannot_be_begun_from(usual, tmp_path):
    with pytest.raises(ConfigError, match="no model"):
        make().fit([usual], warm_start=tmp_path)


def test_a_checkpoint_of_a_cold_training_is_not_gone_on_from_warm(fitted, model, usual, tmp_path):
    make(seed=5).fit([usual], checkpoint=tmp_path)
    cold = make(seed=5).fit([usual], checkpoint=tmp_path)
    warm = make(seed=5).fit([usual], checkpoint=tmp_path, warm_start=model)

    assert warm.losses_ != cold.losses_
    assert make(seed=5).fit([usual], checkpoint=tmp_path, warm_start=model).losses_ == warm.losses_
