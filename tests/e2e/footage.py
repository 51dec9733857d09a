"""Footage whose frames say their own number, so that a picture on the screen can be told from its neighbours.

Ten squares along the top are the bits of the frame number; below them a white blob moves on a dark ground.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 320, 240
BITS, SIDE = 10, 32
BLOB = 20
RATE = 25
FRAMES = 200


def blob(n: int) -> tuple[float, float]:
    """Return the middle of the blob in frame n, in pixels."""
    return 40.0 + (n * 7) % (WIDTH - 80), 70.0 + (n * 3) % (HEIGHT - 110)


def picture(n: int) -> np.ndarray:
    """Draw frame n; uint8 (HEIGHT, WIDTH, 3)."""
    drawn = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    for bit in range(BITS):
        drawn[0:SIDE, bit * SIDE : (bit + 1) * SIDE] = 230 if n >> bit & 1 else 20
    x, y = (int(part) for part in blob(n))
    drawn[y - BLOB : y + BLOB, x - BLOB : x + BLOB] = 255
    return drawn


def write(path: Path, *, uneven: bool = False, turned: bool = False, frames: int = FRAMES) -> Path:
    """Write `frames` (at most 1,024) as H.264; `uneven` lets their times vary, `turned` stores them on their side."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height = (HEIGHT, WIDTH) if turned else (WIDTH, HEIGHT)
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        at = 0
        for n in range(frames):
            pixels = np.ascontiguousarray(np.rot90(picture(n))) if turned else picture(n)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            at += 40 if not uneven else (20, 40, 90, 33, 130)[n % 5]
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    if turned:
        _turn(path)
    return path


def _turn(path: Path) -> None:
    """Say in the file that its pictures are to be shown turned by 90 degrees clockwise (the matrix of tkhd)."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # version and flags; times, ids, duration; reserved
    matrix = (0, 0x10000, 0, 0xFFFF0000, 0, 0, WIDTH << 16, 0, 0x40000000)
    content[place : place + 36] = b"".join(value.to_bytes(4, "big") for value in matrix)
    path.write_bytes(content)


# Reads the number that a picture shows; `source` is a <video>, a <canvas> or an <img>. Null: nothing painted.
READ_NUMBER = """
(source) => {
  const [width, height] = [source.videoWidth || source.width, source.videoHeight || source.height];
  if (!width || !height) return null;
  const copy = new OffscreenCanvas(320, 240);
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, 0, 0, 320, 240);
  let number = 0;
  for (let bit = 0; bit < 10; bit += 1) {
    const [value] = pen.getImageData(bit * 32 + 16, 16, 1, 1).data;
    if (value > 125) number += 2 ** bit;
  }
  return number;
}
"""
