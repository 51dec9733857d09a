"""Series of any length in the database, and any view of them from a bounded number of blocks.

Level 0 of a track is its values, in blocks of 4,096 float32. Level k holds (min, max) pairs over 16**k
values, 2,048 pairs a block, up to the first level that fits in one block. A view takes the coarsest level
that still has a few pairs for each of its buckets; buckets begin and end between pairs, so their minima and
maxima are exact: no peak is lost, and none is shown where it is not. A NaN is "no value here" and is passed
over.
"""

from __future__ import annotations

import math
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import Q
from numpy.typing import ArrayLike, NDArray

from vadreview.footage.models import Video
from vadreview.runs.models import Run, Track, TrackBlock

BLOCK = 4096  # float32 numbers in a block: 4,096 values, or 2,048 pairs
PAIRS = BLOCK // 2
FACTOR = 16  # how much coarser each level is than the one before
PAIRS_A_BUCKET = 4  # at least; more would read more, fewer would round the width of buckets up more
MOST_BUCKETS = 4000

TITLES = {
    "score": "Anomaly score",
    "all_detectors": "All detectors together",
    "motion_mean": "Motion in the whole picture",
    "motion_strongest_cell": "Motion in the strongest cell",
}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Series:
    """Values to be stored: value i belongs to frame offset + i * stride."""

    values: ArrayLike
    stride: int = 1
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A view: bucket i covers the frames [start + i * step, start + (i + 1) * step), the last ends at stop.

    `low` and `high` are equal where a bucket is one value. The first bucket may begin a little before what
    was asked for.
    """

    start: int
    stop: int
    step: int
    level: int
    low: Floats
    high: Floats


def title(name: str) -> str:
    return TITLES.get(name) or name.replace("_", " ").strip().capitalize()


# ---- writing ----


def replace(
    series: Mapping[str, Series],
    *,
    video: Video,
    run: Run | None,
    ids: Mapping[str, uuid.UUID] | None = None,
) -> list[Track]:
    """Store the tracks of (run, video) in place of those that are there, in one transaction.

    Of a video's own tracks (no run) only those of the same names go. `ids` gives tracks the ids they shall have.
    """
    made, blocks = [], []
    for name, one in series.items():
        values = _finite(one.values)
        track = _describe(values, name=name, stride=one.stride, offset=one.offset, video=video, run=run)
        if ids and name in ids:
            track.id = ids[name]
        made.append(track)
        for level, numbers in enumerate(_levels(values)):
            blocks.extend(
                TrackBlock(track=track, level=level, index=place, values=numbers[at : at + BLOCK].tobytes())
                for place, at in enumerate(range(0, numbers.size, BLOCK))
            )
    with transaction.atomic():
        there = Track.objects.filter(run=run, video=video)
        (there if run else there.filter(name__in=series)).delete()
        Track.objects.bulk_create(made)
        TrackBlock.objects.bulk_create(blocks, batch_size=256)
    return made


def _finite(values: ArrayLike) -> Floats:
    numbers = np.array(values, dtype="<f4").reshape(-1)
    largest = np.finfo("f4").max
    return np.nan_to_num(numbers, copy=False, nan=np.nan, posinf=largest, neginf=-largest)


def _describe(values: Floats, *, name: str, stride: int, offset: int, video: Video, run: Run | None) -> Track:
    known = values[~np.isnan(values)].astype(np.float64)
    known = known if known.size else np.zeros(1)
    return Track(
        run=run,
        video=video,
        name=name,
        stride=stride,
        offset=offset,
        length=values.size,
        low=known.min(),
        high=known.max(),
        mean=known.mean(),
        std=known.std(),
    )


def _levels(values: Floats) -> Iterable[Floats]:
    """The numbers of each level, finest first; pairs lie side by side: low, high, low, high, ..."""
    yield values
    low = high = values
    for _ in range(top_level(values.size)):
        low, high = _reduce(low, high, by=FACTOR)
        yield np.stack([low, high], axis=1).reshape(-1)  # (n, 2) -> (2n,)


def _reduce(low: Floats, high: Floats, *, by: int) -> tuple[Floats, Floats]:
    """Minimum of `low` and maximum of `high` over groups of `by`; the last group may be shorter."""
    missing = -low.size % by
    if missing:
        low, high = (np.pad(each, (0, missing), constant_values=np.nan) for each in (low, high))
    return np.fmin.reduce(low.reshape(-1, by), axis=1), np.fmax.reduce(high.reshape(-1, by), axis=1)


def top_level(length: int) -> int:
    """Return the coarsest level a track of this length has."""
    level = 0
    while length > BLOCK if level == 0 else length > PAIRS:
        level, length = level + 1, math.ceil(length / FACTOR)
    return level


# ---- reading ----


def read(track: Track) -> Floats:
    """Return all values of a track, (length,)."""
    return _numbers(track, level=0, first=0, last=track.length)


def window(track: Track, *, start: int, stop: int, width: int) -> Window:
    """View the frames [start, stop) in at most about `width` buckets; frames outside the track give none."""
    first, last = _places(track, start, stop)
    if last - first <= width:
        return raw(track, start=start, stop=stop, limit=width)
    per = math.ceil((last - first) / width)  # values a bucket
    level = min(top_level(track.length), max(0, int(math.log(per / PAIRS_A_BUCKET, FACTOR))))
    unit = FACTOR**level
    per = math.ceil(per / unit) * unit
    # on a fixed grid, so that a view that is dragged along does not flicker
    first, last = first // per * per, min(math.ceil(last / per) * per, track.length)
    begin, end = first // unit, math.ceil(last / unit)
    numbers = _numbers(track, level=level, first=begin, last=end)
    low, high = (numbers, numbers) if level == 0 else (numbers[0::2], numbers[1::2])
    low, high = _reduce(low, high, by=per // unit)
    return Window(
        start=track.offset + first * track.stride,
        stop=track.offset + last * track.stride,
        step=per * track.stride,
        level=level,
        low=low,
        high=high,
    )


def raw(track: Track, *, start: int, stop: int, limit: int = MOST_BUCKETS) -> Window:
    """View the values of the frames [start, stop) themselves, the first `limit` of them."""
    first, last = _places(track, start, stop)
    last = min(last, first + limit)
    values = _numbers(track, level=0, first=first, last=last)
    return Window(
        start=track.offset + first * track.stride,
        stop=track.offset + last * track.stride,
        step=track.stride,
        level=0,
        low=values,
        high=values,
    )


def _places(track: Track, start: int, stop: int) -> tuple[int, int]:
    """The values [first, last) that lie in the frames [start, stop)."""
    if start >= stop:
        return 0, 0
    first = min(max((start - track.offset) // track.stride, 0), track.length)
    last = min(max(-((track.offset - stop) // track.stride), first), track.length)
    return first, last


def _numbers(track: Track, *, level: int, first: int, last: int) -> Floats:
    """The numbers of items [first, last) of one level: values of level 0, else pairs."""
    each = 1 if level == 0 else 2
    first, last = first * each, last * each
    if first >= last:
        return np.empty(0, np.float32)
    begin = first // BLOCK
    blocks = (
        TrackBlock.objects.filter(track=track, level=level, index__gte=begin, index__lte=(last - 1) // BLOCK)
        .order_by("index")
        .values_list("values", flat=True)
    )
    numbers = np.frombuffer(b"".join(blocks), dtype="<f4")
    return numbers[first - begin * BLOCK : last - begin * BLOCK]


def at(tracks: Iterable[Track], frame: int) -> dict[Track, float]:
    """Return the value of each track at a frame, of those that have one there, in one query."""
    wanted: dict[int, list[Track]] = defaultdict(list)
    places = {}
    for track in tracks:
        place = (frame - track.offset) // track.stride
        if 0 <= place < track.length:
            places[track] = place
            wanted[place // BLOCK].append(track)
    if not places:
        return {}
    where = Q()
    for index, of in wanted.items():
        where |= Q(track__in=of, index=index)
    blocks = dict(TrackBlock.objects.filter(where, level=0).values_list("track_id", "values"))
    found = {}
    for track, place in places.items():
        value = np.frombuffer(blocks[track.pk], dtype="<f4", count=1, offset=4 * (place % BLOCK))[0]
        if not np.isnan(value):
            found[track] = float(value)
    return found
