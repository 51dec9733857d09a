"""Dense motion: its units, its frames, and what is kept of it."""

import os
import sys

import cv2
import numpy as np
import pytest

from detectors import flow
from detectors.base import Cancelled, ConfigError, Meter
from detectors.field_cache import FieldCache
from detectors.flow import FlowSettings, fields, motion_reference
from tests.detectors import footage

SETTINGS = FlowSettings(grid=16, long_side=128)


def pan(n_frames, *, speed=2, height=96, width=128, seed=0):
    """The whole picture moves `speed` pixels to the left in each frame."""
    ground = footage.scene(1, seed=seed)[0]
    wide = np.tile(ground, (1, 20, 1))[:height]
    return np.stack([wide[:, n * speed : n * speed + width] for n in range(n_frames)])


def whole(video, settings=SETTINGS, **options):
    return np.concatenate([piece for _, piece in fields(video, settings, **options)])


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(flow, "CHUNK", 8)


@pytest.fixture
def video(tmp_path):
    return footage.write(tmp_path, "clip", footage.scene(20, seed=1))


def test_motion_is_measured_in_source_pixels(tmp_path):
    video = footage.write(tmp_path, "pan", pan(4, speed=4))

    for long_side in (128, 96):  # at full size, and on shrunk pictures
        field = whole(video, FlowSettings(grid=16, long_side=long_side))[0]
        horizontal, vertical, speed = np.median(field.astype(np.float32), axis=(1, 2))
        assert horizontal == pytest.approx(-4, abs=0.3)
        assert vertical == pytest.approx(0, abs=0.2)
        assert speed == pytest.approx(4, abs=0.3)


def test_the_field_of_a_frame_is_the_motion_to_the_next_frame(tmp_path):
    still = np.repeat(footage.scene(1, seed=2), 6, axis=0)
    pictures = np.concatenate([still, pan(2, seed=2)[1:]])  # only the last picture has moved
    speeds = whole(footage.write(tmp_path, "jump", pictures))[:, 2].mean((1, 2))

    assert speeds[5] > 1
    assert speeds[:5].max() < 0.2
    assert speeds[6] == speeds[5]  # the last frame repeats the field before it


def test_one_frame_has_no_motion(tmp_path):
    video = footage.write(tmp_path, "one", footage.scene(1, seed=3))

    assert whole(video).shape == (1, 3, 16, 16)
    assert not whole(video).any()


@pytest.mark.parametrize("n_frames", [7, 8, 9, 16, 17])
def test_chunks_join_without_a_seam(tmp_path, monkeypatch, n_frames):
    video = footage.write(tmp_path, "clip", footage.scene(n_frames, seed=4))
    in_one = whole(video)
    monkeypatch.setattr(flow, "CHUNK", 8)

    np.testing.assert_array_equal(whole(video), in_one)


def test_a_part_equals_the_part_of_the_whole(video, small_chunks):
    np.testing.assert_array_equal(whole(video, start=5, stop=18), whole(video)[5:18])


def test_kept_motion_is_not_computed_again(video, tmp_path, monkeypatch):
    cache = FieldCache(tmp_path / "cache")
    first = whole(video, cache=cache)
    monkeypatch.setattr(flow._Reader, "compute", None)

    np.testing.assert_array_equal(whole(video, cache=cache), first)


def test_a_damaged_entry_is_computed_again(video, tmp_path):
    cache = FieldCache(tmp_path / "cache")
    first = whole(video, cache=cache)
    for path in cache.folder.iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    np.testing.assert_array_equal(whole(video, cache=cache), first)


def test_a_cut_off_entry_is_computed_again(video, tmp_path):
    cache = FieldCache(tmp_path / "cache")
    first = whole(video, cache=cache)
    for path in cache.folder.iterdir():
        path.write_bytes(path.read_bytes()[:100])

    np.testing.assert_array_equal(whole(video, cache=cache), first)


def test_other_settings_have_their_own_entries(video, tmp_path):
    cache = FieldCache(tmp_path / "cache")
    whole(video, cache=cache)
    coarse = FlowSettings(grid=8, long_side=128)

    assert whole(video, coarse, cache=cache).shape == (20, 3, 8, 8)


def test_the_least_recently_used_entry_goes_first(tmp_path):
    field = np.zeros((1, 3, 8, 8), np.float16)
    cache = FieldCache(tmp_path, max_bytes=1500)
    for age, key in enumerate(("old", "new")):
        cache.write(key, field)
        stamp = 1_000_000_000 + age
        os.utime(tmp_path / f"{key}.npz", (stamp, stamp))
    cache.read("old", shape=field.shape)  # now it is the newer one
    cache.write("third", field)

    assert cache.read("old", shape=field.shape) is not None
    assert cache.read("new", shape=field.shape) is None
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1500


def test_what_is_larger_than_the_cache_is_not_kept(tmp_path):
    cache = FieldCache(tmp_path, max_bytes=100)
    cache.write("large", np.zeros((1, 3, 8, 8), np.float16))

    assert not list(tmp_path.iterdir())


def test_cancel_leaves_no_half_entry(video, tmp_path, small_chunks):
    def stop(progress):
        if progress.done > 8:
            raise Cancelled

    cache = FieldCache(tmp_path / "cache")
    with pytest.raises(Cancelled):
        whole(video, cache=cache, meter=Meter(stop, "motion", 20))

    assert len(list(cache.folder.iterdir())) == 1  # the first chunk, whole
    np.testing.assert_array_equal(whole(video, cache=cache), whole(video))


def test_the_reference_has_a_value_for_every_frame(video, tmp_path):
    seen = []
    curves = motion_reference(video, progress=seen.append, cache=FieldCache(tmp_path / "cache"))

    assert curves["mean"].shape == curves["strongest_cell"].shape == (20,)
    assert curves["mean"].dtype == curves["strongest_cell"].dtype == np.float32
    assert (curves["strongest_cell"] >= curves["mean"]).all()
    assert (seen[-1].phase, seen[-1].done, seen[-1].total) == ("motion", 20, 20)


def test_the_reference_rises_where_something_races(tmp_path):
    video = footage.write(tmp_path, "race", footage.scene(40, seed=5, race=range(20, 35)))
    strongest = motion_reference(video)["strongest_cell"]

    assert np.median(strongest[21:34]) > 1.5 * np.median(strongest[:19])


@pytest.mark.parametrize("method", ["dis", "tvl1-opencv", "tvl1-scikit"])
def test_each_method_finds_the_shift_of_the_reference_pictures(method):
    from tests.detectors.pseudoanomaly.test_network import VECTORS

    if not VECTORS.exists():
        pytest.skip("the reference vectors are not beside the repository")
    try:
        estimate = flow.estimator(FlowSettings(method=method))
    except ConfigError as error:
        pytest.skip(str(error))
    vectors = np.load(VECTORS, allow_pickle=False)
    found = estimate(vectors["flow_syn_a"], vectors["flow_syn_b"])

    known = "flow_syn_dis_medium" if method == "dis" else "flow_syn_tvl1"
    inside = slice(16, -16), slice(16, -16)
    assert np.hypot(*(found - vectors["flow_syn_true"])[inside].transpose(2, 0, 1)).mean() < 0.1
    assert np.hypot(*(found - vectors[known])[inside].transpose(2, 0, 1)).mean() < 0.1


@pytest.mark.parametrize("method", ["tvl1-opencv", "tvl1-scikit"])
def test_a_method_without_its_library_says_what_to_install(method, monkeypatch):
    monkeypatch.delattr(cv2, "optflow", raising=False)
    monkeypatch.setitem(sys.modules, "skimage.registration", None)

    with pytest.raises(ConfigError, match="or choose dis"):
        flow.estimator(FlowSettings(method=method))


def test_methods_are_never_mixed_in_what_is_kept():
    assert FlowSettings(method="dis").fingerprint != FlowSettings(method="tvl1-scikit").fingerprint
