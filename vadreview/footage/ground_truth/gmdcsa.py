"""GMDCSA24 (falls at home): `subject1_fall.csv`, a row a clip, seconds in the column Classes.

    01.mp4,06,Day,T-Shirt & Pants,Right side fall,Falling (SW)[1.4 to 6]; Standing[0.4 to 1.2]

Falling is abnormal, everything else daily life. Clips are named by file and row: subject1_fall_01.mp4.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from vadreview.footage.ground_truth.activitynet import seconds
from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import SECONDS, BadFile, Span, Truth

TITLE = "GMDCSA24 (CSV)"
_CLASS = re.compile(r"([^\[\];:]+)\[([\d.\s;,to]+)\]")
_RANGE = re.compile(r"([\d.]+)\s*to\s*([\d.]+)")


def matches(source: Source) -> bool:
    if source.suffix != ".csv":
        return False
    try:
        header = next(iter(source.text().splitlines()), "")
    except BadFile:
        return False
    names = [name.strip().lower() for name in header.split(",")]
    return "file name" in names and names[-1] == "classes"


def read(source: Source) -> Iterator[Truth]:
    """Yield a clip for each row. Raises BadFile naming the row."""
    rows = csv.reader(source.text().splitlines())
    next(rows)
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        # a description may hold commas, so the classes are what follows the last of them
        rest = _CLASS.sub("", row[-1]).strip(" ;:.")
        if rest or not row[-1].strip():
            raise BadFile(f"row {number}: {rest[:60]!r} is not “Class[start to stop]; Class[start to stop]”")
        spans = []
        for kind, ranges in _CLASS.findall(row[-1]):
            if "fall" in kind.lower():
                spans += [
                    _span(start, stop, kind.strip(), row=number) for start, stop in _RANGE.findall(ranges)
                ]
        name = f"{source.stem}_{row[0].strip()}"
        yield Truth(name, source.name, TITLE, SECONDS, tuple(spans), unit="seconds")


def _span(start: str, stop: str, label: str, *, row: int) -> Span:
    first, last = seconds(start, of=f"row {row}"), seconds(stop, of=f"row {row}")
    if first >= last:
        raise BadFile(f"row {row}: {label} from {start} to {stop} is no span")
    return Span(first, last, label, f"{start}-{stop} s")
