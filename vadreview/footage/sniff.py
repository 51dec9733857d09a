"""What a file is, by its first bytes: to refuse at once what can never be footage.

Only what is surely something else is refused here. Whatever may hold pictures goes on to ingest, which decodes it.
"""

from __future__ import annotations

ENOUGH = 4096  # bytes from which on the answer does not change any more

# first bytes -> what has them. Of files that people drop by mistake beside their footage.
_SURELY_NOT: list[tuple[bytes, str]] = [
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or an office document). Unpack it and upload the videos in it"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive. Unpack it and upload the videos in it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive. Unpack it and upload the videos in it"),
    (b"\x1f\x8b", "a gzip archive. Unpack it and upload the videos in it"),
    (b"\xfd7zXZ\x00", "an xz archive. Unpack it and upload the videos in it"),
    (b"\x89PNG\r\n\x1a\n", "a single picture (PNG)"),
    (b"\xff\xd8\xff", "a single picture (JPEG)"),
    (b"BM", "a single picture (BMP)"),
    (b"II*\x00", "a single picture (TIFF)"),
    (b"MM\x00*", "a single picture (TIFF)"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"SQLite format 3\x00", "a database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"ID3", "a sound file (MP3)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"{\\rtf", "a text document"),
]
_RIFF = {b"WAVE": "a sound file (WAV)", b"WEBP": "a single picture (WebP)"}
_TEXT = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0C, 0x0D}
_TEXT_FOOTAGE = (b"YUV4MPEG2 ",)  # begins with readable words, and is footage


def surely_not_footage(head: bytes) -> str | None:
    """Say what a file is that can hold no moving picture, from its first bytes; None where it may.

    A motion-JPEG stream begins like a picture: with a second picture within `head` it passes.
    """
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    for start, kind in _SURELY_NOT:
        if head.startswith(start):
            if start == b"\xff\xd8\xff" and head.find(b"\xff\xd9\xff\xd8\xff") > 0:
                return None
            if start == b"BM" and head[6:10] != b"\x00\x00\x00\x00":
                continue  # two letters are too few to judge by: a bitmap has four zero bytes here
            return kind
    if head.startswith(_TEXT_FOOTAGE) or not head:
        return None
    return "a text file" if len(head) >= 16 and _is_text(head) else None


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) - error.start > 3:  # more than a letter that was cut in two
            return False
        text = head[: error.start].decode("utf-8")
    return all(ord(letter) >= 0x80 or ord(letter) in _TEXT for letter in text)
