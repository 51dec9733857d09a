"""What is learned from."""

import numpy as np
import pytest

import detectors
from detectors.base import ABNORMAL, LEFT_OUT, NORMAL, UNKNOWN, ConfigError, Supervision
from detectors.pseudoanomaly import material
from detectors.pseudoanomaly.material import Stretch
from tests.detectors import footage


def config(**changes):
    return detectors.configure("pseudoanomaly", **{"size": 32, "held_out_ratio": 0.0, **changes})


def stretch(n_frames, *, fields=None, labels=None):
    return Stretch(
        labels=np.full(n_frames, -1, np.int8) if labels is None else labels,
        held_out=np.zeros(n_frames, bool),
        fields=fields,
    )


def gathered(videos, *, supervision=None, provider=None, **changes):
    return material.gather(
        videos,
        config(**changes),
        supervision=supervision,
        cache=None,
        progress=lambda progress: None,
        provider=provider,
    )


def test_footage_that_is_all_abnormal_is_refused():
    with pytest.raises(ConfigError, match="Every frame"):
        material.check_usual([stretch(30, labels=np.ones(30, np.int8))])


def test_the_scale_is_a_high_percentile_of_usual_speed():
    speeds = np.random.default_rng(0).gamma(2, 1, (200, 3, 8, 8)).astype(np.float16)
    labels = np.full(200, -1, np.int8)
    labels[150:] = 1
    speeds[150:] = 100  # found abnormal: does not count

    expected = np.percentile(speeds[:150, 2].astype(np.float32), 99.9)
    found = material.speed_scale([stretch(200, fields=speeds, labels=labels)])
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_noise_of_still_footage_is_not_blown_up():
    still = stretch(30, fields=np.full((30, 3, 4, 4), 0.001, np.float16))

    assert material.speed_scale([still]) == material.LEAST_SCALE


def test_long_footage_is_learned_from_stretches_of_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("detectors.spans.CHUNK", 32)
    monkeypatch.setattr("detectors.flow.CHUNK", 32)
    video = footage.write(tmp_path, "long", footage.scene(300, seed=1))
    stretches = gathered([video], max_training_frames=100)

    whole = gathered([video], max_training_frames=1000)
    assert [len(stretch) for stretch in whole] == [300]
    assert sum(len(stretch) for stretch in stretches) <= 100
    np.testing.assert_array_equal(stretches[0].fields[:32], whole[0].fields[:32])
    np.testing.assert_array_equal(stretches[-1].fields[-12:], whole[0].fields[-12:])


def test_of_long_footage_only_what_is_around_the_stretches_is_looked_at(tmp_path, monkeypatch):
    for module in ("pictures", "flow", "spans"):
        monkeypatch.setattr(f"detectors.{module}.CHUNK", 32)
    monkeypatch.setattr(material.lingering, "_PAST_S", 3.0)
    joined = np.concatenate([footage.scene(290, seed=1), 255 - footage.scene(310, seed=2)])
    video = footage.write(tmp_path, "long", joined)
    seen = []
    looked = {"max_training_frames": 100, "lingering_s": 1.0}
    stretches = material.gather([video], config(**looked), supervision=None, cache=None, progress=seen.append)

    cuts = [progress for progress in seen if progress.phase == "cuts"]
    assert 100 < cuts[-1].total < 400
    assert cuts[-1].done == cuts[-1].total
    monkeypatch.setattr(material.lingering, "reach", lambda fps, seconds: (10_000, 10_000))
    for found, wanted in zip(stretches, gathered([video], **looked), strict=True):
        np.testing.assert_array_equal(found.lingering, wanted.lingering)
        np.testing.assert_array_equal(found.fields, wanted.fields)


def test_verdicts_stay_with_their_frames(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(20, seed=1))
    labels = np.arange(20, dtype=np.int8) % 2

    (found,) = gathered([video], supervision=Supervision({"clip": labels}))
    np.testing.assert_array_equal(found.labels, labels)


def test_neither_what_was_found_abnormal_nor_what_was_left_out_is_usual(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(20, seed=1))
    labels = np.repeat(np.array([LEFT_OUT, UNKNOWN, NORMAL, ABNORMAL], np.int8), 5)

    (found,) = gathered([video], supervision=Supervision({"clip": labels}))

    assert found.usual.nonzero()[0].tolist() == list(range(5, 15))


def test_verdicts_of_another_length_are_refused(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(20, seed=1))

    with pytest.raises(ConfigError, match="cover 19 frames, the video has 20"):
        Supervision({"clip": np.zeros(19, np.int8)}).of(video)


def test_no_stretch_leads_over_a_cut(tmp_path):
    joined = np.concatenate([footage.scene(30, seed=1), 255 - footage.scene(30, seed=2)])
    one, other = gathered([footage.write(tmp_path, "cut", joined)], streams="both", masks="irregular")

    assert (len(one), len(other)) == (30, 30)
    assert one.fields[29, 2].max() < 5  # pixels a frame; the jump to the other scene would be more
    assert one.pictures.shape == (30, 1, 32, 32)


def test_things_are_found_only_where_they_are_needed(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(20, seed=1))

    (motion,) = gathered([video])
    (mixed,) = gathered([video], motion_pseudo_anomalies=("mix",))
    assert motion.instances is None
    assert mixed.instances.shape == (20, 32, 32)
    assert mixed.instances.any()


def test_masks_of_ones_own_need_a_program(tmp_path):
    video = footage.write(tmp_path, "clip", footage.scene(5, seed=1))

    with pytest.raises(ConfigError, match="only a program can give"):
        gathered([video], masks="provider", motion_pseudo_anomalies=("mix",))


def test_masks_of_ones_own_are_asked_for_every_frame(tmp_path):
    class Corner:
        fingerprint = "corner"

        def instances(self, picture):
            found = np.zeros((1, *picture.shape[:2]), bool)
            found[0, :24, :32] = True
            return found

    video = footage.write(tmp_path, "clip", footage.scene(5, seed=1))
    (found,) = gathered([video], masks="provider", motion_pseudo_anomalies=("mix",), provider=Corner())

    assert found.instances.shape == (5, 32, 32)
    assert found.instances[:, :8, :8].all()
    assert not found.instances[:, 8:].any()


def test_held_out_footage_is_spread_over_all_of_it():
    stretches = material._hold_out([stretch(1280), stretch(1280)], 0.2)

    assert [found.held_out.mean() for found in stretches] == pytest.approx([0.2, 0.2], abs=0.01)
    assert len(stretches[0].starts()) < 1280 - 15
    assert set(stretches[0].starts(held_out=True)).isdisjoint(stretches[0].starts())


def test_little_footage_is_all_trained_on():
    (found,) = material._hold_out([stretch(100)], 0.1)

    assert not found.held_out.any()
    (judged,) = material.judged_frames([found])
    assert judged.all()


def test_usual_frames_are_judged_by_the_held_out_ones():
    stretches = material._hold_out([stretch(6400)], 0.1)

    np.testing.assert_array_equal(material.judged_frames(stretches)[0], stretches[0].held_out)


def test_short_footage_goes_on_backwards():
    numbers = np.broadcast_to(np.arange(10, dtype=np.float16)[:, None, None, None], (10, 3, 4, 4))
    window = stretch(10, fields=numbers).motion(0)

    np.testing.assert_array_equal(window[0, :, 0, 0], [*range(10), *range(8, 2, -1)])
