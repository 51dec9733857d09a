"""Plain spans and labels.

CSV, a row a span: video, start_frame, stop_frame (from 0, the end not included) or start_s, stop_s, and label if any;
a row without numbers says that the whole video is normal. JSON: {video: [0, 1, ...]}, {video: {"labels": [0, 1, ...]}},
or {video: [[start_frame, stop_frame], ...]} with an optional third value, the label. The segments.csv of an export of
vadreview is such a CSV: of its rows only accepted ones count.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from vadreview.footage.ground_truth.activitynet import content_of, seconds
from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import (
    FROM_ZERO,
    SECONDS,
    BadFile,
    Span,
    Truth,
    Unit,
    of_labels,
)

TITLE = "Spans (CSV or JSON)"
_VIDEO = ("video", "video_name", "file", "file_name", "filename", "name")
_FRAMES, _SECONDS = ("start_frame", "stop_frame"), ("start_s", "stop_s")


def matches(source: Source) -> bool:
    return source.suffix in (".csv", ".json")


def read(source: Source) -> Iterator[Truth]:
    """Yield every video of the file. Raises BadFile naming the row or the video."""
    return _csv(source) if source.suffix == ".csv" else _json(source)


def _csv(source: Source) -> Iterator[Truth]:
    try:
        rows = list(csv.DictReader(source.text().splitlines(), skipinitialspace=True))
    except csv.Error as error:
        raise BadFile(f"it is no CSV: {error}") from None
    columns = [str(name).strip().lower() for name in (rows[0] if rows else {})]
    video = next((name for name in _VIDEO if name in columns), None)
    unit: Unit = "frames" if set(_FRAMES) <= set(columns) else "seconds"
    bounds = _FRAMES if unit == "frames" else _SECONDS
    if video is None or not set(bounds) <= set(columns):
        raise BadFile(
            "it needs a header with the columns video, start_frame and stop_frame (or start_s and stop_s), and label "
            f"if there are labels; it has {', '.join(columns)[:200] or 'no rows'}"
        )
    found: dict[str, list[Span]] = {}
    for number, raw in enumerate(rows, start=2):
        row = {str(name).strip().lower(): str(value or "").strip() for name, value in raw.items() if name}
        name = row[video]
        if not name:
            raise BadFile(f"row {number} names no video")
        spans = found.setdefault(name, [])
        if row.get("decision", "accept").lower() not in ("accept", "accepted"):
            continue
        first, last = (row[bound] for bound in bounds)
        if not first and not last:
            continue
        label = (row.get("label") or row.get("labels", "")).split(";")[0].strip()
        try:
            spans.append(_span(first, last, label, unit=unit, of=name))
        except BadFile as error:
            raise BadFile(f"row {number}: {error}") from None
    for name, spans in found.items():
        yield Truth(
            name, source.name, TITLE, FROM_ZERO if unit == "frames" else SECONDS, tuple(spans), unit=unit
        )


def _json(source: Source) -> Iterator[Truth]:
    content = content_of(source)
    if not isinstance(content, dict) or not content:
        raise BadFile("it should be an object: the name of a video -> its labels or spans")
    for name, value in content.items():
        entry = value.get("labels", value.get("spans")) if isinstance(value, dict) else value
        if not isinstance(entry, list):
            raise BadFile(f"{name[:80]} has neither a list of labels nor of spans")
        if all(isinstance(item, list) for item in entry):
            yield Truth(name, source.name, TITLE, FROM_ZERO, tuple(_of_list(item, name) for item in entry))
        else:
            try:
                yield of_labels(entry, name=name, file=source.name, format=TITLE)
            except (BadFile, ValueError) as error:
                raise BadFile(f"{name[:80]}: {error}") from None


def _of_list(item: list[Any], name: str) -> Span:
    if len(item) not in (2, 3):
        raise BadFile(
            f"a span of {name[:80]} is not [start_frame, stop_frame] or [start_frame, stop_frame, label]"
        )
    return _span(item[0], item[1], str(item[2]) if len(item) == 3 else "", unit="frames", of=name)


def _span(start: Any, stop: Any, label: str, *, unit: Unit, of: str) -> Span:
    first, last = seconds(start, of=of), seconds(stop, of=of)
    if unit == "frames" and (first != int(first) or last != int(last)):
        raise BadFile(f"{start} to {stop}, of {of[:80]}, are no whole frames")
    if first >= last:
        raise BadFile(f"{start} to {stop}, of {of[:80]}, is no span: it ends before it begins")
    return Span(first, last, label, f"{start}-{stop}" + (" s" if unit == "seconds" else ""))
