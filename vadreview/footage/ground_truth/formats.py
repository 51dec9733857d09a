"""Which reader reads which file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import IO

from vadreview.footage.ground_truth import (
    activitynet,
    avenue,
    gmdcsa,
    masks,
    shanghaitech,
    sources,
    spans,
    ubnormal,
    ucf_crime,
    ucsd,
)
from vadreview.footage.ground_truth.truths import BadFile, Truth

# the first that says yes reads the file, so those that look inside come before those that go by the suffix
READERS: tuple[ModuleType, ...] = (
    ucsd, ubnormal, ucf_crime, avenue, shanghaitech, masks, activitynet, gmdcsa, spans,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that says nothing about any video, and why."""

    file: str
    reason: str


def read(files: Iterable[tuple[str, IO[bytes], int]]) -> Iterator[Truth | Unread]:
    """Yield what files (name, content, size) say, one video at a time; a bad file yields its reason and nothing else."""
    images: dict[str, list[sources.Source]] = {}
    for source, wrong in sources.expand(files):
        if wrong:
            yield Unread(source.name, wrong)
        elif source.suffix in masks.IMAGES:
            images.setdefault(source.folder, []).append(source)
        else:
            yield from _read(source)
    for folder, found in images.items():
        try:
            if not folder:
                raise BadFile("images must lie in a folder that is named after their video")
            yield masks.read_folder(folder, found)
        except BadFile as error:
            yield Unread(f"{folder or found[0].name}/", str(error))


def _read(source: sources.Source) -> Iterator[Truth | Unread]:
    reader = next((reader for reader in READERS if reader.matches(source)), None)
    if reader is None:
        titles = ", ".join(reader.TITLE for reader in READERS)
        yield Unread(source.name, f"no format is known by that name or content; known are: {titles}, zip")
        return
    try:
        # all of it first: half a file is not imported because its second half is broken
        yield from list(reader.read(source))
    except BadFile as error:
        yield Unread(source.name, str(error))
