"""UCSD Ped1 and Ped2: `UCSDped2.m`, a line a test clip, frames from 1 with both ends included.

    TestVideoFile{end+1}.gt_frame = [5:90, 140:200];

Clips are Test001, Test002, ... in the order of the lines. The file is read as text and never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import FROM_ONE, BadFile, Truth, closed_from_one

TITLE = "UCSD Ped (.m)"
_ENTRY = re.compile(r"TestVideoFile\s*\{\s*end\s*\+\s*1\s*\}\s*\.\s*gt_frame\s*=\s*\[([^\]]*)\]")
_RANGE = re.compile(r"(\d{1,9})\s*:\s*(\d{1,9})")


def matches(source: Source) -> bool:
    return source.suffix == ".m"


def read(source: Source) -> Iterator[Truth]:
    """Yield a clip for each entry. Raises BadFile."""
    text = re.sub(r"%.*", "", source.text())
    entries = _ENTRY.findall(text)
    if not entries or len(entries) != text.count("gt_frame"):
        raise BadFile("it should hold lines like TestVideoFile{end+1}.gt_frame = [61:180];")
    for number, entry in enumerate(entries, start=1):
        rest = _RANGE.sub("", entry).replace(",", "").strip()
        if rest:
            raise BadFile(f"entry {number} holds {rest[:40]!r}, which is no range like 61:180")
        spans = [closed_from_one(int(first), int(last)) for first, last in _RANGE.findall(entry)]
        yield Truth(f"Test{number:03d}", source.name, TITLE, FROM_ONE, tuple(spans))
