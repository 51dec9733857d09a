"""How well and how fast do the detectors work? `python -m tests.bench.bench_detectors [--detector NAME] [--seeds 0]`

Fits the preset "fast" on the Ped2 training clips and scores the test clips with the command line, or does the
same with a drawn plaza where Ped2 is not beside the repository. Prints one JSON line a figure; the untrained
motion baselines come out of the same score files.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import detectors
from fixtures import generate

ROOT = Path(__file__).parents[2]
KEPT = ", with motion that VADREVIEW_CACHE may have kept" if os.environ.get("VADREVIEW_CACHE") else ""
SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared"))


def footage(folder: Path) -> tuple[str, list[Path], list[Path], Path]:
    """Name, training paths, test paths and labels of what is measured."""
    ped2 = SHARED / "data" / "ped2"
    if ped2.is_dir():
        return "ped2", [ped2 / "training"], [ped2 / "testing"], ped2 / "frame_labels.json"
    generate.make(folder, seed=1)
    clips = sorted(folder.glob("*.mp4"))
    train = [clip for clip in clips if "-train-" in clip.name]
    return "plaza", train, [clip for clip in clips if clip not in train], folder / generate.TRUTH


def run(*words: object) -> tuple[str, float, float]:
    """Run `python -m detectors`; give what it prints, its seconds, and its seconds of processor time."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "detectors", *map(str, words)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, time.perf_counter() - started, work


def figure(name: str, value: float, unit: str, compared_to: str | None = None) -> None:
    print(
        json.dumps({"figure": name, "value": round(value, 4), "unit": unit, "compared_to": compared_to}),
        flush=True,
    )


def measure(name: str, seed: int, folder: Path) -> None:
    """Fit, score and evaluate one detector."""
    scene, train, test, labels = footage(folder / "footage")
    model, scores = folder / "model", folder / "scores"
    tag = f"{name}_{scene}_seed{seed}"
    _, seconds, work = run("fit", "--detector", name, "--seed", seed, "--out", model, *train)
    figure(f"{tag}_fit", seconds, "s", "goal on two cores: 300 s" + KEPT)
    figure(f"{tag}_fit_work", work, "s of processor time")
    printed, seconds, work = run("score", "--model", model, "--out", scores, *test)
    frames = sum(int(line.split(": ")[1].split()[0]) for line in printed.splitlines())
    figure(f"{tag}_score_speed", frames / seconds, "frames/s", "from file to scores; goal: 25" + KEPT)
    figure(f"{tag}_score_work", 1000 * work / frames, "s of processor time for 1000 frames")
    figures = json.loads(run("evaluate", "--scores", scores, "--labels", labels)[0])
    baselines = ", ".join(
        f"{track} {found['micro_auc']:.3f}" for track, found in figures.get("baselines", {}).items()
    )
    figure(f"{tag}_micro_auc", figures["micro_auc"], "AUC", baselines or None)
    figure(f"{tag}_macro_auc", figures["macro_auc"], "AUC")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detector", action="append", choices=detectors.names())
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    for name in options.detector or detectors.names():
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                measure(name, seed, Path(folder))


if __name__ == "__main__":
    main()
