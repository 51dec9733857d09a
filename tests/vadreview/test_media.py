"""Ingest: what it makes, frame by frame, and what it refuses."""

import errno
import itertools
import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from detectors.video import Index, Video, encode
from detectors.video.proxy import make_proxy
from tests.detectors.video import clips
from vadreview.footage import media

SHARED = Path(os.environ.get("VADREVIEW_SHARED", Path(__file__).parents[3] / "shared"))
ODD = sorted((SHARED / "data" / "odd").glob("*"))


@pytest.fixture(scope="module")
def makers(tmp_path_factory):
    return clips.kinds(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module", params=list(clips.kinds(None)))
def ingested(request, makers, tmp_path_factory):
    """(source, folder that ingest made, what it said) of one kind of clip."""
    source = makers[request.param]()
    out = tmp_path_factory.mktemp("ingested") / "derived"
    return source, out, media.ingest(source, out)


def shown_at(proxy: Path, seconds: list[float]) -> list[int]:
    """The numbers that a player shows after seeking to some times, each in a file opened anew."""
    with av.open(str(proxy)) as container:
        starts, numbers = [], []
        for frame in container.decode(video=0):
            starts.append(frame.time)
            numbers.append(clips.read_number(frame.to_ndarray(format="gray")))
    # A player shows the last frame that starts at or before the time it is at.
    return [numbers[int(np.searchsorted(starts, t, side="right")) - 1] for t in seconds]


def test_seeking_the_proxy_by_time_shows_exactly_the_source_frame(ingested):
    _, out, found = ingested
    assert found.n_frames == 60
    times = [float((n + Fraction(1, 2)) / found.proxy_fps) for n in range(60)]
    assert shown_at(out / "proxy.mp4", times) == list(range(60))


def test_stills_are_the_source_frames(ingested):
    _, out, _ = ingested
    for n in (0, 1, 11, 12, 30, 47, 59):
        picture = cv2.imdecode(np.frombuffer(media.still(out / "proxy.mp4", n), np.uint8), cv2.IMREAD_COLOR)
        assert clips.read_number(picture) == n


def test_the_proxy_has_a_constant_rate_and_a_key_frame_every_twelve(ingested):
    _, out, found = ingested
    with av.open(str(out / "proxy.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == found.proxy_fps
        assert container.duration == pytest.approx(60 / float(found.proxy_fps) * 1e6, abs=1100)
    assert [packet.is_keyframe for packet in packets] == [n % 12 == 0 for n in range(60)]
    assert all(packet.pts == packet.dts for packet in packets)
    assert len({b.pts - a.pts for a, b in itertools.pairwise(packets)}) == 1


def test_the_proxy_can_start_playing_before_it_is_loaded(ingested):
    head = (ingested[1] / "proxy.mp4").read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_scrub_sheets_hold_the_frames_they_promise(ingested):
    _, out, found = ingested
    sheets = found.sheets
    assert sheets.count == -(-60 // sheets.stride)
    for tile in range(sheets.count):
        sheet, place = divmod(tile, sheets.columns * sheets.rows)
        picture = cv2.imread(str(out / "sheets" / f"{sheet:04d}.jpg"))
        y, x = place // sheets.columns * sheets.tile_height, place % sheets.columns * sheets.tile_width
        shown = picture[y : y + sheets.tile_height, x : x + sheets.tile_width]
        assert clips.read_number(shown) == tile * sheets.stride


def test_ingest_and_detectors_agree_on_the_video(ingested):
    source, out, found = ingested
    video = Video(source)
    assert (found.n_frames, found.width, found.height) == (video.n_frames, video.width, video.height)
    assert (found.fps, found.rotation, found.sha256) == (video.fps, video.rotation, video.sha256)
    assert np.array_equal(np.load(out / "times.npy", allow_pickle=False), video.times_s)
    again = Video(source, index=Index.load(out / "index.npz"))
    assert clips.read_number(again.frame(41)) == 41


def test_variable_frame_rate_is_said_and_the_proxy_plays_at_the_mean_rate(makers, tmp_path):
    found = media.ingest(makers["variable"](), tmp_path / "out")
    assert found.vfr
    assert found.proxy_fps == found.fps
    assert found.duration_s == pytest.approx(
        clips.variable_ticks(60)[-1] / 1000 + 1 / float(found.fps), abs=0.01
    )


def test_a_proxy_whose_rate_the_header_got_wrong_is_retimed(tmp_path):
    """Matroska written on the fly claims a rate it measured on the first frames only."""
    ticks = [*range(0, 400, 40), *range(1000, 41_000, 800)]
    source = clips.write(tmp_path / "x.mkv", n_frames=60, ticks=ticks, time_base=Fraction(1, 1000))
    found = media.ingest(source, tmp_path / "out")
    assert float(found.proxy_fps) == pytest.approx(59 / (ticks[-1] / 1000), rel=0.01)
    times = [float((n + Fraction(1, 2)) / found.proxy_fps) for n in range(60)]
    assert shown_at(tmp_path / "out" / "proxy.mp4", times) == list(range(60))


def test_a_large_picture_is_shrunk_to_a_short_side_of_720(tmp_path):
    source = tmp_path / "large.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1922, 1082, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((1082, 1922, 3), np.uint8), "rgb24")))
        container.mux(stream.encode(None))
    found = media.ingest(source, tmp_path / "out")
    assert (found.width, found.height) == (1922, 1082)
    assert (found.proxy_width, found.proxy_height) == (1278, 720)


def test_colours_of_the_proxy_are_those_of_the_source(tmp_path):
    colours = [(200, 30, 40), (20, 180, 60), (30, 60, 220), (128, 128, 128)]
    encode(tmp_path / "x.mp4", [np.full((96, 96, 3), colour, np.uint8) for colour in colours], crf=5)
    media.ingest(tmp_path / "x.mp4", tmp_path / "out")
    shown = [picture.mean(axis=(0, 1)) for picture in Video(tmp_path / "out" / "proxy.mp4").frames()]
    np.testing.assert_allclose(shown, colours, atol=6)


def test_the_end_of_a_cut_off_file_is_missed_with_a_warning(tmp_path):
    front = {"movflags": "+faststart"}
    source = clips.write(tmp_path / "x.mp4", n_frames=250, options={"bf": "0"}, container_options=front)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    found = media.ingest(source, tmp_path / "out")
    assert 50 < found.n_frames < 200
    assert any("could not be decoded" in warning for warning in found.warnings)


def test_damage_in_the_middle_is_skipped_the_same_way_by_everybody(tmp_path):
    source = clips.write(tmp_path / "x.mkv", n_frames=250, options={"g": "25"})
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = np.random.default_rng(0).bytes(600)
    source.write_bytes(data)
    found = media.ingest(source, tmp_path / "out")
    assert 100 < found.n_frames <= 250
    assert found.n_frames == decoded_frames(source) == Video(source).n_frames
    assert any("no pictures for 4" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "empty"),
        (b"hello\n" * 100, "text"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "playlist"),
        (b"<html><body>Not found</body></html>", "web page"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40, "damaged"),
        (b"\x1aE\xdf\xa3" + bytes(range(256)) * 40, "damaged|no video"),
        (b"RIFF\xff\xff\xff\xffAVI LIST" + b"\xff" * 9000, "damaged|no video"),
    ],
)
def test_what_is_not_footage_is_rejected_with_a_sentence(content, named, tmp_path):
    source = tmp_path / "footage.mp4"
    source.write_bytes(content)
    with pytest.raises(media.Rejected, match=named) as rejection:
        media.ingest(source, tmp_path / "out")
    assert str(rejection.value).endswith(".")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["footage.mp4"]


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (media.Limits(max_pixels=1000), "160 x 96 pixels"),
        (media.Limits(max_frames=30), "more than 30 frames"),
        (media.Limits(max_duration_s=1), "longer than"),
        (media.Limits(max_output_bytes=2000), "larger than a file may be"),
    ],
)
def test_a_file_past_a_limit_is_rejected_and_leaves_nothing(limits, named, makers, tmp_path):
    with pytest.raises(media.Rejected, match=named):
        media.ingest(makers["constant"](), tmp_path / "out", limits=limits)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_plainly(makers, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(media, "read_in_child", full)
    with pytest.raises(media.DiskFull, match="disk is full"):
        media.ingest(makers["constant"](), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_disk_that_fills_up_midway_is_an_error_of_the_disk(makers, tmp_path):
    (tmp_path / "proxy.mp4").symlink_to("/dev/full")
    with pytest.raises(OSError, match="space") as error:
        make_proxy(makers["constant"](), tmp_path, limits=media.Limits(), progress=lambda *position: None)
    assert error.value.errno == errno.ENOSPC


def test_an_older_result_is_replaced_as_a_whole(makers, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "leftover.txt").write_text("old")
    media.ingest(makers["constant"](), out)
    assert sorted(path.name for path in out.iterdir()) == [
        "index.npz",
        "poster.jpg",
        "proxy.mp4",
        "sheets",
        "times.npy",
    ]
    assert list(tmp_path.iterdir()) == [out]


def test_an_older_result_survives_a_failed_attempt(makers, tmp_path):
    out = tmp_path / "out"
    media.ingest(makers["constant"](), out)
    before = (out / "proxy.mp4").read_bytes()
    with pytest.raises(media.Rejected):
        media.ingest(makers["constant"](), out, limits=media.Limits(max_frames=3))
    assert (out / "proxy.mp4").read_bytes() == before


def test_a_still_outside_the_video_is_an_index_error(makers, tmp_path):
    media.ingest(makers["constant"](), tmp_path / "out")
    for n in (-1, 60):
        with pytest.raises(IndexError):
            media.still(tmp_path / "out" / "proxy.mp4", n)


def test_a_still_of_a_lost_proxy_is_a_sentence(tmp_path):
    with pytest.raises(media.MediaError, match="ingest it again"):
        media.still(tmp_path / "gone.mp4", 0)


@pytest.mark.footage
@pytest.mark.skipif(not ODD, reason="the shared footage is not here")
@pytest.mark.parametrize("source", ODD, ids=lambda path: path.name)
def test_each_odd_file_is_ingested_whole_or_rejected_with_a_sentence(source, tmp_path):
    expected = decoded_frames(source)
    if expected == 0:
        with pytest.raises(media.Rejected, match="incomplete or damaged"):
            media.ingest(source, tmp_path / "out")
        return
    found = media.ingest(source, tmp_path / "out")
    assert found.n_frames == expected == decoded_frames(tmp_path / "out" / "proxy.mp4")


def decoded_frames(path: Path) -> int:
    """How many pictures a plain single-threaded PyAV loop gets out of a file."""
    n = 0
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        for packet in container.demux(video=0):
            try:
                n += len(packet.decode())
            except av.FFmpegError:
                continue
    return n
