"""UBnormal: `abnormal_scene_1_scenario_3_tracks.txt`, a line an abnormal object: number, first and last frame, from 0.

Under the same name STG-NF's release has numpy arrays with 1 = NORMAL; they are known by their first bytes and turned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vadreview.footage.ground_truth import arrays
from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import FROM_ZERO_CLOSED, BadFile, Span, Truth, of_labels

TITLE = "UBnormal (tracks)"
_END = "_tracks.txt"


def matches(source: Source) -> bool:
    return source.name.lower().endswith(_END)


def read(source: Source) -> Iterator[Truth]:
    """Yield the one video of the file. Raises BadFile naming the line."""
    name = source.stem[: -len("_tracks")]
    content = source.read()
    if content.startswith(arrays.MAGIC):
        labels = arrays.read_npy(content)
        note = "The file has 1 for normal frames, as STG-NF's release; it was turned around."
        yield of_labels(1 - labels, name=name, file=source.name, format=TITLE, notes=(note,))
        return
    spans = []
    for number, line in enumerate(source.text().splitlines(), start=1):
        if not line.strip():
            continue
        numbers = re.split(r"[,;\s]+", line.strip().rstrip(",;"))
        try:
            _, first, last = (int(float(one)) for one in numbers)
        except (ValueError, OverflowError):
            raise BadFile(f"line {number} is not “object, first frame, last frame”: {line[:80]!r}") from None
        if not 0 <= first <= last:
            raise BadFile(f"line {number}: frames {first} to {last} are no span")
        spans.append(Span(first, last + 1, "", f"{first}-{last}"))
    yield Truth(name, source.name, TITLE, FROM_ZERO_CLOSED, tuple(spans))
