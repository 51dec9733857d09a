"""What does DiffVAD find, and what does it cost? `python -m tests.bench.bench_diffvad [--seeds 0 1 2] [--part cost]`

found: frame AUC on a scene (Ped2 unless `--scene` names others) by round of the labels, of the same training without
refinement, and with nothing generated, one pattern, all of them, beside untrained motion of the same cells; `one_class`
learns from the footage without events, `partial` from the test clips alone, `merged` from both. cost: sampling and
making labels, against the plain form of both, by one core's work. speed: training and scoring Ped2 end to end, by the
clock. Prints one JSON line a figure.
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
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import torch

from detectors.base import Progress
from detectors.diffusion import ddpm
from detectors.diffvad import network, sampling
from detectors.diffvad.config import DiffVADConfig
from tests.bench import diffvad_found, scenes

FRAMES_AN_HOUR = 90_000


class Clock:
    """Adds up processor time by phase, from one progress report to the next."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._last = time.process_time()

    def __call__(self, progress: Progress) -> None:
        now = time.process_time()
        self.spent[progress.phase] += now - self._last
        self._last = now


def figure(name: str, value: float, unit: str, compared_to: str | None = None) -> None:
    print(
        json.dumps({"figure": name, "value": round(value, 4), "unit": unit, "compared_to": compared_to}),
        flush=True,
    )


def best_s(work: Callable[[], object], *, repeats: int = 3) -> float:
    work()
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def plain_sample(made, history, noise, config):
    """The sampler line by line: the network as it was trained, a step after the other."""
    schedule, x = ddpm.Schedule.cosine(config.diffusion_steps), noise[:, 0]
    given = history.repeat_interleave(config.patterns, dim=0)
    for place, t in enumerate(range(config.diffusion_steps - 1, -1, -1)):
        estimate = made(x, torch.full((len(x),), t), given).clamp(-config.clip, config.clip)
        x = ddpm.posterior_step(x, estimate, noise[:, place + 1], t, schedule) if t else estimate
    return x


def costs() -> None:
    """Sampling, and the share of training that making labels takes."""
    config = DiffVADConfig()
    made = network.make(4, config, seed=0)
    history, firsts = torch.randn(sampling.GROUP, 4, 3, 64), np.arange(sampling.GROUP) * 3
    optimiser = torch.optim.AdamW(made.parameters())

    def step():
        x, given = torch.randn(2, config.batch_size, 4, 3, 64)
        loss = (made(x, torch.randint(0, 5, (len(x),)), given) - x).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    training = best_s(step)
    made.eval()
    work = sampling.Sampler(made, config, seed=0)
    drawn = sampling.noise_of(firsts, patterns=config.patterns, draws=5, size=3 * 64 * 4, seed=0)
    noise = torch.from_numpy(drawn).view(-1, 5, 3, 64, 4).permute(0, 1, 4, 2, 3).contiguous()
    with torch.inference_mode():
        slow = best_s(lambda: plain_sample(made, history, noise, config)) / sampling.GROUP
        apart = work.sample(history, firsts, patterns=10).flatten(0, 1)
        apart = float((apart - plain_sample(made, history, noise, config)).abs().max())
    assert apart < 1e-3, f"patterns differ by {apart:g}"
    fast = best_s(lambda: work.sample(history, firsts, patterns=10)) / sampling.GROUP
    few = best_s(lambda: work.sample(history, firsts, patterns=config.label_patterns)) / sampling.GROUP
    figure(
        "sampling_10_patterns",
        config.scoring_stride / fast,
        "frames/s on one core",
        f"{slow / fast:.2f} times as fast as line by line, within {apart:.0e}",
    )
    # a round over n windows, each learned from once; the levers: fewer patterns, every third window, folded network
    learn = training / config.batch_size
    before, after = slow / (slow + learn), few / config.label_stride / (few / config.label_stride + learn)
    figure(
        "labels_share_of_a_round",
        after,
        "of the work",
        f"{before:.2f} with 10 patterns, every window, plain network",
    )


def records(scores) -> None:
    """Bytes of an hour at 25 frames a second."""
    windows, found = FRAMES_AN_HOUR / 3, scores.refinement
    rounds, count = found.raw.shape
    by_round = sum(
        getattr(found, name).nbytes
        for name in (
            "raw",
            "refined",
            "distance",
            "probability",
            "vote",
            "entropy",
            "weight",
            "neighbours",
            "similarity",
        )
    ) / (rounds * count)
    patterns = (scores.patterns.generated.nbytes + scores.patterns.actual.nbytes) / len(
        scores.patterns.starts
    )
    tracks = sum(t.values.itemsize / t.stride for t in scores.tracks.values()) + 4
    heat = scores.heatmaps.values[0].nbytes
    total = FRAMES_AN_HOUR * tracks + windows * (patterns + heat + 3 * by_round)
    parts = f"a window: patterns {patterns:.0f} B, heatmap {heat} B, each of 3 rounds {by_round:.0f} B; curves {tracks:.0f} B a frame"
    figure("records_of_an_hour", total / 1e9, "GB", parts)


def end_to_end(folder: Path) -> None:
    """Seconds that a person waits, by the command line, with nothing computed before: both cores, decoding included."""
    there = scenes.scene("ped2", folder)
    if there is None:
        return
    environment = {name: value for name, value in os.environ.items() if name != "VADREVIEW_CACHE"}

    def run(*words: object) -> tuple[float, float]:
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "detectors", *map(str, words)],
            cwd=scenes.ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        work = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return time.perf_counter() - began, work

    model, paths = folder / "model", [video.path for video in there.test]
    cores = len(os.sched_getaffinity(0))
    training_s, work = run(
        "fit", "--detector", "diffvad", "--out", model, *[video.path for video in there.usual]
    )
    figure("ped2_training", training_s, f"s on {cores} cores", "goal 600")
    figure("ped2_training_work", work, "s of processor time")
    frames = sum(video.n_frames for video in there.test)
    scoring_s, work = run("score", "--model", model, "--out", folder / "scores", *paths)
    figure(
        "ped2_scoring_10_patterns",
        frames / scoring_s,
        f"frames/s on {cores} cores, start included",
        "goal 50",
    )
    figure("ped2_scoring_work", 1000 * work / frames, "s of processor time for 1000 frames")


def measure(there: scenes.Scene, mode: str, seed: int) -> None:
    """Print what one training finds, and what it took."""
    clock, tag = Clock(), f"{there.name}_{mode}_seed{seed}"
    detector = diffvad_found.found(there, mode, seed, figure, clock)
    figure(f"{tag}_training", clock.spent["training"], "s of one core, steps and labels")
    if seed == 0 and there.name == "ped2":
        records(detector.score(there.test[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--mode", action="append", choices=["merged", "partial", "one_class"])
    parser.add_argument("--scene", action="append", choices=scenes.NAMES)
    parser.add_argument("--part", action="append", choices=["cost", "speed", "found"])
    parser.add_argument("--footage", type=Path, help="a folder that keeps drawn footage for the next time")
    asked = parser.parse_args()
    parts = asked.part or ["cost", "speed", "found"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.footage or Path(temporary)
        if "speed" in parts:
            end_to_end(Path(temporary))
        torch.set_num_threads(1)
        if "cost" in parts:
            costs()
        for name in (asked.scene or ["ped2"]) if "found" in parts else ():
            there = scenes.scene(name, folder)
            for mode, seed in product(asked.mode or ["one_class", "merged", "partial"], asked.seeds):
                if there is not None:
                    measure(there, mode, seed)


if __name__ == "__main__":
    main()
