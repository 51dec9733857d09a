"""What a file is, from its first bytes; its name and extension are never believed."""

from dataclasses import dataclass
from pathlib import Path

from .errors import UnreadableVideo

ACCEPTED = "MP4, MOV, MKV, WebM, AVI or GIF"
_HEAD = 4096


@dataclass(frozen=True)
class Format:
    """A container we accept: its everyday name and the one demuxer that may open it."""

    name: str
    demuxer: str


MP4 = Format("mp4", "mov")
MOV = Format("mov", "mov")
MKV = Format("mkv", "matroska")
WEBM = Format("webm", "matroska")
AVI = Format("avi", "avi")
GIF = Format("gif", "gif")

# QuickTime files may start with any of these atoms where MP4 always starts with ftyp.
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# (offset, magic bytes, what it is): known things that are not footage, so that the refusal can name them.
_REFUSED = (
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"BM", "a bitmap picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"OggS", "an Ogg file"),
    (0, b"FLV", "a Flash video"),
    (0, b"\x30\x26\xb2\x75", "a Windows Media video"),
    (0, b"\x00\x00\x01\xba", "an MPEG program stream"),
    (0, b"\x00\x00\x01\xb3", "a raw MPEG video stream"),
    (0, b"DHAV", "a Dahua recorder file (.dav)"),
    (0, b"ID3", "an audio file"),
    (8, b"WAVE", "an audio file"),
    (0, b"fLaC", "an audio file"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
)


def sniff(path: str | Path) -> Format:
    """The container format of a file by its first 4,096 bytes.

    Raises UnreadableVideo, with a sentence naming what the file is instead, for anything but MP4/MOV,
    MKV/WebM, AVI and GIF. Playlists, SVG, HTML and other text are refused here, so no demuxer that follows
    links ever sees them.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UnreadableVideo(f"The file cannot be opened ({error.strerror}).", path=path) from error
    found = _video_format(head)
    if found is None:
        raise UnreadableVideo(f"{_describe(head)} Use {ACCEPTED} video.", path=path)
    return found


def _video_format(head: bytes) -> Format | None:
    if head[4:8] == b"ftyp":
        return MOV if head[8:12] == b"qt  " else MP4
    if head[4:8] in _QUICKTIME_ATOMS:
        return MOV
    if head[:4] == b"\x1aE\xdf\xa3":
        return WEBM if b"webm" in head[:64] else MKV
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return AVI
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    return None


def _describe(head: bytes) -> str:
    if not head:
        return "The file is empty; the copy or upload may not have finished."
    for offset, magic, what in _REFUSED:
        if head[offset : offset + len(magic)] == magic:
            return f"This is {what}, not a video file this program reads."
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "This is an MPEG transport stream (.ts); copy it into an MP4 or MKV file first."
    return _describe_text(head) or "The file's first bytes are not those of a video file."


def _describe_text(head: bytes) -> str | None:
    if not any(head):
        return "The file's beginning is blank (only zero bytes); the copy or upload may be damaged."
    if b"\x00" in head:
        return None
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n").lower()
    if text.count("\ufffd") > len(text) // 20:
        return None
    if text.startswith("#extm3u") or text.startswith("ffconcat") or "<mpd" in text:
        return "This is a playlist that points to other files, not a video; add the video files themselves."
    if "<svg" in text:
        return "This is an SVG drawing, not a video."
    if text.startswith(("<!doctype html", "<html")) or "<html" in text or "<body" in text:
        return "This is a web page, not a video; the download may have saved the page instead of the file."
    return "This is a text file, not a video."
