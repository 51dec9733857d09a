"""How fast does STG-NF train and score? `python -m tests.bench.bench_stgnf [--people 40]`

Compared to the released code written down plainly in `plain_stgnf`: every joint through every layer, segments turned
over and normalised one by one in a DataLoader. Both begin from tracks (ours) or from ready segments in pixels (plain, which
is to its advantage), and both must give the same losses, weights and scores. Times are of one core's work, taken in
turns, so that other work on the machine counts less. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable

import numpy as np
import torch

from detectors.pose.people import PosedPerson, boxes_around, to_openpose
from detectors.stgnf import training
from detectors.stgnf.config import StgNfConfig
from detectors.stgnf.frozen import Frozen
from detectors.stgnf.fused import Flat, Fused
from detectors.stgnf.segments import Cut, joined, segments_of
from tests.bench.plain_stgnf import PlainStgNf, plain_epoch, plain_scores

FRAMES = 300
BATCH = 256


def walkers(count: int) -> list[PosedPerson]:
    random = np.random.default_rng(0)
    times = np.arange(FRAMES)[:, None]
    people = []
    for track in range(count):
        joints = random.uniform([0, 0], [60, 160], (17, 2))[None] + random.uniform(100, 300, (1, 1, 2))
        swing = 15 * np.sin(times / random.uniform(3, 6) + random.uniform(0, 6, (1, 17)))
        joints = (
            joints + np.stack([swing + 2 * times, swing / 3], axis=-1) + random.normal(0, 1, (FRAMES, 17, 2))
        )
        poses = np.concatenate([joints, np.ones((FRAMES, 17, 1))], axis=-1).astype(np.float32)
        people.append(PosedPerson(track, np.arange(FRAMES), boxes_around(poses), poses))
    return people


def in_pixels(people: list[PosedPerson], cut: Cut) -> np.ndarray:
    """The segments before they are normalised, (N, 3, T, 18), as the released code keeps them."""
    found = []
    for person in people:
        poses = to_openpose(person.keypoints).transpose(2, 0, 1)
        starts = range(0, len(person.frames) - cut.length + 1, cut.stride)
        found += [poses[:, start : start + cut.length] for start in starts]
    return np.stack(found).astype(np.float32)


def in_turns(works: list[Callable[[], object]], *, repeats: int) -> list[float]:
    """The least processor time of each, in seconds."""
    found = [float("inf")] * len(works)
    for _ in range(repeats):
        for i, work in enumerate(works):
            began = time.process_time()
            work()
            found[i] = min(found[i], time.process_time() - began)
    return found


def train(people: list[PosedPerson], config: StgNfConfig, *, repeats: int) -> None:
    start = training.make_network(config, seed=0, supervised=False)
    cut = training.cut_of(config, stride=config.training_stride)
    pixels = in_pixels(people, cut)
    poses = training.Poses(joined(list(segments_of(people, cut))).planes, np.full(len(pixels), -1, np.int8))
    sampler = training.Sampler(poses, config, seed=0)
    order = np.random.default_rng([0, 0]).permutation(2 * len(pixels)).tolist()
    results: dict[str, tuple[torch.nn.Module, list[float]]] = {}

    def ours() -> None:
        network = copy.deepcopy(start).train()
        cutting = joined(list(segments_of(people, cut))).planes
        sampler = training.Sampler(training.Poses(cutting, poses.labels), config, seed=0)
        flat = Flat(network)
        fused = Fused(network, flat)
        optimiser = torch.optim.Adamax([flat.vector], lr=config.learning_rate, foreach=False)
        losses = []
        for planes, _ in sampler.epoch(0):
            if not losses:
                network.start(planes)
            losses.append(fused.loss(planes, means=network.prior_mean))
            torch.nn.utils.clip_grad_norm_([flat.vector], config.clip_norm)
            optimiser.step()
        results["ours"] = network, losses

    def plain() -> None:
        network = PlainStgNf()
        network.load_state_dict(start.state_dict())
        optimiser = torch.optim.Adamax(network.parameters(), lr=config.learning_rate)
        results["plain"] = (
            network,
            plain_epoch(network, pixels, optimiser=optimiser, batch=BATCH, order=order),
        )

    fast, slow = in_turns([ours, plain], repeats=repeats)
    (one, our_losses), (other, plain_losses) = results["ours"], results["plain"]
    apart = float(np.abs(np.array(our_losses) - plain_losses).max())
    assert apart < 1e-3, f"losses differ by {apart:g} bits per dimension"
    weights = max(
        float((a - b).detach().abs().max())
        for a, b in zip(one.parameters(), other.parameters(), strict=True)
        if a.numel() != 2 or a.ndim != 1  # not biases before a batch norm, whose gradient is rounding
    )
    assert weights < 1e-2, f"weights differ by {weights:g}"
    items = 2 * len(pixels)
    assert sampler.steps == len(our_losses)
    figure("training, one pass", items / fast, items / slow, f"losses within {apart:.0e}")


def score(people: list[PosedPerson], config: StgNfConfig, *, repeats: int) -> None:
    network = training.make_network(config, seed=0, supervised=False)
    cut = training.cut_of(config, stride=1)
    first = next(segments_of(people, cut))
    network.start((torch.from_numpy(first.planes[0]), torch.from_numpy(first.planes[1])))
    plainly = PlainStgNf()
    plainly.load_state_dict(network.state_dict())
    for step in plainly.flow.layers:
        step.actnorm.started = True
    pixels = in_pixels(people, cut)
    results: dict[str, np.ndarray] = {}

    def ours() -> None:
        frozen = Frozen(network)
        results["ours"] = np.concatenate([-frozen.bits(part.planes)[0] for part in segments_of(people, cut)])

    def plain() -> None:
        results["plain"] = plain_scores(plainly, pixels, batch=BATCH)

    fast, slow = in_turns([ours, plain], repeats=repeats)
    apart = float(np.abs(results["ours"] - results["plain"]).max())
    assert apart < 2e-4, f"scores differ by {apart:g} bits per dimension"
    figure("scoring", len(pixels) / fast, len(pixels) / slow, f"scores within {apart:.0e}")


def figure(name: str, ours: float, plain: float, same: str) -> None:
    line = {
        "figure": name,
        "value": round(ours),
        "unit": "segments/s on one core",
        "compared_to": f"{plain:.0f} plainly: {ours / plain:.1f} times as fast, {same}",
    }
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    config = StgNfConfig(batch_size=BATCH)
    people = walkers(asked.people)
    train(people, config, repeats=asked.repeats)
    score(people[: max(2, asked.people // 4)], config, repeats=asked.repeats)


if __name__ == "__main__":
    main()
