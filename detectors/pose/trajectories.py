"""Trajectories as the ShanghaiTech skeletons come: a folder a clip, a CSV file a person.

Each row is a frame number and then x, y of each joint, or x, y, confidence; 17 joints (COCO) or 18 (OpenPose, whose
neck is left out). A joint at 0, 0 was not seen. The name of a file is the person's number. Format of Morais et al.,
"Learning Regularity in Skeleton Trajectories" (CVPR 2019).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

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

# columns after the frame number -> joints and numbers a joint
_LAYOUTS = {joints * values: (joints, values) for joints in (JOINTS, JOINTS + 1) for values in (2, 3)}


def read(path: Path | str) -> tuple[PosedPerson, ...]:
    """Read one person's file, or a folder of them. Raises BadPoses, which says where a file is wrong."""
    path = Path(path)
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise BadPoses(f"{path.name} holds no .csv files; there should be one a person.")
    people: dict[int, PosedPerson] = {}
    for file in files:
        person = _read_person(file)
        if person.track in people:
            raise BadPoses(
                f"{file.name}: another file is of person {person.track}, too; a person has one file."
            )
        people[person.track] = person
    return ordered(people.values())


def write(
    folder: Path | str, people: Iterable[PosedPerson], *, joints: int = JOINTS, confidence: bool = False
) -> None:
    """Write a CSV file a person into a folder, with 17 joints (COCO) or 18 (OpenPose), with or without confidence."""
    for person in people:
        keypoints = with_joints(person.keypoints, joints)
        values = keypoints.astype(np.float64)[..., : 3 if confidence else 2]
        values[keypoints[..., 2] <= 0] = 0
        rows = [
            ",".join([str(frame), *(f"{value:.4f}" for value in pose.ravel())])
            for frame, pose in zip(person.frames.tolist(), values, strict=True)
        ]
        write_text(Path(folder) / f"{person.track:05d}.csv", "".join(f"{row}\n" for row in rows))


def _read_person(file: Path) -> PosedPerson:
    if not file.stem.isascii() or not file.stem.isdecimal() or len(file.stem) > 15:
        raise BadPoses(f"{file.name}: the name of a file should be the person's number, such as 00001.csv.")
    try:
        lines = read_bytes(file).decode("utf-8").splitlines()
        rows = [(number, row) for number, row in enumerate(csv.reader(lines), 1) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadPoses(f"{file.name} is not a CSV file: {error}.") from None
    if not rows:
        raise BadPoses(f"{file.name} is empty; leave out people who are never seen.")
    values = np.array([_row(file, number, row, width=len(rows[0][1])) for number, row in rows])
    frames = values[:, 0].astype(np.int64)
    order = np.argsort(frames, kind="stable")
    frames, values = frames[order], values[order]
    if (twice := np.flatnonzero(np.diff(frames) == 0)).size:
        raise BadPoses(f"{file.name} has frame {frames[twice[0]]} twice; a person has one pose a frame.")
    joints, numbers = _LAYOUTS[values.shape[1] - 1]
    given = values[:, 1:].reshape(len(values), joints, numbers)
    seen = (given[..., :2] != 0).any(axis=-1)
    sure = given[..., 2] if numbers == 3 else seen.astype(np.float64)
    keypoints = to_coco(np.concatenate([given[..., :2], sure[..., None]], axis=-1).astype(np.float32))
    return PosedPerson(int(file.stem), frames, boxes_around(keypoints), keypoints)


def _row(file: Path, number: int, row: list[str], *, width: int) -> list[float]:
    if len(row) - 1 not in _LAYOUTS or len(row) != width:
        raise BadPoses(
            f"{file.name}, line {number}: there are {len(row)} columns; there should be a frame and then "
            f"{', '.join(map(str, sorted(_LAYOUTS)))} numbers, the same in every line."
        )
    try:
        values = []
        for cell in row:
            values.append(float(cell))
    except ValueError:
        raise BadPoses(
            f"{file.name}, line {number}, column {len(values) + 1}: {cell[:40]!r} is not a number."
        ) from None
    if not np.isfinite(values).all() or np.abs(values[1:]).max() > FARTHEST_PX:
        raise BadPoses(f"{file.name}, line {number}: a number is not finite, or no place in a picture.")
    if not values[0].is_integer() or not 0 <= values[0] <= LAST_FRAME:
        raise BadPoses(f"{file.name}, line {number}: {row[0][:40]!r} is not a frame number from 0.")
    return values
