"""How fast and how right are poses? `python -m tests.bench.bench_pose [--frames 200] [--repeat 3]`

Speed, on street/vtest.avi beside the repository: each stage by itself on one thread, then the whole extraction with
people looked for in every frame and in every fourth. Accuracy: PCK@0.2 against the exact joints of drawn footage (a
joint is right within 0.2 of the longer side of the person's box), over joints that can be seen, and how many of the
people were found at all. Without the networks nothing is measured. Prints one JSON line a figure.
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
    for every in (1, 4):
        rates, works, poses = [], [], 0
        for _ in range(repeat):
            began, before = time.perf_counter(), time.process_time()
            people = extract(video, PoseSettings(detect_every=every))
            rates.append(len(pictures) / (time.perf_counter() - began))
            works.append((time.process_time() - before) / len(pictures))
            poses = sum(len(person.frames) for person in people)
        goal = "goal 25" if every == 4 else None
        figure(f"extract_every_{every}", statistics.median(rates), "frames/s", goal)
        figure(f"extract_every_{every}_work", 1000 * statistics.median(works), "ms of processor time a frame")
        figure(f"extract_every_{every}_poses", poses / len(pictures), "poses a frame")


def measure_accuracy(folder: Path) -> None:
    right = seen = found = there = switches = 0
    for clip in generate.make(folder, seed=3)[3:6]:
        with np.load(clip.truth, allow_pickle=False) as truth:
            joints, boxes = truth["keypoints"], truth["boxes"]
        people = extract(Video(clip.video))
        who: dict[int, int] = {}
        for frame in range(clip.n_frames):
            drawn = np.flatnonzero(
                (boxes[frame, :, 3] - boxes[frame, :, 1] >= 24) & ((joints[frame, :, :, 2] == 1).sum(1) >= 8)
            )
            there += len(drawn)
            for n, pose, track in _matched(people, frame, boxes[frame][drawn]):
                exact = joints[frame, drawn[n]]
                sides = boxes[frame, drawn[n], 2:] - boxes[frame, drawn[n], :2]
                use = exact[:, 2] == 1
                off = np.linalg.norm(pose[use, :2] - exact[use, :2], axis=1)
                right += int((off <= NEAR * sides.max()).sum())
                seen += int(use.sum())
                found += 1
                switches += who.get(int(drawn[n]), track) != track
                who[int(drawn[n])] = track
    figure("drawn_pck", right / max(seen, 1), "PCK@0.2 of the joints of people who are found")
    figure("drawn_people_found", found / max(there, 1), "share of drawn people, frame by frame")
    figure("drawn_switches", 1000 * switches / max(found, 1), "changes of number in 1000 poses")


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
    options = parser.parse_args()
    os.environ.pop("VADREVIEW_CACHE", None)
    if (SHARED / "models" / "yolox_nano.onnx").is_file():
        os.environ.setdefault(weights.FOLDER_VARIABLE, str(SHARED / "models"))
    elif not weights.place("yolox-nano").is_file():
        print("no networks on this machine: python -m detectors.weights fetch yolox-nano, movenet-lightning")
        return
    with tempfile.TemporaryDirectory() as folder:
        if (SHARED / "street" / "vtest.avi").is_file():
            measure_speed(options.frames, options.repeat, Path(folder))
        measure_accuracy(Path(folder) / "drawn")


if __name__ == "__main__":
    main()
