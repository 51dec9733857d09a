"""Frame n is frame n, whatever the file does to its time stamps."""

import numpy as np
import pytest

from detectors.video import Index, UnreadableVideo, Video

from . import clips

SLICES = [(0, 60, 7), (23, 58, 1), (39, 42, 2), (5, 60, 50), (59, 60, 1)]


@pytest.fixture(scope="module")
def makers(tmp_path_factory):
    return clips.kinds(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module", params=list(clips.kinds(None)))
def video(request, makers):
    return Video(makers[request.param]())


def test_every_frame_is_there_and_upright(video):
    assert (video.height, video.width) == (clips.HEIGHT, clips.WIDTH)
    assert [clips.read_number(picture) for picture in video.frames(gray=True)] == list(range(60))


def test_one_frame_by_number_is_the_frame_of_a_whole_pass(video):
    everything = list(video.frames())
    for n in (0, 1, 19, 20, 21, 38, 41, 59):
        assert np.array_equal(video.frame(n), everything[n])


@pytest.mark.parametrize(("start", "stop", "stride"), SLICES)
def test_a_slice_holds_the_right_frames(video, start, stop, stride):
    numbers = [clips.read_number(picture) for picture in video.frames(start, stop, stride=stride)]
    assert numbers == list(range(start, stop, stride))


def test_a_stored_index_spares_the_counting_pass(video, tmp_path, monkeypatch):
    video.index.save(tmp_path / "index.npz")
    monkeypatch.setattr("detectors.video.source.index_file", lambda path: pytest.fail("counted again"))
    again = Video(video.path, index=Index.load(tmp_path / "index.npz"))
    assert again.n_frames == 60
    assert again.fps == video.fps
    assert np.array_equal(again.times_s, video.times_s)
    assert clips.read_number(again.frame(33)) == 33


def test_times_follow_the_files_clock(makers):
    ticks = clips.variable_ticks(60)
    variable = Video(makers["variable"]())
    np.testing.assert_allclose(variable.times_s, np.array(ticks) / 1000, atol=0.001)
    assert variable.index.variable
    assert float(variable.fps) == pytest.approx(59 / (ticks[-1] / 1000), rel=0.01)


def test_times_start_at_zero_however_late_the_file_starts(makers):
    late = Video(makers["late start"]())
    np.testing.assert_allclose(late.times_s, np.arange(60) / 25, atol=0.001)
    assert not late.index.variable


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotation_is_the_clockwise_turn(makers, turn):
    assert Video(makers[f"rotated by {turn}"]()).rotation == turn


def test_a_file_that_changed_since_it_was_counted_is_noticed(makers):
    path = makers["constant"]()
    counted = Video(path)
    assert counted.n_frames == 60
    clips.write(path, n_frames=40)
    with pytest.raises(UnreadableVideo, match="Frame 50 no longer decodes"):
        counted.frame(50)
