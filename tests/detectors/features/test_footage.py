import numpy as np
import pytest

from detectors import flow
from detectors.base import Meter, ignore
from detectors.features import clips, footage
from detectors.field_cache import FieldCache

from .scenes import still, walk


def read(video, *, stride, cache=None):
    meter = Meter(ignore, "features", video.n_frames)
    pieces = list(clips.encoded(footage.FootageEncoder(), video, stride=stride, cache=cache, meter=meter))
    return np.concatenate([v for _, v in pieces])


def uniform_field(u, v, *, n=1):
    field = np.empty((n, 3, 64, 64), np.float16)
    field[:, 0], field[:, 1], field[:, 2] = u, v, np.hypot(u, v)
    return field


def test_a_histogram_has_the_speed_in_one_direction():
    found = footage.histograms(uniform_field(3.0, -1.0))[0]

    assert (np.count_nonzero(found[..., : footage.DIRECTIONS], axis=-1) == 1).all()
    np.testing.assert_allclose(found[..., : footage.DIRECTIONS].sum(-1), np.hypot(3, 1), rtol=1e-3)
    np.testing.assert_allclose(found[..., footage.SPEED], np.hypot(3, 1), rtol=1e-3)


def test_the_eight_directions_are_told_apart():
    angles = np.deg2rad(22.5 + 45 * np.arange(8))

    chosen = [
        int(footage.histograms(uniform_field(np.cos(a), np.sin(a)))[0, 0, 0, : footage.DIRECTIONS].argmax())
        for a in angles
    ]

    assert sorted(chosen) == list(range(8))


def test_motion_is_found_in_its_own_block():
    field = uniform_field(0.0, 0.0)
    field[0, 0, 20:24, 40:44] = field[0, 2, 20:24, 40:44] = 2.0  # one block of 4 x 4 cells

    found = footage.histograms(field)[0]

    assert np.argwhere(found.any(-1)).tolist() == [[5, 10]]
    assert found[5, 10, footage.SPEED] == 2.0


def test_regions_hold_their_four_blocks():
    values = np.random.default_rng(0).random((2, 16, 16, 9), np.float32)

    packed = footage.regions(values)

    assert (packed[1, 3, 5, 9:18] == values[1, 6, 11]).all()
    assert (footage.blocks(packed) == values).all()


def test_clips_are_means_over_their_sixteen_frames(tmp_path):
    video = walk(tmp_path, n_frames=300)  # more than one chunk of motion
    fields = np.concatenate([piece for _, piece in flow.fields(video, footage.FootageEncoder().flow)])
    frames = footage.histograms(fields)

    found = read(video, stride=7)

    starts = clips.starts(300, stride=7)
    expected = footage.regions(np.stack([frames[s : s + 16].mean(0) for s in starts]))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)  # kept as float16


def test_a_short_video_repeats_its_last_frame(tmp_path):
    video = walk(tmp_path, n_frames=5)
    fields = np.concatenate([piece for _, piece in flow.fields(video, footage.FootageEncoder().flow)])
    frames = footage.histograms(fields)

    found = read(video, stride=16)

    expected = footage.regions((frames.sum(0) + 11 * frames[-1])[None] / 16)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("n_frames", [1, 2, 40])
def test_nothing_moves_in_a_constant_video(tmp_path, n_frames):
    assert not read(still(tmp_path, n_frames=n_frames), stride=8).any()


def test_motion_that_another_detector_kept_is_not_computed_again(tmp_path, monkeypatch):
    video, cache = walk(tmp_path, n_frames=40), FieldCache(tmp_path / "cache")
    for _ in flow.fields(video, flow.FlowSettings(grid=64), cache=cache):  # as the autoencoder reads it
        pass
    expected = read(video, stride=8)
    monkeypatch.setattr(flow._Reader, "compute", None)

    assert (read(video, stride=8, cache=cache) == expected).all()


def test_a_watcher_sees_every_frame_once(tmp_path):
    video = walk(tmp_path, n_frames=300)
    seen = []
    encoder = footage.FootageEncoder(watch=seen.append)
    meter = Meter(ignore, "features", 300)

    for _ in clips.encoded(encoder, video, stride=16, cache=None, meter=meter):
        pass

    fields = np.concatenate([piece for _, piece in flow.fields(video, encoder.flow)])
    assert (np.concatenate(seen) == footage.histograms(fields)).all()
