"""The command line: `python -m detectors.pose extract VIDEO --out POSES.json`, `convert POSES OUT`.

POSES is a JSON file of AlphaPose or PoseFlow, or a folder of CSV trajectories; OUT ends in .json for the first, else it
is such a folder. Mistakes end with a sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detectors.base import DetectorError, Progress, UnreadableVideo, Video
from detectors.pose import PosedPerson, PoseSettings, alphapose, clip, trajectories
from detectors.pose.people import JOINTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code."""
    options = _parser().parse_args(arguments)
    try:
        people = _extract(options) if options.command == "extract" else clip.read(options.poses)
        _write(options.out, people, joints=options.joints)
    except (DetectorError, UnreadableVideo) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'A file'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    poses = sum(len(person.frames) for person in people)
    print(
        f"{options.out}: {len(people)} people, {poses} poses"
        if people
        else f"{options.out}: nobody is visible"
    )
    return 0


def _extract(options: argparse.Namespace) -> tuple[PosedPerson, ...]:
    from detectors.pose.extraction import extract

    def show(progress: Progress) -> None:
        if sys.stderr.isatty():
            print(f"\r{progress.done}/{progress.total} frames", end="", file=sys.stderr, flush=True)

    return extract(Video(options.video), PoseSettings.parse(dict(options.set)), progress=show)


def _write(path: Path, people: tuple[PosedPerson, ...], *, joints: int) -> None:
    if path.suffix == ".json":
        alphapose.write(path, people, joints=joints)
    else:
        trajectories.write(path, people, joints=joints)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m detectors.pose", description="People in footage.")
    commands = parser.add_subparsers(required=True, dest="command")
    add = commands.add_parser("extract", help="find the people of a video")
    add.add_argument("video", type=Path)
    add.add_argument("--out", type=Path, required=True)
    add.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="KEY=VALUE",
        help=", ".join(PoseSettings.model_fields),
    )
    second = commands.add_parser("convert", help="change the form of tracked people")
    second.add_argument("poses", type=Path)
    second.add_argument("out", type=Path)
    for each in (add, second):
        each.add_argument("--joints", type=int, choices=(JOINTS, JOINTS + 1), default=JOINTS)
    return parser


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} should be key=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


if __name__ == "__main__":
    sys.exit(main())
