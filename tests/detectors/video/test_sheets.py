"""Scrub sheets stay few however long the video is."""

import av
import cv2
import numpy as np
import pytest

from detectors.video import sheets
from detectors.video.proxy import proxy_size

from . import clips


def test_a_long_video_keeps_fewer_tiles_evenly_spread(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_TILES", 10)
    maker = sheets.SheetMaker(width=clips.WIDTH, height=clips.HEIGHT, fps=4)
    for n in range(1000):
        maker.offer(n, av.VideoFrame.from_ndarray(clips.numbered(n), "rgb24"))
    made = maker.write(tmp_path / "sheets")
    assert made.stride == 128
    assert made.count == 8
    sheet = cv2.imread(str(tmp_path / "sheets" / "0000.jpg"))
    numbers = [clips.read_number(tile) for tile in np.split(sheet[:, : 8 * made.tile_width], 8, axis=1)]
    assert numbers == [128 * t for t in range(8)]


def test_a_black_opening_is_not_the_poster(tmp_path):
    maker = sheets.SheetMaker(width=clips.WIDTH, height=clips.HEIGHT, fps=4)
    for n in (0, 0, 0, 682, 0):
        maker.offer(0, av.VideoFrame.from_ndarray(clips.numbered(n), "rgb24"))
    maker.write_poster(tmp_path / "poster.jpg")
    assert clips.read_number(cv2.imread(str(tmp_path / "poster.jpg"))) == 682


@pytest.mark.parametrize(
    ("size", "proxy"),
    [
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((640, 480), (640, 480)),
        ((321, 241), (320, 240)),
        ((7680, 1080), (2560, 360)),
        ((9, 5000), (16, 2560)),
    ],
)
def test_the_proxy_is_even_and_small_enough_for_any_player(size, proxy):
    assert proxy_size(*size) == proxy
