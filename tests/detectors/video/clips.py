"""Clips that carry their own truth: every frame shows its number as black and white squares."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 10
HEIGHT, WIDTH = 96, 160
_ROWS, _COLUMNS = 2, 5


def numbered(n: int) -> np.ndarray:
    """uint8 RGB (96, 160, 3): frame number n in ten squares, most significant first, read like text."""
    bits = [(n >> (BITS - 1 - b)) & 1 for b in range(BITS)]
    squares = np.array(bits, dtype=np.uint8).reshape(_ROWS, _COLUMNS) * 220 + 16
    picture = np.kron(squares, np.ones((HEIGHT // _ROWS, WIDTH // _COLUMNS), dtype=np.uint8))
    return np.stack([picture] * 3, axis=-1)


def read_number(picture: np.ndarray) -> int:
    """The number that a picture shows, at whatever size it has."""
    gray = picture if picture.ndim == 2 else picture[..., 1]
    height, width = gray.shape
    n = 0
    for b in range(BITS):
        y = (2 * (b // _COLUMNS) + 1) * height // (2 * _ROWS)
        x = (2 * (b % _COLUMNS) + 1) * width // (2 * _COLUMNS)
        n = 2 * n + int(gray[y - 2 : y + 3, x - 2 : x + 3].mean() > 128)
    return n


def write(
    path: Path,
    *,
    n_frames: int = 60,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    ticks: list[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    stored_turns: int = 0,
    pix_fmt: str = "yuv420p",
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write numbered frames, shown at `ticks` of `time_base`, stored turned counterclockwise."""
    first = np.rot90(numbered(0), stored_turns)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *first.shape[:2], pix_fmt
        stream.options = options or {}
        stream.codec_context.time_base = time_base
        for n in range(n_frames):
            picture = np.ascontiguousarray(np.rot90(numbered(n), stored_turns))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = ticks[n] if ticks else n, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def set_display_matrix(path: Path, quarter_turns: int) -> None:
    """Make players turn an mp4 clockwise by some quarter turns, as phones do."""
    cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter_turns % 4]
    one = 1 << 16
    matrix = np.array([cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 1 << 30], dtype=">i4")
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44  # version 0: the matrix lies 44 bytes after the name of the box
    data[start : start + 36] = matrix.tobytes()
    path.write_bytes(data)


def variable_ticks(n_frames: int) -> list[int]:
    """Milliseconds of frames that come 15 to 130 ms apart."""
    gaps = np.random.default_rng(0).integers(15, 130, n_frames - 1)
    return [0, *np.cumsum(gaps).tolist()]


B_FRAMES = {"bf": "3", "g": "20", "sc_threshold": "0", "x264-params": "open-gop=1"}


def kinds(folder: Path) -> dict[str, Callable[[], Path]]:
    """One maker for each kind of file whose frame numbers are easily got wrong."""
    milliseconds = Fraction(1, 1000)
    late = [5000 + 40 * n for n in range(60)]
    realtime = {"deadline": "realtime", "g": "30"}

    def rotated(quarter_turns: int) -> Path:
        # Stored counterclockwise, so that the clockwise turn of the matrix makes it upright.
        path = write(folder / f"rotated{quarter_turns}.mp4", stored_turns=quarter_turns, options={"g": "12"})
        set_display_matrix(path, quarter_turns)
        return path

    return {
        "constant": lambda: write(folder / "constant.mp4", options={"bf": "0"}),
        "b-frames": lambda: write(folder / "b-frames.mp4", options=B_FRAMES),
        "variable": lambda: write(
            folder / "variable.mp4", ticks=variable_ticks(60), time_base=milliseconds, options=B_FRAMES
        ),
        "late start": lambda: write(
            folder / "late.mkv",
            ticks=late,
            time_base=milliseconds,
            options=B_FRAMES,
        ),
        "avi with b-frames": lambda: write(folder / "b-frames.avi", options=B_FRAMES),
        "rotated by 90": lambda: rotated(1),
        "rotated by 180": lambda: rotated(2),
        "rotated by 270": lambda: rotated(3),
        "vp9": lambda: write(folder / "clip.webm", codec="libvpx-vp9", options=realtime),
        "4:4:4": lambda: write(folder / "yuv444.mp4", pix_fmt="yuv444p"),
    }
