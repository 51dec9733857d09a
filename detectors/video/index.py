"""Which frames a file holds and when each is shown: the one numbering that everything else speaks."""

import json
from array import array
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from .decode import Orientation, Pictures, nothing_decodes, open_video, orientation

NO_PTS = np.iinfo(np.int64).min
DEFAULT_FPS = Fraction(25)
_RATES = (Fraction(1, 3600), Fraction(1000))


@dataclass(frozen=True, eq=False)
class Index:
    """The frames of one file, from one full decode.

    `pts` int64 [n] in units of `time_base`, in the order the decoder yields; `key` bool [n] marks frames
    where decoding can start. `serial` files are decoded on one thread (see `Pictures`). `width` and
    `height` are those shown, after rotation, in stored pixels (the sample aspect ratio is not applied).
    """

    pts: np.ndarray
    key: np.ndarray
    time_base: Fraction
    fps: Fraction
    width: int
    height: int
    turn: Orientation
    serial: bool

    def __len__(self) -> int:
        return len(self.pts)

    def save(self, path: str | Path) -> None:
        """Write the index as .npz without pickled objects."""
        facts = {
            "time_base": [self.time_base.numerator, self.time_base.denominator],
            "fps": [self.fps.numerator, self.fps.denominator],
            "width": self.width,
            "height": self.height,
            "turn": asdict(self.turn),
            "serial": self.serial,
        }
        np.savez_compressed(path, pts=self.pts, key=self.key, facts=np.array(json.dumps(facts)))

    @classmethod
    def load(cls, path: str | Path) -> "Index":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            facts = json.loads(str(stored["facts"]))
            return cls(
                pts=stored["pts"],
                key=stored["key"],
                time_base=Fraction(*facts["time_base"]),
                fps=Fraction(*facts["fps"]),
                width=facts["width"],
                height=facts["height"],
                turn=Orientation(**facts["turn"]),
                serial=facts["serial"],
            )

    @property
    def ordered(self) -> bool:
        """Whether each frame has its own, growing time stamp; only then can we seek."""
        return bool(self.pts[0] != NO_PTS and (np.diff(self.pts) > 0).all())

    @property
    def times_s(self) -> np.ndarray:
        """float64 [n]: seconds from the first frame; n / fps where the file's own times are unusable."""
        if self.ordered:
            return (self.pts - self.pts[0]) * float(self.time_base)
        return np.arange(len(self)) / float(self.fps)

    @property
    def variable(self) -> bool:
        """Whether any gap between frames differs from 1 / fps by more than the clock's rounding and 10 %."""
        if not self.ordered:
            return False
        gap = 1 / float(self.fps)
        slack = max(2 * float(self.time_base), 0.1 * gap)
        return bool((np.abs(np.diff(self.times_s) - gap) > slack).any())


def declared_fps(stream) -> Fraction | None:
    """The frame rate a file claims, or None where the claim is absurd."""
    rate = stream.average_rate
    return Fraction(rate) if rate and _RATES[0] <= rate <= _RATES[1] else None


def measured_fps(pts: np.ndarray, time_base: Fraction, declared: Fraction | None) -> Fraction:
    """The mean frame rate; the declared one where that is within 1 %, since it is the rounder number."""
    fallback = declared or DEFAULT_FPS
    if len(pts) < 2 or pts[0] == NO_PTS or not (np.diff(pts) > 0).all():
        return fallback
    mean = (len(pts) - 1) / (int(pts[-1] - pts[0]) * time_base)
    if abs(fallback / mean - 1) <= Fraction(1, 100):
        return fallback
    return min(max(mean.limit_denominator(1001), _RATES[0]), _RATES[1])


def index_file(path: str | Path) -> Index:
    """Count the frames of a file by decoding all of it; remembered while the file is unchanged.

    Raises UnreadableVideo when not one frame decodes.
    """
    status = Path(path).stat()
    return _remembered(str(Path(path).absolute()), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _remembered(path: str, size: int, mtime_ns: int) -> Index:
    return _count(path, serial=False) or _count(path, serial=True) or _fail(path)


def _count(path: str, *, serial: bool) -> Index | None:
    with open_video(path, serial=serial) as (container, stream, _):
        gather = Gatherer(declared_fps(stream), stream.time_base or 1 / DEFAULT_FPS)
        pictures = Pictures(container, stream)
        for frame in pictures:
            gather.add(frame)
        return None if pictures.lost or not len(gather) else gather.index(serial=serial)


def _fail(path: str) -> Index:
    raise nothing_decodes(path)


class Gatherer:
    """Builds an Index while somebody else decodes."""

    def __init__(self, declared: Fraction | None, time_base: Fraction) -> None:
        self._declared = declared
        self._time_base = time_base
        self._pts = array("q")
        self._key = bytearray()
        self._first: tuple[int, int, Orientation] | None = None

    def __len__(self) -> int:
        return len(self._pts)

    @property
    def elapsed_s(self) -> float:
        """Seconds of footage so far, by time stamps where there are any."""
        if len(self._pts) and NO_PTS not in (self._pts[0], self._pts[-1]):
            return float((self._pts[-1] - self._pts[0]) * self._time_base)
        return len(self._pts) / float(self._declared or DEFAULT_FPS)

    def add(self, frame) -> None:
        if self._first is None:
            self._first = (frame.height, frame.width, orientation(frame))
        self._pts.append(int(NO_PTS) if frame.pts is None else frame.pts)
        self._key.append(frame.key_frame)

    def index(self, *, serial: bool) -> Index:
        assert self._first is not None
        *stored, turn = self._first
        height, width = turn.size(*stored)
        pts = np.array(self._pts, dtype=np.int64)
        if (pts == NO_PTS).any():
            pts[:] = NO_PTS
        return Index(
            pts=pts,
            key=np.frombuffer(bytes(self._key), dtype=bool),
            time_base=self._time_base,
            fps=measured_fps(pts, self._time_base, self._declared),
            width=width,
            height=height,
            turn=turn,
            serial=serial,
        )
