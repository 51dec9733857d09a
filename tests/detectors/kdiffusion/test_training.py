import numpy as np
import pytest
import torch

from detectors.base import LEFT_OUT, ConfigError, Supervision, ignore
from detectors.kdiffusion import training
from detectors.kdiffusion.config import KDiffusionConfig

from ..features.scenes import still

QUICK = {"widths": (16, 8, 8), "epochs": 2, "epoch_steps": 5, "batch_size": 64}


class Numbered:
    """Describes a clip by its first frame."""

    grid, dimension, fingerprint, costly = (1, 1), 2, "numbered", False

    def encode(self, video, starts, *, cache, meter):
        yield np.repeat(starts[:, None, None, None].astype(np.float32), 2, axis=3)


class Broken(Numbered):
    def encode(self, video, starts, *, cache, meter):
        yield np.full((len(starts), 1, 1, 2), np.nan, np.float32)


def gather(videos, *, encoder=None, supervision=None, **settings):
    return training.gather(
        videos,
        encoder or Numbered(),
        KDiffusionConfig(**settings),
        supervision=supervision,
        cache=None,
        progress=ignore,
    ).cells[:, 0, 0, 0]


def train(rows, *, seed=0, progress=ignore, **settings):
    config = KDiffusionConfig(**{**QUICK, **settings})
    return training.train(
        training.make_network(rows.shape[1], config, seed=seed),
        rows,
        config,
        sigma_data=0.62,
        seed=seed,
        device=torch.device("cpu"),
        progress=progress,
        checkpoint=None,
        fingerprint="",
    )


def test_clips_with_an_accepted_frame_are_left_out_and_rejected_ones_kept(tmp_path):
    video = still(tmp_path, n_frames=64)
    labels = np.full(64, -1, np.int8)
    labels[5] = 0  # somebody looked and found nothing
    labels[30:33] = 1

    found = gather([video], training_stride=16, supervision=Supervision({video.name: labels}))

    assert found.tolist() == [0, 48]


def test_clips_with_a_frame_that_was_left_out_are_not_learned_from(tmp_path):
    video = still(tmp_path, n_frames=64)
    labels = np.full(64, LEFT_OUT, np.int8)
    labels[16:32] = 0

    found = gather([video], training_stride=16, supervision=Supervision({video.name: labels}))

    assert found.tolist() == [16]


def test_footage_in_which_everything_is_abnormal_is_refused(tmp_path):
    video = still(tmp_path, n_frames=20)
    supervision = Supervision({video.name: np.ones(20, np.int8)})

    with pytest.raises(ConfigError, match="nothing usual to learn from"):
        gather([video], supervision=supervision)


def test_long_footage_is_learned_from_clips_further_apart(tmp_path):
    videos = [still(tmp_path, n_frames=200, name=name) for name in ("a", "b")]

    assert len(gather(videos, max_training_clips=40)) <= 42
    assert len(gather(videos, training_stride=1)) == 370


def test_features_that_are_not_numbers_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="values for still that are not finite"):
        gather([still(tmp_path, n_frames=20)], encoder=Broken())


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_any_number_of_rows_can_be_learned_from(rows):
    found = np.random.default_rng(0).normal(size=(rows, 6)).astype(np.float32)

    network, losses = train(found)

    assert np.isfinite(losses).all()
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_a_batch_larger_than_the_footage_still_gives_the_least_number_of_steps():
    config = KDiffusionConfig(epoch_steps=None, batch_size=8192, epochs=10, min_steps=55)

    assert training.steps_in_epoch(100, config) == 6
    assert training.steps_in_epoch(8192 * 20 + 5, config) == 20


def test_every_row_is_drawn_as_often_as_every_other():
    drawn = training._batches(10, 4, 6, random=np.random.default_rng(0))

    assert drawn.shape == (6, 4)
    assert set(np.bincount(drawn.ravel(), minlength=10)) == {2, 3}


def test_training_learns_to_remove_noise():
    rows = np.random.default_rng(0).normal(size=(500, 6)).astype(np.float32) @ np.diag(
        [1.3, 0.1, 0.05, 0.05, 0.02, 0.02]
    ).astype(np.float32)

    _, losses = train(rows, widths=(64, 32, 16), epochs=4, epoch_steps=40, learning_rate=3e-3)

    assert losses[-1] < 0.8 * losses[0]


def test_averaged_weights_are_given_not_the_last_ones():
    rows = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
    config = KDiffusionConfig(**QUICK)
    network = training.make_network(6, config, seed=0)
    found, _ = training.train(
        network,
        rows,
        config,
        sigma_data=0.62,
        seed=0,
        device=torch.device("cpu"),
        progress=ignore,
        checkpoint=None,
        fingerprint="",
    )

    assert not found.training
    assert not torch.equal(found.encoder[0].weight, network.encoder[0].weight)
    assert torch.equal(found.encoder[1].running_mean, network.encoder[1].running_mean)


def test_training_that_explodes_says_what_to_change():
    rows = np.full((100, 6), 1e30, np.float32)

    with pytest.raises(ConfigError, match="lower learning_rate"):
        train(rows)
