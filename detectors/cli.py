"""The command line: `python -m detectors list | fit | score | evaluate`.

Results go to standard output, progress to standard error. Mistakes end with a sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import detectors
from detectors import evaluation, scorefile
from detectors.artifacts import CHECKPOINT_FILE
from detectors.base import DetectorError, Progress, UnreadableVideo, Video, VideoScores
from detectors.field_cache import FieldCache
from detectors.metrics import LabelMismatch
from detectors.pose.clip import PoseClip, find_clips
from detectors.video import find_videos

EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (DetectorError, UnreadableVideo, LabelMismatch) as error:
        _complain(str(error))
        return EXIT_MISTAKE
    except OSError as error:
        _complain(f"{error.filename or 'A file'}: {error.strerror or error}.")
        return EXIT_MISTAKE
    except KeyboardInterrupt:
        goes_on = options.command is _fit
        _complain("Stopped." + " The same command goes on from the last finished epoch." * goes_on)
        return EXIT_INTERRUPTED


def _list(options: argparse.Namespace) -> int:
    for name in detectors.names():
        about = detectors.describe(name)
        print(f"{name}: {about['title']}\n    {about['paper']}")
        for preset_name, preset in about["presets"].items():
            print(f"    --preset {preset_name}: {preset['purpose']}")
        for setting, schema in about["schema"]["properties"].items():
            print(f"    --set {setting}={_shown(schema.get('default'))}: {schema['description']}")
    return 0


def _fit(options: argparse.Namespace) -> int:
    detector = detectors.create(
        options.detector,
        preset=options.preset,
        seed=options.seed,
        device=options.device,
        **dict(options.set),
    )
    videos = _videos(options.path)
    started = time.monotonic()
    with _Line() as line:
        detector.fit(videos, progress=line.show, checkpoint=options.out, warm_start=options.warm_start)
    sha256 = detector.save(options.out)
    (options.out / CHECKPOINT_FILE).unlink(missing_ok=True)
    frames = sum(video.n_frames for video in videos)
    print(
        f"{options.out}: {options.detector} learned from {len(videos)} videos, {frames} frames, "
        f"in {time.monotonic() - started:.1f} s; sha256 {sha256}"
    )
    return 0


def _score(options: argparse.Namespace) -> int:
    detector = detectors.load(options.model, device=options.device)
    exit_code = 0
    for video in _videos(options.path):
        started = time.monotonic()
        try:
            with _Line(video.name) as line:
                scores = detector.score(video, progress=line.show)
                if options.motion and not isinstance(video, PoseClip):
                    scores = _with_motion(video, scores, line)
        except UnreadableVideo as error:  # the others can still be scored
            _complain(str(error))
            exit_code = EXIT_MISTAKE
            continue
        path = options.out / f"{video.name}.npz"
        open_end = isinstance(video, PoseClip)
        scorefile.save(path, scores, fps=video.fps, sha256=video.sha256, open_end=open_end)
        seconds = time.monotonic() - started
        peak = int(scores.frames.argmax())
        print(
            f"{video.name}: {len(scores.frames)} frames in {seconds:.1f} s, {len(scores.frames) / seconds:.1f} "
            f"frames/s, highest {scores.frames[peak]:.3f} at frame {peak} -> {path}",
            flush=True,
        )
        for note in scores.notes:
            print(f"    {note}", flush=True)
    return exit_code


def _with_motion(video: Video, scores: VideoScores, line: _Line) -> VideoScores:
    from detectors import flow

    tracks = flow.untrained_tracks(video, progress=line.show, cache=FieldCache.from_environment())
    return replace(scores, tracks={**tracks, **scores.tracks})


def _evaluate(options: argparse.Namespace) -> int:
    print(
        json.dumps(evaluation.evaluate(options.scores, labels=options.labels, masks=options.masks), indent=2)
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detectors",
        description="Learn what is usual in footage, and score every frame for how unusual it is.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("list", help="list the detectors, their presets and settings")
    add.set_defaults(command=_list)

    add = commands.add_parser("fit", help="learn from footage without labels")
    add.set_defaults(command=_fit)
    add.add_argument("--detector", required=True, metavar="NAME", help=", ".join(detectors.names()))
    add.add_argument("--preset", default="fast", help="fast (default) or paper")
    add.add_argument(
        "--set", action="append", default=[], type=_setting, metavar="KEY=VALUE", help="change one setting"
    )
    add.add_argument("--seed", type=int, default=0)
    add.add_argument("--out", required=True, type=Path, metavar="MODEL", help="folder for the model")
    add.add_argument(
        "--warm-start", type=Path, metavar="MODEL", help="begin from the weights of this model, not anew"
    )
    _add_common(add)

    add = commands.add_parser("score", help="score every frame of footage")
    add.set_defaults(command=_score)
    add.add_argument("--model", required=True, type=Path, metavar="MODEL", help="folder that fit wrote")
    add.add_argument("--out", required=True, type=Path, metavar="SCORES", help="folder for <video>.npz")
    add.add_argument(
        "--motion",
        action="store_true",
        help="also keep how fast things move, for evaluate to compare with; stgnf does not measure it by itself",
    )
    _add_common(add)

    add = commands.add_parser("evaluate", help="compare scores with labels")
    add.set_defaults(command=_evaluate)
    add.add_argument("--scores", required=True, type=Path, metavar="SCORES", help="folder that score wrote")
    add.add_argument(
        "--labels", required=True, type=Path, help='{video: [0, 1, ...]} or {video: {"labels": [0, 1, ...]}}'
    )
    add.add_argument("--masks", type=Path, metavar="FOLDER", help="<video>.npz with mask, bool [T, H, W]")
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument(
        "path",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a video, a folder of videos, or a folder of numbered frames; for stgnf also poses: an AlphaPose JSON file, or a "
        "folder of them",
    )


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"settings look like key=value, got {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _videos(paths: Iterable[Path]) -> list[Video]:
    videos = [video for path in paths for video in _at(path)]
    names = [video.name for video in videos]
    for name in names:
        if names.count(name) > 1:
            raise UnreadableVideo(
                f"Two videos are called {name}; give each its own name, since scores are filed by name."
            )
    return videos


def _at(path: Path) -> Sequence[Video]:
    try:
        return find_videos(path)
    except UnreadableVideo:
        if clips := find_clips(path):  # poses alone
            return clips
        raise


def _complain(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)


class _Line:
    """Progress on one line of a terminal, or one line a phase in a log."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = f"{prefix}: " if prefix else ""
        self._phase = ""
        self._shown = 0.0
        self._live = sys.stderr.isatty()

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live and self._phase:
            print(file=sys.stderr)

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        finished = progress.done == progress.total
        if progress.phase == self._phase and not finished and now - self._shown < (0.2 if self._live else 10):
            return
        metrics = "".join(f", {name} {value:.4g}" for name, value in progress.metrics.items())
        text = f"{self._prefix}{progress.phase} {progress.done}/{progress.total}{metrics}"
        start = "\n" if self._live and self._phase not in ("", progress.phase) else ""
        if self._live:
            print(f"{start}\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)
        self._phase, self._shown = progress.phase, now
