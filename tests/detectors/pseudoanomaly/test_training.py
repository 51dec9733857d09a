"""Training batches: which windows, which pseudo-anomalies, which verdicts."""

import numpy as np
import pytest
import torch

import detectors
from detectors.base import ConfigError, Supervision
from detectors.pseudoanomaly import training
from detectors.pseudoanomaly.training import Sampler, Stretch
from tests.detectors import footage


def config(**changes):
    small = {"size": 32, "widths": (4, 4, 4, 4), "min_steps": 20, "epochs": 1, "training_stride": 1}
    return detectors.configure("pseudoanomaly", **{**small, **changes})


def counted(n_frames, *, labels=None):
    """A stretch whose fields hold their frame number."""
    numbers = np.arange(n_frames, dtype=np.float16)[:, None, None, None]
    fields = np.broadcast_to(numbers, (n_frames, 3, 4, 4))
    return Stretch(fields, np.full(n_frames, -1, np.int8) if labels is None else np.int8(labels))


def pairs(stretches, *, epoch=0, **changes):
    """Frame numbers (input, target) of every window of an epoch, each (16,)."""
    sampler = Sampler(stretches, config(**changes), scale=1.0, seed=0)
    return [
        (seen[b, 0, :, 0, 0].numpy(), target[b, 0, :, 0, 0].numpy())
        for seen, target in sampler.epoch(epoch)
        for b in range(len(seen))
    ]


def test_a_normal_window_is_its_own_target():
    for seen, target in pairs([counted(100)], pseudo_anomaly_ratio=0):
        np.testing.assert_array_equal(seen, target)
        np.testing.assert_array_equal(np.diff(target), np.ones(15))


def test_a_pseudo_anomaly_plays_fast_and_moves_as_much_more():
    found = set()
    for seen, target in pairs([counted(100)], pseudo_anomaly_ratio=0.95):
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
    for seen, target in pairs([counted(40)], pseudo_anomaly_ratio=0.95):
        stride = 1 if np.array_equal(seen, target) else (seen[1] - seen[0]) ** 0.5
        assert target[0] + 15 * stride < 40


def test_short_footage_is_learned_forwards_and_backwards():
    for _, target in pairs([counted(10)]):
        np.testing.assert_array_equal(target, [*range(10), *range(8, 2, -1)])


def test_frames_found_abnormal_are_never_seen():
    labels = np.full(200, -1)
    labels[80:90] = 1
    for seen, target in pairs([counted(200, labels=labels)], pseudo_anomaly_ratio=0.9):
        stride = 1 if np.array_equal(seen, target) else round((seen[1] - seen[0]) ** 0.5)
        frames = target[0] + stride * np.arange(16)
        assert not ((frames >= 80) & (frames < 90)).any()
        assert frames[-1] < 80 or frames[0] >= 90


def test_windows_found_normal_are_drawn_more_often():
    labels = np.full(200, -1)
    labels[100:] = 0

    def share(weight):
        drawn = pairs([counted(200, labels=labels)], min_steps=400, confirmed_weight=weight)
        return np.mean([target[-1] >= 100 for _, target in drawn])

    assert share(1) == pytest.approx(0.54, abs=0.03)  # 100 of 185 windows
    assert share(5) == pytest.approx(500 / 585, abs=0.03)


def test_little_footage_still_gets_its_steps():
    sampler = Sampler([counted(20)], config(min_steps=60, epochs=3), scale=1.0, seed=0)

    assert sampler.steps == 20
    assert len(list(sampler.epoch(0))) == 20


def test_an_epoch_depends_on_its_number_and_the_seed_alone():
    first, again, other = (pairs([counted(100)], epoch=epoch) for epoch in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_footage_that_is_all_abnormal_is_refused():
    stretch = counted(30, labels=np.ones(30))
    with pytest.raises(ConfigError, match="Every frame"):
        training.speed_scale([stretch])
    with pytest.raises(ConfigError, match="No 16 frames in a row"):
        Sampler([stretch], config(), scale=1.0, seed=0)


def test_the_scale_is_a_high_percentile_of_usual_speed():
    speeds = np.random.default_rng(0).gamma(2, 1, (200, 3, 8, 8)).astype(np.float16)
    labels = np.full(200, -1, np.int8)
    labels[150:] = 1
    speeds[150:] = 100  # found abnormal: does not count

    expected = np.percentile(speeds[:150, 2].astype(np.float32), 99.9)
    assert training.speed_scale([Stretch(speeds, labels)]) == pytest.approx(expected, rel=1e-3)


def test_the_noise_of_still_footage_is_not_blown_up():
    still = Stretch(np.full((30, 3, 4, 4), 0.001, np.float16), np.full(30, -1, np.int8))

    assert training.speed_scale([still]) == training.LEAST_SCALE


def gathered(videos, **changes):
    return training.gather(
        videos, config(**changes), supervision=None, cache=None, progress=lambda progress: None
    )


def test_long_footage_is_learned_from_stretches_of_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 32)
    monkeypatch.setattr("detectors.flow.CHUNK", 32)
    video = footage.write(tmp_path, "long", footage.scene(300, seed=1))
    stretches = gathered([video], max_training_frames=100)

    whole = gathered([video], max_training_frames=1000)
    assert [len(stretch.fields) for stretch in whole] == [300]
    assert sum(len(stretch.fields) for stretch in stretches) <= 100
    np.testing.assert_array_equal(stretches[0].fields[:32], whole[0].fields[:32])
    np.testing.assert_array_equal(stretches[-1].fields[-12:], whole[0].fields[-12:])


def test_verdicts_stay_with_their_frames(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(20, seed=1))
    labels = np.arange(20, dtype=np.int8) % 2

    (stretch,) = training.gather(
        [video],
        config(),
        supervision=Supervision({"clip": labels}),
        cache=None,
        progress=lambda progress: None,
    )
    np.testing.assert_array_equal(stretch.labels, labels)


def test_verdicts_of_another_length_are_refused(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(20, seed=1))

    with pytest.raises(ConfigError, match="cover 19 frames, the video has 20"):
        Supervision({"clip": np.zeros(19, np.int8)}).of(video)


def test_first_weights_depend_on_the_seed_and_leave_torch_alone():
    before = torch.random.get_rng_state()
    one, same, other = (training.make_network(config(), seed=seed) for seed in (1, 1, 2))

    assert torch.equal(one.encoder[0][0].weight, same.encoder[0][0].weight)
    assert not torch.equal(one.encoder[0][0].weight, other.encoder[0][0].weight)
    assert torch.equal(torch.random.get_rng_state(), before)
