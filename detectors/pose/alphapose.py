"""Tracked people as AlphaPose and PoseFlow write them, in and out.

Three forms are read, told apart by their shape:

    {"person": {"frame": {"keypoints": [...], "scores": s}}}          *_alphapose_tracked_person.json, of GEPC and
                                                                      STG-NF; a person may be a list of such frames
    {"frame.jpg": [{"keypoints": [...], "scores": s, "idx": n}]}      PoseFlow
    [{"image_id": "frame.jpg", "keypoints": [...], "score": s, "idx": n, "box": [x, y, w, h]}]     AlphaPose

keypoints: x, y, confidence of 17 joints (COCO) or of 18 (OpenPose, whose neck is left out). The first form is
written. A file may come from anywhere: whatever is wrong with it is refused with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.pose.people import (
    FARTHEST_PX,
    JOINTS,
    LAST_FRAME,
    BadPoses,
    PosedPerson,
    boxes_around,
    ordered,
    read_bytes,
    to_coco,
    with_joints,
    write_text,
)

_BEYOND = 1e30
_NUMBER = re.compile(r"\d+")


class _Seen(NamedTuple):
    """One person in one frame, as the file has it."""

    person: int
    frame: int
    keypoints: NDArray[np.float32]
    confidence: float | None
    box: NDArray[np.float32] | None
    place: str


def read(path: Path | str) -> tuple[PosedPerson, ...]:
    """Read tracked people from a JSON file. Raises BadPoses, which says where the file is wrong."""
    path = Path(path)
    try:
        content = json.loads(read_bytes(path), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # also for a number of thousands of digits
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise BadPoses(f"{path.name} is not JSON{where}: {str(error).partition(':')[0]}.") from None
    except _Twice as error:
        raise BadPoses(f"{path.name} has two entries {error} in one object; a person has one id.") from None
    return from_json(content, name=path.name)


def from_json(content: Any, *, name: str = "the poses") -> tuple[PosedPerson, ...]:
    """Read tracked people from what a JSON file held. Raises BadPoses, which says where it is wrong."""
    found: dict[int, dict[int, _Seen]] = {}
    try:
        for seen in _all_in(content):
            frames = found.setdefault(seen.person, {})
            if seen.frame in frames:
                raise _wrong(seen.place, f"person {seen.person} is in frame {seen.frame} twice")
            frames[seen.frame] = seen
    except _Wrong as error:
        raise BadPoses(f"{name}, {error}.") from None
    return ordered(_person(track, frames) for track, frames in found.items() if frames)


def write(path: Path | str, people: Iterable[PosedPerson], *, joints: int = JOINTS) -> None:
    """Write people as *_alphapose_tracked_person.json, with 17 joints (COCO) or 18 (OpenPose)."""
    write_text(Path(path), json.dumps(to_json(people, joints=joints)))


def to_json(people: Iterable[PosedPerson], *, joints: int = JOINTS) -> dict[str, Any]:
    """Lay people out as `write` writes them; where the estimator is silent, scores are mean confidences."""
    content: dict[str, Any] = {}
    for person in people:
        keypoints = with_joints(person.keypoints, joints)
        scores = person.confidence if person.confidence is not None else person.keypoints[..., 2].mean(axis=1)
        content[str(person.track)] = {
            # readers sort these keys as text
            f"{frame:08d}": {"keypoints": pose, "scores": score}
            for frame, pose, score in zip(
                person.frames.tolist(),
                np.round(keypoints.reshape(len(keypoints), -1).astype(np.float64), 3).tolist(),
                np.round(scores.astype(np.float64), 6).tolist(),
                strict=True,
            )
        }
    return content


def _person(track: int, seen: dict[int, _Seen]) -> PosedPerson:
    entries = [seen[frame] for frame in sorted(seen)]
    keypoints = np.stack([entry.keypoints for entry in entries]).astype(np.float32)
    around = boxes_around(keypoints)
    boxes = [around[i] if entry.box is None else entry.box for i, entry in enumerate(entries)]
    said = [entry.confidence for entry in entries]
    return PosedPerson(
        track=track,
        frames=np.array(sorted(seen), np.int64),
        boxes=np.stack(boxes).astype(np.float32),
        keypoints=keypoints,
        confidence=None if None in said else np.array(said, np.float32),
    )


def _all_in(content: Any) -> Iterator[_Seen]:
    if isinstance(content, list):
        for i, entry in enumerate(content):
            place = f"entry {i}"
            _need_object(entry, place)
            yield _of_result(entry, _frame(entry.get("image_id"), f"{place}, image_id"), place)
    elif isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, list) and all(isinstance(v, dict) and "keypoints" in v for v in value):
                frame = _frame(key, f"frame {key!r}")
                for i, entry in enumerate(value):
                    yield _of_result(entry, frame, f"frame {key!r}, entry {i}")
            else:
                yield from _of_person(key, value)
    else:
        raise _wrong("at the top", "there should be an object or a list")


def _of_person(key: str, value: Any) -> Iterator[_Seen]:
    place = f"person {key!r}"
    person = _whole(key, place, "a person's id")
    pieces = value if isinstance(value, list) else [value]
    for piece in pieces:
        _need_object(piece, place)
        for frame, entry in piece.items():
            here = f"{place}, frame {frame!r}"
            _need_object(entry, here)
            number = _frame(frame, here)
            yield _Seen(person, number, _keypoints(entry, here), _confidence(entry, here), None, here)


def _of_result(entry: dict[str, Any], frame: int, place: str) -> _Seen:
    ids = [entry[name] for name in ("idx", "track_id") if name in entry]
    if not ids:
        raise _wrong(place, "there is no idx, so nobody was tracked; run AlphaPose with --pose_track")
    box = entry.get("box")
    corners = None
    if box is not None:
        x, y, width, height = _numbers(box, 4, f"{place}, box")
        corners = np.array([x, y, x + width, y + height], np.float32)
        if np.abs(corners).max() > FARTHEST_PX:
            raise _wrong(place, f"the box reaches farther than {FARTHEST_PX:.0f} pixels")
    person = _whole(ids[0], f"{place}, idx", "a person's id")
    return _Seen(person, frame, _keypoints(entry, place), _confidence(entry, place), corners, place)


def _keypoints(entry: dict[str, Any], place: str) -> NDArray[np.float32]:
    values = entry.get("keypoints")
    if not isinstance(values, list) or len(values) not in (3 * JOINTS, 3 * JOINTS + 3):
        found = f"{len(values)} numbers" if isinstance(values, list) else "something else"
        raise _wrong(
            place, f"keypoints should be 51 numbers (17 joints of x, y, confidence) or 54, there is {found}"
        )
    pose = np.array(_numbers(values, len(values), f"{place}, keypoints"), np.float32).reshape(-1, 3)
    if np.abs(pose[:, :2]).max() > FARTHEST_PX:
        raise _wrong(place, f"a joint is farther than {FARTHEST_PX:.0f} pixels away")
    return to_coco(pose)


def _confidence(entry: dict[str, Any], place: str) -> float | None:
    value = entry.get("scores", entry.get("score"))
    return None if value is None else _numbers([value], 1, f"{place}, scores")[0]


def _frame(value: Any, place: str) -> int:
    if isinstance(value, str) and not value.isdecimal():
        numbers = _NUMBER.findall(value)  # frame_000012.jpg
        value = numbers[-1] if numbers else value
    frame = _whole(value, place, "a frame")
    if frame > LAST_FRAME:
        raise _wrong(place, f"frame {frame} is beyond any video")
    return frame


def _whole(value: Any, place: str, what: str) -> int:
    if isinstance(value, list) and len(value) == 1:  # AlphaPose writes some ids so
        value = value[0]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _wrong(place, f"{what} should be a whole number from 0, not {str(value)[:40]!r}")
    return value


def _numbers(values: Any, count: int, place: str) -> list[float]:
    if not isinstance(values, list) or len(values) != count:
        raise _wrong(place, f"there should be {count} numbers")
    for i, value in enumerate(values):
        # NaN is not below anything, and what does not fit into float32 is as good as infinite
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _BEYOND:
            raise _wrong(place, f"value {i} should be a finite number, not {str(value)[:40]!r}")
    return [float(value) for value in values]


def _need_object(value: Any, place: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(place, f"there should be an object, not {type(value).__name__}")


class _Wrong(Exception):
    """What is wrong, after where."""


def _wrong(place: str, what: str) -> _Wrong:
    return _Wrong(f"{place}: {what}")


class _Twice(Exception):
    """A key that an object has twice, of which the JSON reader would keep only the last."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(repr(next(key for key in keys if keys.count(key) > 1)[:40]))
    return content


def _no_constant(name: str) -> float:
    return float(name.replace("Infinity", "inf"))  # refused at its place, as any number that is not finite
