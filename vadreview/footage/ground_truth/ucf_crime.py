"""UCF-Crime: `Temporal_Anomaly_Annotation_for_Testing_Videos.txt`, a line a video, frames from 1 with both ends in.

    Arson011_x264.mp4  Arson  150  420  680  1267

Name, class, and two spans, -1 where there is none. Some copies have the number of frames as a seventh column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import FROM_ONE, USUAL, BadFile, Truth, closed_from_one

TITLE = "UCF-Crime (temporal annotations)"
_LINE = re.compile(r"(\S+\.\w+)\s+(\S+)((?:\s+-?\d{1,9}){4,5})\s*")


def matches(source: Source) -> bool:
    if source.suffix != ".txt" or source.name.endswith("_tracks.txt"):
        return False
    try:
        first = next(iter(source.text().splitlines()), "")
    except BadFile:
        return False
    return _LINE.fullmatch(first) is not None


def read(source: Source) -> Iterator[Truth]:
    """Yield a video for each line. Raises BadFile naming the line."""
    for number, line in enumerate(source.text().splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadFile(f"line {number} is not “name class start end start end”: {line[:80]!r}")
        start, stop, second, end, *length = map(int, found[3].split())
        label = "" if found[2].lower() in USUAL else found[2]
        pairs = [pair for pair in ((start, stop), (second, end)) if pair != (-1, -1)]
        try:
            spans = tuple(closed_from_one(*pair, label) for pair in pairs)
        except BadFile as error:
            raise BadFile(f"line {number}: {error}") from None
        n_frames = length[0] if length and length[0] > 0 else None
        yield Truth(found[1], source.name, TITLE, FROM_ONE, spans, n_frames=n_frames)
