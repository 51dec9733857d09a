"""Files as people send them: loose, in folders, or in a zip. Nothing in them is trusted."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from vadreview.footage.ground_truth.truths import BadFile

MOST_FILES = 60_000  # of a zip: a mask image a frame, for half an hour of footage at 30 frames a second
MOST_BYTES = 256 * 1024**2  # of one file, unpacked
MOST_BYTES_IN_ALL = 4 * 1024**3  # of a zip, unpacked


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its name, which may have folders before it and is never used as a path on this machine."""

    name: str
    size: int
    _file: IO[bytes] | zipfile.ZipFile
    _member: zipfile.ZipInfo | None = None

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def folder(self) -> str:
        return PurePosixPath(self.name).parent.name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    def read(self) -> bytes:
        """Give all of the file. Raises BadFile if it is too large or damaged."""
        if self.size > MOST_BYTES:
            raise BadFile(f"it has {self.size:,} bytes; a file may have {MOST_BYTES:,}")
        if isinstance(self._file, zipfile.ZipFile):
            assert self._member is not None
            try:
                with self._file.open(self._member) as member:
                    content = member.read(MOST_BYTES + 1)  # what a zip says about sizes may be a lie
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                raise BadFile(f"it cannot be unpacked: {error}") from None
        else:
            self._file.seek(0)
            content = self._file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadFile(f"it has more than {MOST_BYTES:,} bytes, the most a file may have")
        return content

    def text(self) -> str:
        """Give the file as text. Raises BadFile if it is none."""
        try:
            found = self.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadFile("it is not text in UTF-8") from None
        if "\x00" in found:
            raise BadFile("it holds NUL characters, so it is not text")
        return found


def expand(files: Iterable[tuple[str, IO[bytes], int]]) -> Iterator[tuple[Source, str]]:
    """Yield every file (name, content, size), and in the place of a zip the files in it; hidden files are left out.

    The second value is "" or what is wrong with the file.
    """
    for name, file, size in files:
        plain = _plain(name)
        if not plain.lower().endswith(".zip"):
            yield Source(plain, size, file), ""
            continue
        whole = Source(plain, size, file)
        try:
            # left open: its members are read later, and it closes with the file below it
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError) as error:
            yield whole, f"it is no zip file that can be read: {error}"
            continue
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MOST_FILES:
            yield whole, f"it holds {len(members):,} files; a zip may hold {MOST_FILES:,}"
        elif sum(member.file_size for member in members) > MOST_BYTES_IN_ALL:
            yield whole, f"unpacked it would have more than {MOST_BYTES_IN_ALL:,} bytes; send it in parts"
        else:
            for member in members:
                shown = _plain(member.filename)
                if shown and not any(part.startswith((".", "__MACOSX")) for part in shown.split("/")):
                    yield Source(shown, member.file_size, archive, member), ""


def _plain(name: str) -> str:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join("".join(c for c in part if c.isprintable()) for part in parts)[-500:]
