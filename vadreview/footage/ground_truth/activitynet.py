"""ActivityNet and THUMOS-like JSON: {"database": {video: {"annotations": [{"segment": [s, s], "label": ""}]}}}.

Seconds. A label such as “normal” is no abnormal span.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from vadreview.footage.ground_truth.sources import Source
from vadreview.footage.ground_truth.truths import SECONDS, USUAL, BadFile, Span, Truth

TITLE = "ActivityNet (JSON)"


def content_of(source: Source) -> Any:
    """Read JSON. Raises BadFile."""
    try:
        return json.loads(source.text())
    except (ValueError, RecursionError) as error:
        raise BadFile(f"it is not JSON: {error}") from None


def matches(source: Source) -> bool:
    if source.suffix != ".json":
        return False
    try:
        content = content_of(source)
    except BadFile:
        return False
    return isinstance(content, dict) and isinstance(content.get("database"), dict)


def read(source: Source) -> Iterator[Truth]:
    """Yield every video of the database. Raises BadFile naming the video."""
    for name, entry in content_of(source)["database"].items():
        annotations = entry.get("annotations") if isinstance(entry, dict) else None
        if not isinstance(annotations, list):
            raise BadFile(f"{str(name)[:80]} has no list of annotations")
        yield Truth(str(name), source.name, TITLE, SECONDS, tuple(_spans(name, annotations)), unit="seconds")


def _spans(name: str, annotations: list[Any]) -> Iterator[Span]:
    for annotation in annotations:
        segment = annotation.get("segment") if isinstance(annotation, dict) else None
        if not isinstance(segment, list) or len(segment) != 2:
            raise BadFile(f"an annotation of {name[:80]} has no segment [start, stop]")
        label = str(annotation.get("label", "")).strip()
        start, stop = (seconds(value, of=name) for value in segment)
        if label.lower() in USUAL and label:
            continue
        yield Span(start, stop, label, f"{start:g}-{stop:g} s")


def seconds(value: Any, *, of: str) -> float:
    """Read a time or a frame number, 0 or more. Raises BadFile."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise BadFile(f"{str(value)[:40]!r}, of {str(of)[:80]}, is no number") from None
    if not math.isfinite(found) or found < 0 or isinstance(value, bool):
        raise BadFile(f"{value!r}, of {str(of)[:80]}, must be a number of 0 or more")
    return found
