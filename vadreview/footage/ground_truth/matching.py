"""Fit what a file says to the videos of a project: which video is meant, and which of its frames."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vadreview.footage.ground_truth.truths import EVERY_VIDEO, Span, Truth
from vadreview.footage.models import Video

Status = Literal["ready", "no_video", "ambiguous", "twice", "length", "size", "unreadable"]

SLACK_S = 1.0
"""Seconds that a time may lie behind the end of a video: people write whole seconds."""

_ENDINGS = re.compile(r"(_gt|_label|_mask|_tracks)$")
_NUMBERED = re.compile(r"(?:[a-z]*[ _-]*)?0*(\d{1,6})")


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """An abnormal span [start, stop) in source frames; `written` is how the file has it."""

    start: int
    stop: int
    label: str
    written: str


@dataclass(frozen=True, slots=True)
class Match:
    """What one file says about one video, ready to be stored or with the reason why it cannot be."""

    truth: Truth
    status: Status
    reason: str = ""
    video: Video | None = None
    spans: tuple[KnownSpan, ...] = ()
    notes: tuple[str, ...] = ()


class Matcher:
    """Remembers which videos were spoken of, so that two files about one video are noticed.

    times: gives the time in seconds at which each frame of a video is shown, float64 (N,). chosen: the videos that a
    person picked for names that fit none, or several.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        labels: Iterable[str],
        *,
        times: Callable[[Video], NDArray[np.float64]],
        chosen: Mapping[str, uuid.UUID] | None = None,
    ) -> None:
        self._videos = list(videos)
        self._labels = {label.casefold(): label for label in labels}
        self._times = times
        self._chosen = dict(chosen or {})
        self._spoken_of: dict[object, str] = {}

    def fit(self, truth: Truth) -> list[Match]:
        """Fit a truth to its video; labels that run on over all videos give one match for each."""
        if truth.name == EVERY_VIDEO:
            return self._split(truth)
        picked = self._chosen.get(truth.name)
        found = [video for video in self._videos if video.pk == picked] or _called(self._videos, truth.name)
        if not found:
            return [Match(truth, "no_video", f"No video of this project is called “{truth.name}”.")]
        if len(found) > 1:
            names = ", ".join(f"“{video.name}”" for video in found[:4])
            return [
                Match(truth, "ambiguous", f"“{truth.name}” may be {names}. Rename them so that one fits.")
            ]
        return [self._of(truth, found[0])]

    def _of(self, truth: Truth, video: Video) -> Match:
        if (before := self._spoken_of.get(video.pk)) is not None:
            return Match(truth, "twice", f"{before} speaks of this video too; send one of them.", video)
        total = video.n_frames
        if truth.n_frames is not None and truth.n_frames != total:
            apart = abs(truth.n_frames - total)
            off = " That is off by one: one of them drops a frame or counts one twice." if apart == 1 else ""
            reason = f"The file covers {truth.n_frames:,} frames, the video has {total:,}.{off}"
            return Match(truth, "length", reason, video)
        if truth.mask is not None and truth.mask.shape[1:] != (video.height, video.width):
            height, width = truth.mask.shape[1:]
            reason = f"The masks are {width} x {height} pixels, the video is {video.width} x {video.height}."
            return Match(truth, "size", reason, video)
        notes = list(truth.notes)
        spans = [self._in_frames(span, truth, video) for span in truth.spans]
        late = max((span.stop for span in spans), default=0)
        if late > total:
            last = max(truth.spans, key=lambda span: span.stop).written
            if truth.unit == "seconds":
                if max(span.stop for span in truth.spans) > self._end_s(video) + SLACK_S:
                    reason = (
                        f"A span ends at {max(span.stop for span in truth.spans):g} s, the video after "
                        f"{self._end_s(video):.2f} s."
                    )
                    return Match(truth, "length", reason, video)
                notes.append("A span ends a little after the video and was cut at its end.")
            else:
                off = (
                    " That is off by one: does the file count from 0 or from 1?" if late == total + 1 else ""
                )
                reason = f"The span {last} needs {late:,} frames, the video has {total:,}.{off}"
                return Match(truth, "length", reason, video)
        kept = [
            KnownSpan(span.start, min(span.stop, total), span.label, span.written)
            for span in spans
            if span.start < min(span.stop, total)
        ]
        if len(kept) < len(spans):
            notes.append(f"{len(spans) - len(kept)} spans are shorter than a frame and were left out.")
        merged = _merged(kept)
        if len(merged) < len(kept):
            notes.append("Spans of one label that overlap or touch were joined.")
        if any(a.stop > b.start for a, b in pairwise(merged)):
            notes.append("Spans of different labels overlap; their shared frames count once.")
        strange = sorted({s.label for s in merged if s.label and s.label.casefold() not in self._labels})
        if strange:
            notes.append(f"Not among the project's labels, kept as written: {', '.join(strange[:9])}.")
        self._spoken_of[video.pk] = truth.file
        return Match(truth, "ready", "", video, tuple(merged), tuple(notes))

    def _in_frames(self, span: Span, truth: Truth, video: Video) -> KnownSpan:
        label = self._labels.get(span.label.casefold(), span.label)[:100]
        if truth.unit == "frames":
            return KnownSpan(int(span.start), int(span.stop), label, span.written)
        times = self._times(video)
        # a frame belongs to a span when it appears inside of it; behind the last frame one more means "too late"
        start, stop = np.searchsorted(times, [span.start - 1e-6, span.stop - 1e-6])
        beyond = int(span.stop > self._end_s(video) + 1e-6)
        return KnownSpan(int(start), int(stop) + beyond, label, span.written)

    def _end_s(self, video: Video) -> float:
        return max(float(self._times(video)[-1] + 1 / video.fps), video.duration_s)

    def _split(self, truth: Truth) -> list[Match]:
        videos = sorted(self._videos, key=lambda video: video.name)
        total = sum(video.n_frames for video in videos)
        if total != truth.n_frames:
            reason = (
                f"The file runs on over {truth.n_frames:,} frames, the project's {len(videos)} videos have {total:,} "
                "together. It must hold exactly the videos that the labels are for."
            )
            return [Match(truth, "length", reason)]
        found, begin = [], 0
        for video in videos:
            end = begin + video.n_frames
            spans = tuple(
                Span(max(s.start, begin) - begin, min(s.stop, end) - begin, s.label, s.written)
                for s in truth.spans
                if s.start < end and s.stop > begin
            )
            part = Truth(
                video.name, truth.file, truth.format, truth.counting, spans, n_frames=video.n_frames, notes=truth.notes
            )  # fmt: skip
            found.append(self._of(part, video))
            begin = end
        return found


def _called(videos: Sequence[Video], name: str) -> list[Video]:
    """Find the videos that a name may mean: the same name, else without ending, else the same number."""
    for key in (_whole, _bare, _number):
        if wanted := key(name):
            found = [video for video in videos if key(video.name) == wanted]
            if found:
                return found
    return []


def _whole(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].strip().casefold()


def _bare(name: str) -> str:
    stem = re.sub(r"\.(?=[a-z0-9]{2,4}$)[a-z0-9]*[a-z][a-z0-9]*$", "", _whole(name))
    return _ENDINGS.sub("", stem)


def _number(name: str) -> str:
    found = _NUMBERED.fullmatch(_bare(name))
    return found[1] if found else ""


def _merged(spans: Iterable[KnownSpan]) -> list[KnownSpan]:
    """Join spans of one label that overlap or touch; ordered by start."""
    found: list[KnownSpan] = []
    last: dict[str, int] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.stop)):
        place = last.get(span.label)
        if place is not None and found[place].stop >= span.start:
            known = found[place]
            written = ", ".join(filter(None, (known.written, span.written)))
            found[place] = KnownSpan(known.start, max(known.stop, span.stop), known.label, written)
        else:
            last[span.label] = len(found)
            found.append(span)
    return found
