"""How much watching does each order of the queue cost? `python -m tests.bench.bench_loop [--footage synthetic ped2]`

Detectors (preset fast, seed 0) learn from footage without labels and score it; a reviewer who knows the ground truth
watches what they propose, in each order (vadreview/review/effort.py). The synthetic footage is 26 usual clips and one
each with a runner, a cyclist, a van and somebody who walks the wrong way: about 3 % of it is abnormal. Ped2 is the
test set of UCSD, where most frames are abnormal, so that even its best order must watch a large part.

Then 30 simulated verdicts, in the order of the score, teach the same detector again: its AUC on frames that were
never taught, before and after, for three seeds (--seeds). Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DETECTORS = ("kdiffusion", "pseudoanomaly")
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared"))
VERDICTS = 30


@dataclass(frozen=True)
class Footage:
    """What is learned from, what is scored, and what is abnormal in it."""

    name: str
    learn: list[Path]
    score: list[Path]
    labels: dict[str, NDArray[np.int8]]


def synthetic(folder: Path) -> Footage:
    from fixtures.generate import Plan, make

    small = (240, 136)
    plans = [
        *(Plan("train", None, 20, size=small) for _ in range(2)),
        *(Plan("test", None, 16, size=small) for _ in range(26)),
        *(Plan("test", kind, 16, size=small) for kind in ("running", "cyclist", "vehicle", "wrong_way")),
    ]
    clips = make(folder, seed=11, plans=plans)
    return Footage(
        "synthetic",
        [clip.video for clip in clips if clip.split == "train"],
        [clip.video for clip in clips if clip.split == "test"],
        {clip.video.stem: clip.labels for clip in clips},
    )


def ped2() -> Footage | None:
    folder = SHARED / "data" / "ped2"
    if not (folder / "frame_labels.json").is_file():
        print("Ped2 is left out: it is not at hand")
        return None
    truth = json.loads((folder / "frame_labels.json").read_text())
    score = sorted((folder / "testing").glob("*.mp4"))
    labels = {path.stem: np.array(truth[path.stem]["labels"], np.int8) for path in score}
    return Footage("ped2", sorted((folder / "training").glob("*.mp4")), score, labels)


def scored(
    footage: Footage, detector: str, seed: int, supervision=None, extra=()
) -> dict[str, NDArray[np.float32]]:
    """Learn and score; video -> float32 (n_frames,)."""
    import detectors
    from detectors.base import Video

    made = detectors.create(detector, preset="fast", seed=seed, device="cpu")
    made.fit([Video(path) for path in (*footage.learn, *extra)], supervision=supervision)
    return {path.stem: made.score(Video(path)).frames for path in footage.score}


def say(figure: str, value: float | None, unit: str, compared_to: str = "") -> None:
    print(
        json.dumps({"figure": figure, "value": value, "unit": unit, "compared_to": compared_to}), flush=True
    )


def queue(footage: Footage, scores: dict[str, dict[str, NDArray[np.float32]]]) -> None:
    """Store the scores as runs of one project and replay its orders."""
    from tests.vadreview import factories
    from vadreview.review import effort
    from vadreview.runs import lessons, proposals

    project = factories.ProjectFactory(name=footage.name)
    videos = {
        name: factories.VideoFactory(project=project, name=name, n_frames=len(values), fps_num=25)
        for name, values in next(iter(scores.values())).items()
    }
    for name, video in videos.items():
        for start, stop in lessons.spans_of(footage.labels[name] == 1):
            factories.GroundTruthFactory(video=video, start=start, stop=stop)
    runs = []
    for detector, frames in scores.items():
        run = factories.RunFactory(project=project, detector=detector, name=detector)
        for name, video in videos.items():
            factories.RunVideoFactory(run=run, video=video)
            factories.make_track(frames[name], video=video, run=run)
        proposals.propose(run, policy={})
        run.refresh_from_db()
        runs.append(run)
    for run in runs:
        found = effort.replay(run)
        share = found.abnormal_frames / found.frames
        about = f"{footage.name}, {run.detector}, {found.events} events, {share:.1%} of frames abnormal"
        for one in found.replays:
            say(f"events found by {one.name.lower()} ({about})", 100 * one.found[-1], "%")
            reached = one.until()
            say(
                f"watched until 90 % are found, {one.name.lower()} ({about})",
                None if reached is None else 100 * reached,
                "% of footage",
                "goal <= 5, and a third of time order",
            )


def taught(footage: Footage, seeds: int) -> None:
    """AUC on frames never taught, before and after VERDICTS verdicts, with the interval of the difference."""
    from detectors import metrics
    from detectors.base import Supervision

    for detector in DETECTORS:
        for seed in range(seeds):
            before = scored(footage, detector, seed)
            labels, kept = _verdicts(footage, before)
            judged = [path for path in footage.score if (labels[path.stem] >= 0).any()]
            after = scored(footage, detector, seed, supervision=Supervision(labels), extra=judged)
            names = [name for name in before if kept[name].any()]
            pair = [{name: one[name][kept[name]] for name in names} for one in (before, after)]
            truth = {name: footage.labels[name][kept[name]] for name in names}
            auc = [metrics.micro_auc(one, truth) for one in pair]
            _, _, moved = metrics.bootstrap_pair(*pair, truth, resamples=300)
            interval = f"95 % {moved.low:+.3f} to {moved.high:+.3f}" if moved else "no interval"
            say(
                f"AUC on frames never taught after {VERDICTS} verdicts ({footage.name}, {detector}, seed {seed})",
                auc[1],
                "AUC, human-in-the-loop",
                f"{auc[0]:.3f} before; {interval}" if auc[0] is not None else "",
            )


def _verdicts(
    footage: Footage, scores: dict[str, NDArray[np.float32]]
) -> tuple[dict[str, NDArray[np.int8]], dict[str, NDArray[np.bool_]]]:
    """Judge the VERDICTS strangest spans of half of the videos by the truth; the other half is kept to measure."""
    from detectors.segments import Policy, find, resolve_threshold

    policy = Policy(method="quantile", value=0.8)
    level = resolve_threshold(scores.values(), policy)
    taught_names = sorted(scores)[::2]
    spans = [
        (one.score, name, one.start, one.stop)
        for name in taught_names
        for one in find(scores[name], fps=25, policy=policy, threshold=level)
    ]
    labels = {name: np.full(len(values), -1, np.int8) for name, values in scores.items()}
    for _, name, start, stop in sorted(spans, reverse=True)[:VERDICTS]:
        labels[name][start:stop] = int(footage.labels[name][start:stop].any())
    return labels, {name: np.full(len(scores[name]), name not in taught_names) for name in scores}


def footages(names: list[str], folder: Path) -> Iterator[Footage]:
    if "synthetic" in names:
        yield synthetic(folder)
    if "ped2" in names and (found := ped2()):
        yield found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument(
        "--footage", nargs="+", default=["synthetic", "ped2"], choices=["synthetic", "ped2"]
    )
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--only", choices=["queue", "taught"])
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VADREVIEW_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "vadreview.settings",
            "DATABASE_URL": "",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        for footage in footages(asked.footage, Path(folder) / "clips"):
            if asked.only != "taught":
                queue(footage, {name: scored(footage, name, 0) for name in DETECTORS})
            if asked.only != "queue":
                taught(footage, asked.seeds)


if __name__ == "__main__":
    main()
