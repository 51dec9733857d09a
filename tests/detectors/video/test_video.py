"""Frames by number: from files, and from folders of numbered pictures."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from detectors.video import UnreadableVideo, Video, encode, find_videos

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)]


def flat(colour, *, height=48, width=64):
    return np.full((height, width, 3), colour, dtype=np.uint8)


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    encode(path, [flat(colour) for colour in COLOURS], fps=Fraction(10), crf=10)
    return path


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for n, colour in enumerate(COLOURS, start=8):
        cv2.imwrite(str(folder / f"frame{n}.png"), flat(colour)[..., ::-1])
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.mark.parametrize("kind", ["clip", "folder"])
def test_colours_survive_within_a_few_levels(kind, request):
    video = Video(request.getfixturevalue(kind))
    means = [picture.mean(axis=(0, 1)) for picture in video.frames()]
    np.testing.assert_allclose(means, COLOURS, atol=4)


@pytest.mark.parametrize("kind", ["clip", "folder"])
def test_properties_describe_what_is_decoded(kind, request):
    video = Video(request.getfixturevalue(kind))
    assert (video.n_frames, video.height, video.width, video.rotation) == (6, 48, 64, 0)
    assert video.fps == {"clip": 10, "folder": 25}[kind]
    assert video.duration_s == pytest.approx(6 / video.fps)
    assert video.times_s[0] == 0
    assert len(video.sha256) == 64


def test_a_folder_is_read_in_natural_order(folder):
    greens = [picture[0, 0, 1] for picture in Video(folder, fps=Fraction(10)).frames()]
    assert greens == [colour[1] for colour in COLOURS]


@pytest.mark.parametrize("kind", ["clip", "folder"])
def test_size_and_gray_shape_the_arrays(kind, request):
    video = Video(request.getfixturevalue(kind))
    assert next(video.frames(size=(24, 32))).shape == (24, 32, 3)
    assert next(video.frames(size=16, gray=True)).shape == (16, 16)
    assert next(video.frames(gray=True)).dtype == np.uint8


@pytest.mark.parametrize("kind", ["clip", "folder"])
def test_start_stop_and_stride_pick_like_a_slice(kind, request):
    video = Video(request.getfixturevalue(kind))
    everything = list(video.frames())
    for start, stop, stride in [(0, None, 1), (1, 4, 1), (1, 6, 2), (5, 99, 1), (3, 3, 1), (0, None, 4)]:
        picked = list(video.frames(start, stop, stride=stride))
        assert np.array_equal(picked, everything[start:stop:stride])


def test_windows_hold_consecutive_frames(clip):
    video = Video(clip)
    everything = np.stack(list(video.frames()))
    windows = dict(video.windows(3, step=2))
    assert sorted(windows) == [0, 2]
    assert all(np.array_equal(window, everything[start : start + 3]) for start, window in windows.items())


def test_a_frame_outside_the_video_is_an_index_error(clip):
    with pytest.raises(IndexError, match="frames 0 to 5"):
        Video(clip).frame(6)


def test_odd_sizes_lose_their_last_row_or_column(tmp_path):
    encode(tmp_path / "odd.mp4", [flat((9, 9, 9), height=33, width=47)])
    video = Video(tmp_path / "odd.mp4")
    assert (video.height, video.width) == (32, 46)


def test_a_failed_write_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="the first was"):
        encode(tmp_path / "x.mp4", [flat((0, 0, 0)), flat((0, 0, 0), width=32)])
    assert not (tmp_path / "x.mp4").exists()


def test_find_videos_takes_files_folders_of_files_and_folders_of_pictures(clip, folder):
    assert [video.name for video in find_videos(clip)] == ["clip"]
    assert [video.name for video in find_videos(folder)] == ["frames"]
    assert [video.name for video in find_videos(clip.parent)] == ["clip", "frames"]


def test_videos_with_one_stem_keep_their_full_names(clip):
    clip.with_suffix(".mov").write_bytes(clip.read_bytes())
    assert [video.name for video in find_videos(clip.parent)] == ["clip.mov", "clip.mp4"]


def test_a_folder_without_footage_is_refused(tmp_path):
    with pytest.raises(UnreadableVideo, match="neither video files nor numbered pictures"):
        find_videos(tmp_path)


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(UnreadableVideo, match="no such file"):
        find_videos(tmp_path / "gone.mp4")
