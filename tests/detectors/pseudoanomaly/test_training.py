"""Training batches: which windows, which pseudo-anomalies, which verdicts."""

import numpy as np
import pytest
import torch

import detectors
from detectors.base import ConfigError
from detectors.pseudoanomaly import training
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.pairs import MotionPairs
from detectors.pseudoanomaly.training import Sampler


def config(**changes):
    small = {"size": 32, "widths": (4, 4, 4, 4), "min_steps": 20, "epochs": 1, "training_stride": 1}
    return detectors.configure("pseudoanomaly", **{**small, **changes})


def counted(n_frames, *, labels=None, held_out=()):
    """A stretch whose fields hold their frame number."""
    numbers = np.arange(n_frames, dtype=np.float16)[:, None, None, None]
    return Stretch(
        labels=np.full(n_frames, -1, np.int8) if labels is None else np.int8(labels),
        held_out=np.isin(np.arange(n_frames), held_out),
        fields=np.broadcast_to(numbers, (n_frames, 3, 4, 4)),
    )


def sampler(stretches, **changes):
    settings = config(**changes)
    pairs = MotionPairs(stretches, settings, scale=1.0)
    return Sampler(stretches, pairs, settings, ratio=settings.motion_ratio, seed=0)


def pairs(stretches, *, epoch=0, **changes):
    """Frame numbers (input, target) of every window of an epoch, each (16,)."""
    return [
        (seen[b, 0, :, 0, 0].numpy(), target[b, 0, :, 0, 0].numpy())
        for seen, target in sampler(stretches, **changes).epoch(epoch)
        for b in range(len(seen))
    ]


def test_a_normal_window_is_its_own_target():
    for seen, target in pairs([counted(100)], motion_ratio=0):
        np.testing.assert_array_equal(seen, target)
        np.testing.assert_array_equal(np.diff(target), np.ones(15))


def test_a_pseudo_anomaly_plays_fast_and_moves_as_much_more():
    found = set()
    for seen, target in pairs([counted(100)], motion_ratio=0.95):
        start = target[0]
        if not np.array_equal(seen, target):
            stride = round((seen[1] - seen[0]) ** 0.5)  # fields of frames `stride` apart, times `stride`
            np.testing.assert_array_equal(seen, stride * (start + stride * np.arange(16)))
            found.add(stride)
        np.testing.assert_array_equal(target, start + np.arange(16))

    assert found == {2, 3, 4, 5}


def test_half_of_the_windows_are_pseudo_anomalies():
    drawn = pairs([counted(400)], min_steps=200)

    share = np.mean([not np.array_equal(seen, target) for seen, target in drawn])
    assert share == pytest.approx(0.5, abs=0.08)


def test_a_pseudo_anomaly_never_reaches_past_the_footage():
    for seen, target in pairs([counted(40)], motion_ratio=0.95):
        stride = 1 if np.array_equal(seen, target) else (seen[1] - seen[0]) ** 0.5
        assert target[0] + 15 * stride < 40


def test_short_footage_is_learned_forwards_and_backwards():
    for _, target in pairs([counted(10)]):
        np.testing.assert_array_equal(target, [*range(10), *range(8, 2, -1)])


def test_frames_found_abnormal_are_never_seen():
    labels = np.full(200, -1)
    labels[80:90] = 1
    for seen, target in pairs([counted(200, labels=labels)], motion_ratio=0.9):
        stride = 1 if np.array_equal(seen, target) else round((seen[1] - seen[0]) ** 0.5)
        frames = target[0] + stride * np.arange(16)
        assert not ((frames >= 80) & (frames < 90)).any()
        assert frames[-1] < 80 or frames[0] >= 90


def test_frames_that_are_held_out_are_never_seen():
    for seen, target in pairs([counted(200, held_out=range(80, 120))], motion_ratio=0.9):
        stride = 1 if np.array_equal(seen, target) else round((seen[1] - seen[0]) ** 0.5)
        frames = target[0] + stride * np.arange(16)
        assert frames[-1] < 80 or frames[0] >= 120


def test_windows_found_normal_are_drawn_more_often():
    labels = np.full(200, -1)
    labels[100:] = 0

    def share(weight):
        drawn = pairs([counted(200, labels=labels)], min_steps=400, confirmed_weight=weight)
        return np.mean([target[-1] >= 100 for _, target in drawn])

    assert share(1) == pytest.approx(0.54, abs=0.03)  # 100 of 185 windows
    assert share(5) == pytest.approx(500 / 585, abs=0.03)


def test_little_footage_still_gets_its_steps():
    few = sampler([counted(20)], min_steps=60, epochs=3)

    assert few.steps == 20
    assert len(list(few.epoch(0))) == 20


def test_an_epoch_depends_on_its_number_and_the_seed_alone():
    first, again, other = (pairs([counted(100)], epoch=epoch) for epoch in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_footage_that_is_all_abnormal_leaves_nothing_to_learn():
    with pytest.raises(ConfigError, match="No 16 frames in a row"):
        sampler([counted(30, labels=np.ones(30))])


def test_normal_batches_hold_no_pseudo_anomaly():
    for batch in sampler([counted(100)], motion_ratio=0.9).normal(3):
        np.testing.assert_array_equal(np.diff(batch[:, 0, :, 0, 0].numpy(), axis=1), 1)


def test_first_weights_depend_on_the_seed_and_leave_torch_alone():
    before = torch.random.get_rng_state()
    one, same, other = (training.make_networks(config(), seed=seed)["motion"] for seed in (1, 1, 2))

    assert torch.equal(one.encoder[0][0].weight, same.encoder[0][0].weight)
    assert not torch.equal(one.encoder[0][0].weight, other.encoder[0][0].weight)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_each_stream_gets_its_network():
    def streams(**changes):
        networks = training.make_networks(config(**changes), seed=0)
        return {name: network.encoder[0][0].in_channels for name, network in networks.items()}

    assert streams() == {"motion": 3}
    assert streams(streams="appearance", appearance_colour="rgb") == {"appearance": 3}
    assert streams(streams="both") == {"motion": 3, "appearance": 1}


def test_norms_are_measured_again_on_normal_windows():
    torch.set_num_threads(1)
    stretch = Stretch(
        labels=np.full(60, -1, np.int8),
        held_out=np.zeros(60, bool),
        fields=np.random.default_rng(0).normal(3, 1, (60, 3, 32, 32)).astype(np.float16),
    )
    settings = config(min_steps=8, batch_size=8)
    drawn = Sampler([stretch], MotionPairs([stretch], settings, scale=1.0), settings, ratio=0.5, seed=0)
    network = training.of(training.make_networks(settings, seed=0), "motion")
    training.recompute_norms(network, drawn, device=torch.device("cpu"))

    with torch.no_grad():
        first = torch.cat([network.encoder[0][0](batch) for batch in drawn.normal(drawn.steps)])
    norm = network.encoder[0][1]
    torch.testing.assert_close(norm.running_mean, first.mean((0, 2, 3, 4)), rtol=1e-3, atol=1e-3)
    assert norm.momentum == 0.1
    assert not network.training
