"""What does DiffVAD find, and what does it cost? `python -m tests.bench.bench_diffvad [--seeds 0 1 2] [--mode merged]`

Where Ped2 is beside the repository: frame AUC by round of its labels (does refinement help?), with one pattern and
with all of them, beside the untrained motion of the same cells; `partial` learns from the test clips alone, `merged`
from all. Everywhere: the cost of sampling and of making labels, against the plain form of both, and the size of the
records. Times are of one core's work. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import detectors
from detectors.base import Progress, Video
from detectors.diffusion import ddpm
from detectors.diffvad import network, sampling, scoring
from detectors.diffvad.config import DiffVADConfig
from detectors.diffvad.detector import DiffVAD
from detectors.evaluation import gaussian, read_labels
from detectors.metrics import frame_metrics
from detectors.video import find_videos

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared"))
PED2 = SHARED / "data" / "ped2"
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


def smoothed_auc(curves: dict, truth: dict) -> float:
    return frame_metrics({name: gaussian(curve) for name, curve in curves.items()}, truth)["micro_auc"]


def by_round(detector: DiffVAD, videos: list[Video], number: int) -> dict:
    """Frame curves of the distances of one round, of training videos."""
    found = {}
    for video in videos:
        history = detector.bank_.history_of(video, detector.config)
        first = history.starts + detector.config.history
        found[video.name] = scoring.over_frames(
            history.distance[number], first, video.n_frames, detector.config
        )
    return found


def ped2(mode: str, seed: int) -> None:
    truth = read_labels(PED2 / "frame_labels.json")
    test = find_videos(PED2 / "testing")
    train = [
        Video(PED2 / "training" / f"{v.name}.mp4", name=f"train-{v.name}")
        for v in find_videos(PED2 / "training")
    ]
    footage = {"merged": train + test, "partial": test, "one_class": train}[mode]
    clock, tag = Clock(), f"ped2_{mode}_seed{seed}"
    detector = detectors.create("diffvad", seed=seed, mode=mode)
    assert isinstance(detector, DiffVAD)
    detector.fit(footage, progress=clock)
    learning = clock.spent["training"] + clock.spent["labels"]
    figure(
        f"{tag}_training", learning, "s of one core", f"labels {clock.spent['labels'] / learning:.2f} of it"
    )
    scores = {video.name: detector.score(video) for video in test}
    motion = {name: found.tracks["motion_strongest_cell"].values for name, found in scores.items()}
    baseline = smoothed_auc(motion, truth)
    if mode != "one_class":
        for number in range(len(detector.bank_.rounds)):
            auc = smoothed_auc(by_round(detector, test, number), truth)
            name = "warmup" if number == 0 else f"round{number}"
            figure(f"{tag}_{name}", auc, "micro AUC, Gauss 5", f"untrained motion {baseline:.3f}")
    figure(
        f"{tag}_10_patterns_nearest",
        smoothed_auc({name: found.frames for name, found in scores.items()}, truth),
        "micro AUC, Gauss 5",
        f"untrained motion {baseline:.3f}",
    )
    for patterns, over in ((1, "mean"), (10, "mean")):
        detector.config = detector.config.model_copy(update={"patterns": patterns, "over_patterns": over})
        curves = {video.name: detector.score(video).frames for video in test}
        figure(f"{tag}_{patterns}_patterns_mean", smoothed_auc(curves, truth), "micro AUC, Gauss 5")
    records(scores[test[0].name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--mode", action="append", choices=["merged", "partial", "one_class"])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    costs()
    if not PED2.is_dir():
        return
    for mode in asked.mode or ["merged", "partial", "one_class"]:
        for seed in asked.seeds:
            ped2(mode, seed)


if __name__ == "__main__":
    main()
