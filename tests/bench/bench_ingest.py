"""How fast is ingest? `python -m tests.bench.bench_ingest [--seconds 60] [--repeat 3]`

Ingests a generated 720p clip, and makes the same proxy from it with a plain PyAV loop (same decoder
threads, same x264 settings, nothing else), in turns. Prints one JSON line a figure.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from detectors.video import proxy
from detectors.video.encode import x264_options
from vadreview.footage import media

FPS = 25
HEIGHT, WIDTH = 720, 1280


def scene(n_frames: int, *, seed: int = 0) -> Iterator[np.ndarray]:
    """A still, noisy camera view with a few things moving through it: uint8 RGB frames."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
    ground = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noise = [rng.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(np.int8) for _ in range(16)]
    things = rng.integers([0, 100, 1, 30, 60], [WIDTH, HEIGHT - 200, 7, 80, 160], (8, 5))
    paint = rng.integers(0, 255, (8, 3))
    for n in range(n_frames):
        picture = np.clip(ground.astype(np.int16) + noise[n % 16], 0, 255).astype(np.uint8)
        for (x, y, speed, width, height), colour in zip(things, paint, strict=True):
            left = int(x + speed * n) % WIDTH
            cv2.rectangle(picture, (left, int(y)), (left + int(width), int(y + height)), colour.tolist(), -1)
        yield picture


def make_clip(path: Path, seconds: int) -> None:
    """A clip as cameras and phones write them: H.264 with B-frames and key frames ten seconds apart."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "23", "bf": "2", "g": str(10 * FPS)}
        for picture in scene(seconds * FPS):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def plain_loop(source: Path, target: Path) -> int:
    """The same proxy as anybody would make it with PyAV; returns how many frames it holds."""
    n = 0
    with av.open(str(source)) as old, av.open(str(target), "w", options={"movflags": "+faststart"}) as new:
        decoded = old.streams.video[0]
        decoded.thread_type = "AUTO"
        stream = new.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = x264_options(crf=proxy.CRF, gop=proxy.GOP, preset=proxy.PRESET)
        stream.codec_context.thread_count = proxy.threads()
        for frame in old.decode(decoded):
            frame.pts, frame.time_base, frame.pict_type = n, Fraction(1, FPS), 0
            new.mux(stream.encode(frame))
            n += 1
        new.mux(stream.encode(None))
    return n


def seconds_of(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds", type=int, default=60, help="length of the clip (600 for the real figure)"
    )
    parser.add_argument("--repeat", type=int, default=3, help="times each way is measured; the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "clip.mp4")
        make_clip(source, options.seconds)
        plain, ours = [], []
        for _ in range(options.repeat):
            plain.append(seconds_of(lambda: plain_loop(source, Path(folder, "plain.mp4"))))
            ours.append(seconds_of(lambda: media.ingest(source, Path(folder, "out"))))
        plain_s, ours_s = statistics.median(plain), statistics.median(ours)
        proxied = Path(folder, "out", "proxy.mp4")
        last = options.seconds * FPS - 1
        still_s = statistics.median(
            seconds_of(lambda n=n: media.still(proxied, n)) for n in range(0, last, max(1, last // 50))
        )
    for figure, value, unit, compared_to in (
        ("ingest_speed", options.seconds / ours_s, "seconds of 720p footage a second", None),
        ("plain_pyav_speed", options.seconds / plain_s, "seconds of 720p footage a second", None),
        (
            "ingest_relative_speed",
            plain_s / ours_s,
            "ratio",
            "plain PyAV loop, same x264 settings; at least 0.6",
        ),
        ("still_latency", 1000 * still_s, "ms", None),
    ):
        print(
            json.dumps(
                {"figure": figure, "value": round(value, 3), "unit": unit, "compared_to": compared_to}
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
