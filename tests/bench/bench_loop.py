"""What the loop is worth: `python -m tests.bench.bench_loop [--part effort|teaching] [--detectors ...] [--seeds 0 1 2]`

effort: detectors (preset fast, seed 0) learn from footage without labels and score it; a reviewer who knows the ground
truth watches what they propose, in each order (vadreview/review/effort.py). In the drawn street ten events make 3 % of
the footage. In Ped2's test clips four frames of five are abnormal, so that even the best order must watch a large part.
What is measured is the order: the threshold lies so low that a fifth of the frames is proposed.

teaching: of half of the videos, the 30 pieces of two seconds with the strangest frames are judged by the ground truth
(accepted ones are cut to what is abnormal in them), and the same detector learns again with the verdicts, as the product does it. Measured is the AUC
on the other half, which is never judged, learned from or looked at: before, after, and the interval of the difference
(bootstrap over videos, and over blocks of 100 frames within them). STG-NF is given the true poses of the drawn people.

Motion and drawn footage are kept in the folder that VADREVIEW_CACHE names; with --keep FOLDER scores are, too, so that
one slice after the other can be run: the orders that need all detectors come with the last. Prints one JSON line a
figure.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench import loop_footage
from tests.bench.loop_footage import Footage

DETECTORS = ("kdiffusion", "pseudoanomaly", "stgnf", "diffvad")
NEEDS_POSES = ("stgnf",)  # which Ped2 has none of: its people are 30 pixels high
VERDICTS = 30
RESAMPLES = 500
GENEROUS = {"method": "quantile", "value": 0.8}

Scores = dict[str, NDArray[np.float32]]


def say(figure: str, value: float | None, unit: str, compared_to: str = "") -> None:
    rounded = None if value is None else round(value, 4)
    print(
        json.dumps({"figure": figure, "value": rounded, "unit": unit, "compared_to": compared_to}), flush=True
    )


def scored(
    footage: Footage,
    detector: str,
    *,
    seed: int,
    supervision=None,
    extra: Sequence[Path] = (),
    only: Sequence[str] | None = None,
) -> Scores:
    """Learn and score; video -> float32 (n_frames,)."""
    import detectors
    from detectors.base import Video

    made = detectors.create(detector, preset="fast", seed=seed, device="cpu")
    made.fit([Video(path) for path in (*footage.learn, *extra)], supervision=supervision)
    chosen = [path for path in footage.score if only is None or path.stem in only]
    return {path.stem: made.score(Video(path)).frames for path in chosen}


def kept(keep: Path | None, footage: Footage, detector: str, seed: int) -> Scores:
    """Score without verdicts, or read what an earlier slice has kept."""
    file = None if keep is None else keep / f"{footage.name}-{detector}-{seed}.npz"
    if file is not None and file.is_file():
        with np.load(file) as archive:
            return {name: archive[name] for name in archive.files}
    began = time.process_time()
    found = scored(footage, detector, seed=seed)
    say(
        f"learning and scoring ({footage.name}, {detector}, seed {seed})",
        time.process_time() - began,
        "CPU s",
    )
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **found)
    return found


# ---- effort ----


def effort_of(footage: Footage, scores: dict[str, Scores]) -> None:
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
        proposals.propose(run, policy=GENEROUS)
        run.refresh_from_db()
        runs.append(run)
    for run in runs:
        found = effort.replay(run)
        share = found.abnormal_frames / found.frames
        about = f"{footage.name}, {run.detector}, {found.events} events, {share:.1%} of frames abnormal"
        by_time = next(one.until() for one in found.replays if one.name == effort.EVERYTHING)
        for one in found.replays:
            reached = one.until()
            faster = f"{by_time / reached:.1f} times as fast as time order" if reached and by_time else ""
            say(
                f"watched until 90 % are found, {one.name.lower()} ({about})",
                None if reached is None else 100 * reached,
                "% of footage",
                "; ".join(filter(None, [f"finds {one.found[-1]:.0%} in the end", faster])),
            )


# ---- teaching ----


def teach(footage: Footage, detector: str, *, seed: int, keep: Path | None) -> None:
    """AUC on videos never judged, before and after VERDICTS verdicts, with the interval of the difference."""
    from detectors import metrics
    from detectors.base import Supervision

    before = kept(keep, footage, detector, seed)
    judged, measured = footage.halves()
    labels, accepted, rejected = verdicts(footage, {name: before[name] for name in judged})
    extra = [path for path in footage.score if path.stem in labels]
    began = time.process_time()
    after = scored(
        footage,
        detector,
        seed=seed,
        supervision=Supervision(labels),
        extra=extra,
        only=measured,
    )
    work = time.process_time() - began
    pair = [{name: one[name] for name in measured} for one in (before, after)]
    truth = {name: footage.labels[name] for name in measured}
    auc = [metrics.frame_metrics(one, truth)["micro_auc"] for one in pair]
    _, _, moved = metrics.bootstrap_pair(*pair, truth, resamples=RESAMPLES)
    interval = (
        f"difference {auc[1] - auc[0]:+.4f}, 95 % {moved.low:+.3f} to {moved.high:+.3f}" if moved else ""
    )
    say(
        f"AUC never taught, after verdicts ({footage.name}, {detector}, seed {seed})",
        auc[1],
        "AUC, human-in-the-loop",
        f"{auc[0]:.4f} before; {interval}; {accepted} accepted, {rejected} rejected; {work:.0f} CPU s",
    )


def verdicts(footage: Footage, scores: Scores) -> tuple[dict[str, NDArray[np.int8]], int, int]:
    """Judge the VERDICTS pieces with the strangest frames by the truth: labels by video, accepted, rejected."""
    from detectors.base import LEFT_OUT

    pieces = [
        (float(values[start : start + footage.piece].max()), name, start)
        for name, values in scores.items()
        for start in range(0, len(values), footage.piece)
    ]
    labels: dict[str, NDArray[np.int8]] = {}
    accepted = 0
    chosen = sorted(pieces, reverse=True)[:VERDICTS]
    for _, name, start in chosen:
        said = labels.setdefault(name, np.full(len(scores[name]), LEFT_OUT, np.int8))
        abnormal = np.flatnonzero(footage.labels[name][start : start + footage.piece])
        accepted += bool(len(abnormal))
        if len(abnormal):
            said[start + abnormal[0] : start + abnormal[-1] + 1] = 1
        else:
            said[start : start + footage.piece] = 0
    return labels, accepted, len(chosen) - accepted


def footages(names: Sequence[str], drawn, folder: Path) -> Iterator[Footage]:
    if "street" in names:
        yield drawn(folder / "loop")
    if "ped2" in names and (found := loop_footage.ped2()):
        yield found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--part", choices=["effort", "teaching"])
    arguments.add_argument("--footage", nargs="+", default=["street", "ped2"], choices=["street", "ped2"])
    arguments.add_argument("--detectors", nargs="+", default=list(DETECTORS), choices=DETECTORS)
    arguments.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    arguments.add_argument("--keep", type=Path, help="a folder for scores, which later slices read again")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(os.environ.setdefault("VADREVIEW_CACHE", f"{folder}/cache"))
        os.environ |= {
            "VADREVIEW_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "vadreview.settings",
            "DATABASE_URL": "",
        }
        if asked.part != "teaching":
            _open_database()
            for footage in footages(asked.footage, loop_footage.rare, cache):
                names = _able(asked.detectors, footage)
                effort_of(footage, {name: kept(asked.keep, footage, name, 0) for name in names})
        if asked.part != "effort":
            for footage in footages(asked.footage, loop_footage.mixed, cache):
                for name in _able(asked.detectors, footage):
                    for seed in asked.seeds:
                        teach(footage, name, seed=seed, keep=asked.keep)


def _able(names: Sequence[str], footage: Footage) -> list[str]:
    return [name for name in names if footage.name != "Ped2" or name not in NEEDS_POSES]


def _open_database() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
