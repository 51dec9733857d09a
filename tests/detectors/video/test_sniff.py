"""A file is what its first bytes say; what is not footage is refused with a sentence."""

import av
import pytest

from detectors.video import UnreadableVideo, Video, sniff

from . import clips

REFUSED = {
    "empty": (b"", "is empty"),
    "text": (b"Meeting notes\n" * 50, "text file"),
    "hls playlist": (b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nhttp://example.org/a.ts\n", "playlist"),
    "concat list": (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "playlist"),
    "dash manifest": (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "playlist"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "SVG"),
    "html": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
    "zip": (b"PK\x03\x04" + bytes(60), "ZIP"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(60), "JPEG"),
    "sound": (b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(60), "audio"),
    "zeros": (bytes(5000), "blank"),
    "noise": (bytes(range(1, 256)) * 8 + b"\x00", "first bytes"),
    "transport stream": ((b"\x47" + bytes(187)) * 3, "transport stream"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_footage_is_named_and_refused(kind, tmp_path):
    content, named = REFUSED[kind]
    path = tmp_path / "footage.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match=named) as refusal:
        sniff(path)
    assert "Use MP4" in refusal.value.reason
    assert str(refusal.value).startswith("footage.mp4: ")


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4")]
)
def test_footage_is_recognised_under_any_name(name, codec, tmp_path):
    path = clips.write(tmp_path / name, n_frames=3, codec=codec).rename(tmp_path / "holiday.txt")
    assert sniff(path).name == name.removeprefix("a.")
    assert Video(path).n_frames == 3


def test_a_name_that_looks_like_a_url_stays_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clips.write(tmp_path / "x.mp4", n_frames=3).rename(tmp_path / "http:x.mp4")
    assert Video("http:x.mp4").n_frames == 3


def test_an_unknown_codec_is_refused(tmp_path):
    path = clips.write(tmp_path / "x.mp4", n_frames=3)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(UnreadableVideo, match="cannot decode"):
        assert Video(path).n_frames


def test_sound_alone_is_refused(tmp_path):
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
        frame.rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableVideo, match="no video track"):
        assert Video(path).n_frames


def test_frames_before_the_cut_of_a_truncated_file_are_read(tmp_path):
    path = clips.write(tmp_path / "x.mkv", n_frames=200, options={"bf": "0", "g": "10"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    numbers = [clips.read_number(picture) for picture in Video(path).frames()]
    assert 50 < len(numbers) < 150
    assert numbers == list(range(len(numbers)))


def test_an_mp4_without_its_end_is_refused(tmp_path):
    path = clips.write(tmp_path / "x.mp4", n_frames=20)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableVideo, match="incomplete or damaged"):
        assert Video(path).n_frames
