"""How fast is the reference preset, and does memory stay bounded? `python -m tests.bench.bench_pseudoanomaly`

Speed is compared to the reference loop written down plainly: every clip of 16 frames read on its own, resized,
one layer after the other in plain memory order, all 16 frames rebuilt for the one that is scored; in training, two
of five clips are pseudo-anomalies, whose pictures the reference reads from disk as it does the normal ones, and which
we make. Both give the same numbers. Beside it stands the most that any exact way with these convolutions can gain:
their time alone, forward and backward, without norms, activations, optimiser and data. Times are of one core's work,
so that other work on the machine counts less. Memory is the peak
of a process that learns from, or scores, one long video. Prints one JSON line a figure.

    --part speed --side 256
    --part memory --minutes 10 30 120 --fps 2
    --part ablation --seeds 0 1 2 --size 32 --steps 420

The ablation (tests/bench/ablation_pseudoanomaly.py) runs only when it is asked for.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

import detectors
from detectors.pictures import pictures
from detectors.pseudoanomaly import plain, rebuilding, training
from detectors.pseudoanomaly.config import PseudoAnomalyConfig
from detectors.pseudoanomaly.material import Stretch
from detectors.pseudoanomaly.network import WINDOW, ConvAutoencoder
from detectors.pseudoanomaly.pairs import AppearancePairs
from detectors.video import Video, VideoWriter
from tests.bench import ablation_pseudoanomaly as ablation

HEIGHT, WIDTH = 240, 360


def figure(name: str, value: float, unit: str, compared_to: str | None = None) -> None:
    line = {"figure": name, "value": round(value, 4), "unit": unit, "compared_to": compared_to}
    print(json.dumps(line), flush=True)


def picture(n: int, *, height: int, width: int) -> np.ndarray:
    """One frame of a street in which a few blocks walk."""
    drawn = np.full((height, width, 3), 90, np.uint8)
    for i in range(4):
        left = int((n * (0.5 + 0.2 * i) + 40 * i) % width)
        drawn[i * height // 4 : i * height // 4 + height // 6, left : left + width // 10] = 180 + 10 * i
    return drawn


def film(path: Path, n_frames: int, *, fps: float, height: int, width: int) -> Video:
    with VideoWriter(path, fps=Fraction(fps).limit_denominator(100), preset="ultrafast") as writer:
        for n in range(n_frames):
            writer.write(picture(n, height=height, width=width))
    return Video(path)


def plain_clip(files: list[Path], start: int, side: int) -> torch.Tensor:
    """Read one clip as the reference does: every picture of it from disk, (1, 3, 16, side, side)."""
    read = [np.asarray(cv2.imread(str(file))) for file in files[start : start + WINDOW]]
    scaled = [cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA)[..., ::-1] / 127.5 - 1 for p in read]
    return torch.from_numpy(np.stack(scaled).astype(np.float32)).permute(3, 0, 1, 2)[None]


def plain_scores(network: nn.Module, files: list[Path], side: int, count: int) -> np.ndarray:
    errors = []
    with torch.no_grad():
        for start in range(count):
            clip = plain_clip(files, start, side)
            errors.append(float((network(clip) - clip)[:, :, 8].square().mean()))
    return np.array(errors)


def bare(network: ConvAutoencoder) -> ConvAutoencoder:
    """The convolutions of a network and nothing else, in the memory order in which they are fast."""
    found = copy.deepcopy(network)
    for layer in [*found.encoder, *found.decoder]:
        if isinstance(layer, nn.Sequential):
            del layer[1:]
    found.decoder[4] = nn.Identity()
    return found.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]


def work_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def speed(folder: Path, *, clips: int, side: int) -> None:
    config = detectors.configure("pseudoanomaly", preset="paper", precision="float32", size=side)
    assert isinstance(config, PseudoAnomalyConfig)
    n_frames = max(clips, 4) + WINDOW - 1
    video = film(folder / "street.mp4", n_frames, fps=10, height=HEIGHT, width=WIDTH)
    files = []
    for n, frame in enumerate(video.frames()):
        files.append(folder / f"{n:04}.png")
        cv2.imwrite(str(files[-1]), frame[..., ::-1])
    network = training.of(training.make_networks(config, seed=0), "appearance").eval()
    found: dict[str, np.ndarray] = {}

    def slow() -> None:
        found["slow"] = plain_scores(network, files, side, clips)

    def fast() -> None:
        stream = (piece for _, piece in pictures(Video(folder / "street.mp4"), side=side, colour=True))
        rebuilt = rebuilding.rebuild(
            network,
            stream,
            n_frames,
            units=plain.units,
            look=plain.look,
            config=config,
            device=torch.device("cpu"),
        )
        found["fast"] = np.concatenate([part.error for part in rebuilt])

    alone = bare(network)
    pair = torch.zeros(2, 3, WINDOW, side, side).contiguous(memory_format=torch.channels_last_3d)

    def convolutions() -> None:
        with torch.inference_mode():
            alone.decode(alone.encode(pair), slice(8, 9))

    times = [work_s(slow) / clips]
    network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    times.append(work_s(fast) / n_frames)
    convolutions()
    times.append(min(work_s(convolutions) for _ in range(2)) / 2)
    apart = float(np.abs(found["fast"][8:][:clips] / found["slow"] - 1).max())
    figure(
        f"scoring of pictures, paper preset, {side} x {side}",
        1 / times[1],
        "frames/s on one core",
        f"{times[0] / times[1]:.2f} times as fast as the plain loop, of {times[0] / times[2]:.2f} if only its "
        f"convolutions were left; errors within {apart:.1e} of themselves",
    )
    _train_speed(config, files, side)


def _train_speed(config: PseudoAnomalyConfig, files: list[Path], side: int) -> None:
    batch, steps = 2, 2
    stack = np.stack([(plain_clip(files, n, side)[0, :, 0].numpy() + 1) * 127.5 for n in range(WINDOW + 3)])
    stretch = Stretch(
        np.full(len(stack), -1, np.int8), np.zeros(len(stack), bool), pictures=np.rint(stack).astype(np.uint8)
    )
    quick = config.model_copy(
        update={
            "streams": "appearance",
            "batch_size": batch,
            "epochs": 1,
            "min_steps": steps,
            "masks": "irregular",
        }
    )
    random = np.random.default_rng(0)

    def ours() -> None:
        networks = training.make_networks(quick, seed=0)
        sampler = training.Sampler(
            [stretch], AppearancePairs([stretch], quick), quick, ratio=quick.appearance_ratio, seed=0
        )
        training.train(
            networks,
            {"appearance": sampler},
            quick,
            device=torch.device("cpu"),
            progress=lambda progress: None,
            checkpoint=None,
            fingerprint="",
        )

    def reference() -> None:
        network = training.of(training.make_networks(quick, seed=0), "appearance").train()
        optimiser = torch.optim.Adam(network.parameters(), lr=quick.learning_rate)
        for step in range(steps):
            clips = []
            for i in range(batch):
                target = plain_clip(files, (step + i) % 4, side)
                strange = random.random() < quick.appearance_ratio
                clips.append((plain_clip(files, step % 4, side) if strange else target.clone(), target))
            seen, target = (torch.cat(part) for part in zip(*clips, strict=True))
            loss = nn.functional.mse_loss(network(seen), target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    alone = bare(training.of(training.make_networks(quick, seed=0), "appearance")).train()
    seen = torch.rand(batch, 3, WINDOW, side, side).contiguous(memory_format=torch.channels_last_3d)

    def convolutions() -> None:
        for _ in range(steps):
            output = alone(seen)
            output.backward(output.detach())

    # They take turns, so that all see the same machine.
    least = [math.inf] * 3
    for _ in range(2):
        for i, work in enumerate((reference, ours, convolutions)):
            least[i] = min(least[i], work_s(work) / (steps * batch))
    figure(
        f"training on pictures, paper preset, {side} x {side}",
        1 / least[1],
        "clips/s on one core",
        f"{least[0] / least[1]:.2f} times as fast as the plain loop, of {least[0] / least[2]:.2f} if only its "
        "convolutions were left",
    )


def child(work: str, video: Path, model: Path) -> None:
    """Learn from or score one video, and print the peak memory of this process in MB."""
    if work == "fit":
        detector = detectors.create(
            "pseudoanomaly", size=32, epochs=1, min_steps=20, training_stride=64, device="cpu"
        )
        detector.fit([Video(video)]).save(model)
    else:
        scores = detectors.load(model, device="cpu").score(Video(video))
        assert scores.heatmaps is not None
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory(folder: Path, *, minutes: list[int], fps: float) -> None:
    for length in sorted(minutes):
        n_frames = round(length * 60 * fps)
        video = folder / f"{length}.mp4"
        film(video, n_frames, fps=fps, height=96, width=128)
        for work in ("fit", "score"):
            began = time.perf_counter()
            printed = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "tests.bench.bench_pseudoanomaly",
                    "--child",
                    work,
                    video,
                    folder / "model",
                ],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
            figure(
                f"{work} {length} min, peak memory",
                float(printed.splitlines()[-1]),
                "MB",
                f"{n_frames} frames in {time.perf_counter() - began:.0f} s",
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--part", choices=["speed", "memory", "ablation"])
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--side", type=int, choices=[32, 64, 128, 256], default=256)
    parser.add_argument("--minutes", type=int, nargs="+", default=[10, 30, 120])
    parser.add_argument("--fps", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--size", type=int, choices=[32, 64, 128, 256], default=32)
    parser.add_argument(
        "--steps", type=int, default=420, help="least number of training steps of the ablation"
    )
    parser.add_argument("--trainings", type=int, nargs="+", choices=[0, 1, 2], default=[0, 1, 2])
    parser.add_argument("--child", nargs=3, metavar=("WORK", "VIDEO", "MODEL"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.child:
        child(asked.child[0], Path(asked.child[1]), Path(asked.child[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        if asked.part == "ablation":
            ablation.run(
                Path(name),
                seeds=asked.seeds,
                size=asked.size,
                steps=asked.steps,
                trainings=[list(ablation.TRAININGS)[i] for i in asked.trainings],
                figure=figure,
            )
        if asked.part in (None, "speed"):
            speed(Path(name), clips=asked.clips, side=asked.side)
        if asked.part in (None, "memory"):
            memory(Path(name), minutes=asked.minutes, fps=asked.fps)


if __name__ == "__main__":
    main()
