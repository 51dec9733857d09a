"""How fast and how right are poses? `python -m tests.bench.bench_pose [--frames 200] [--repeat 3]`

Speed, on street/vtest.avi beside the repository: each stage by itself on one thread, then the whole extraction with
people looked for in every frame, every fourth and every eighth. Accuracy for the same settings: PCK@0.2 against the
exact joints of drawn footage (a joint is right within 0.2 of the longer side of the person's box), over joints that can
be seen, and how many of the people were found at all, by their height. Without the networks nothing is measured. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from detectors import weights
from detectors.pose import PosedPerson, PoseSettings, extract
from detectors.pose.boxes import overlap
from detectors.pose.movenet import MoveNet
from detectors.pose.yolox import YoloX
from detectors.video import Video, VideoWriter
from fixtures import generate

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("VADREVIEW_SHARED", ROOT.parent / "shared")) / "data"
NEAR = 0.2
EVERY = (1, 4, 8)
GOAL = "goal 25 on 2 cores"
DRAWN = ("running", "fall")
SIZES = ((24, 48), (48, 72), (72, 10_000))  # heights in pixels
FOUND = 0.3  # overlap of boxes that makes a drawn and a found person the same


def figure(name: str, value: float, unit: str, compared_to: str | None = None) -> None:
    print(
        json.dumps({"figure": name, "value": round(value, 4), "unit": unit, "compared_to": compared_to}),
        flush=True,
    )


def median_s(work: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def measure_speed(frames: int, repeat: int, folder: Path) -> None:
    source = Video(SHARED / "street" / "vtest.avi")
    path = folder / "street.mp4"
    with VideoWriter(path, fps=source.fps, crf=16) as writer:
        for picture in source.frames(0, frames):
            writer.write(picture)
    video = Video(path)
    _ = video.n_frames, video.sha256
    pictures = list(video.frames())
    detector = YoloX(weights.path("yolox-nano"), device="cpu", weak=0.1, overlap=0.65)
    estimator = MoveNet(weights.path("movenet-lightning"))
    boxes = [detector.detect(picture)[0] for picture in pictures[::10]]
    estimator.pose(pictures[0], np.array([100, 100, 140, 200], np.float32))  # the first call makes buffers

    each = median_s(lambda: list(video.frames()), repeat) / len(pictures)
    figure("decode", 1000 * each, "ms a frame, 1 thread of Python")
    each = median_s(lambda: [detector.detect(picture) for picture in pictures[::10]], repeat)
    figure("detect", 1000 * each / len(boxes), "ms a frame, 1 thread")
    posed = [(pictures[10 * n], box) for n, found in enumerate(boxes) for box in found]
    each = median_s(lambda: [estimator.pose(picture, box) for picture, box in posed], repeat)
    figure("pose", 1000 * each / len(posed), "ms a person, 1 thread")
    for every in EVERY:
        rates, works, poses = [], [], 0
        for _ in range(repeat):
            began, before = time.perf_counter(), time.process_time()
            people = extract(video, PoseSettings(detect_every=every))
            rates.append(len(pictures) / (time.perf_counter() - began))
            works.append((time.process_time() - before) / len(pictures))
            poses = sum(len(person.frames) for person in people)
        said = f"{1000 * min(works):.0f} ms of processor time and {poses / len(pictures):.1f} poses a frame"
        figure(f"extract_every_{every}", statistics.median(rates), "frames/s", f"{GOAL}; {said}")


def measure_accuracy(folder: Path) -> None:
    clips = generate.make(folder, seed=3, plans=[generate.Plan("test", kind, 6) for kind in DRAWN])
    for every in EVERY:
        told = Accuracy()
        for clip in clips:
            with np.load(clip.truth, allow_pickle=False) as truth:
                people = extract(Video(clip.video), PoseSettings(detect_every=every))
                told.add(people, truth["keypoints"], truth["boxes"])
        name = f"drawn_every_{every}"
        figure(f"{name}_pck", told.right / max(told.seen, 1), "PCK@0.2 of the joints of people who are found")
        for low, high in SIZES:
            found, there = told.by_size[low]
            what = f"{low} pixels or more" if high > 1000 else f"{low} to {high} pixels"
            figure(f"{name}_found_{low}", found / max(there, 1), f"share of people of {what} found, by frame")
        figure(
            f"{name}_switches", 1000 * told.switches / max(told.found, 1), "changes of number in 1000 poses"
        )


class Accuracy:
    """How right people are in drawn clips."""

    def __init__(self) -> None:
        self.right = self.seen = self.found = self.switches = 0
        self.by_size = {low: [0, 0] for low, _ in SIZES}

    def add(self, people: tuple[PosedPerson, ...], joints: np.ndarray, boxes: np.ndarray) -> None:
        who: dict[int, int] = {}
        heights = boxes[..., 3] - boxes[..., 1]
        for frame in range(len(joints)):
            drawn = np.flatnonzero(
                (heights[frame] >= SIZES[0][0]) & ((joints[frame, :, :, 2] == 1).sum(1) >= 8)
            )
            pairs = {n: (pose, track) for n, pose, track in _matched(people, frame, boxes[frame][drawn])}
            for n, one in enumerate(drawn):
                low = next(low for low, high in SIZES if heights[frame, one] < high)
                self.by_size[low][1] += 1
                if n not in pairs:
                    continue
                self.by_size[low][0] += 1
                pose, track = pairs[n]
                exact = joints[frame, one]
                side = (boxes[frame, one, 2:] - boxes[frame, one, :2]).max()
                use = exact[:, 2] == 1
                self.right += int(
                    (np.linalg.norm(pose[use, :2] - exact[use, :2], axis=1) <= NEAR * side).sum()
                )
                self.seen += int(use.sum())
                self.found += 1
                self.switches += who.get(int(one), track) != track
                who[int(one)] = track


def _matched(
    people: tuple[PosedPerson, ...], frame: int, boxes: np.ndarray
) -> list[tuple[int, np.ndarray, int]]:
    """Pair drawn boxes with found people of a frame: (place in boxes, pose, track)."""
    here = [(p, int(i)) for p in people for i in np.flatnonzero(p.frames == frame)]
    if not here or not len(boxes):
        return []
    shared = overlap(boxes.astype(np.float32), np.stack([p.boxes[i] for p, i in here]))
    pairs = []
    while shared.max() >= FOUND:
        n, m = np.unravel_index(int(shared.argmax()), shared.shape)
        person, i = here[m]
        pairs.append((int(n), person.keypoints[i], person.track))
        shared[n], shared[:, m] = 0, 0
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--part", choices=("speed", "accuracy"))
    options = parser.parse_args()
    os.environ.pop("VADREVIEW_CACHE", None)
    if (SHARED / "models" / "yolox_nano.onnx").is_file():
        os.environ.setdefault(weights.FOLDER_VARIABLE, str(SHARED / "models"))
    elif not weights.place("yolox-nano").is_file():
        print("no networks on this machine: python -m detectors.weights fetch yolox-nano, movenet-lightning")
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.part != "accuracy" and (SHARED / "street" / "vtest.avi").is_file():
            measure_speed(options.frames, options.repeat, Path(folder))
        if options.part != "speed":
            measure_accuracy(Path(folder) / "drawn")


if __name__ == "__main__":
    main()
