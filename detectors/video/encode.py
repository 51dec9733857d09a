"""Writing H.264 mp4 files."""

from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import (
    ColorRange,
    Colorspace,
    Interpolation,
    VideoReformatter,
)

_BT709 = 1  # in the numbering of AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic
_FASTSTART = {"movflags": "+faststart"}


def x264_options(*, crf: int, gop: int, preset: str) -> dict[str, str]:
    """x264 settings of every file we write: a key frame exactly every `gop` frames, no B-frames."""
    return {
        "crf": str(crf),
        "preset": preset,
        "bf": "0",
        "g": str(gop),
        "keyint_min": str(gop),
        "sc_threshold": "0",
        "a53cc": "0",
    }


class H264File:
    """An mp4 of decoded frames: H.264 yuv420p, constant rate, no B-frames, a key frame every `gop`,
    faststart.

    Each frame added becomes exactly one frame of the file. `finish` must be called; without it the file is
    incomplete.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        width: int,
        height: int,
        fps: Fraction,
        crf: int = 23,
        gop: int = 12,
        preset: str = "veryfast",
        threads: int = 0,
        colors: tuple[int, int, int] = (_BT709, _BT709, _BT709),
    ) -> None:
        self._container = av.open(
            f"file:{Path(path).absolute()}", "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._fps = Fraction(fps)
        stream = self._container.add_stream("libx264", rate=self._fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {**x264_options(crf=crf, gop=gop, preset=preset)}
        codec = stream.codec_context
        codec.thread_count = threads
        codec.time_base = 1 / self._fps
        codec.colorspace, codec.color_primaries, codec.color_trc = colors
        codec.color_range = ColorRange.MPEG
        self._stream = stream
        self.n_frames = 0

    def add(self, frame: VideoFrame) -> None:
        """Append one yuv420p frame of the file's size."""
        frame.pts = self.n_frames
        frame.time_base = 1 / self._fps
        frame.pict_type = 0  # otherwise x264 repeats the key frames of the source
        self.n_frames += 1
        self._mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds and close the file."""
        self._mux(self._stream.encode(None))
        self._container.close()

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            packet.duration = 1  # in the encoder's time base: one frame
            self._container.mux(packet)


def retime(source: str | Path, target: str | Path, *, fps: Fraction) -> None:
    """Copy an mp4 of ours, frame for frame, to another constant rate."""
    tick = 1 / Fraction(fps)
    with (
        av.open(f"file:{Path(source).absolute()}", format="mov") as old,
        av.open(f"file:{Path(target).absolute()}", "w", format="mp4", options=_FASTSTART) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0])
        stream.time_base = tick
        packets = (packet for packet in old.demux(old.streams.video[0]) if packet.size)
        for n, packet in enumerate(packets):
            packet.stream = stream
            packet.time_base = tick
            packet.pts = packet.dts = n
            packet.duration = 1
            new.mux(packet)


def packet_count(path: str | Path) -> int:
    """How many frames an mp4 of ours holds, without decoding."""
    with av.open(f"file:{Path(path).absolute()}", format="mov") as container:
        return sum(1 for packet in container.demux(container.streams.video[0]) if packet.size)


class VideoWriter:
    """Write uint8 RGB (H, W, 3) or gray (H, W) arrays as an H.264 mp4; a context manager.

    Odd heights and widths are made even by dropping the last row or column, as H.264 in yuv420p demands.
    `crf`: 0 is lossless, 18 looks lossless, 23 is usual, 51 worst. BT.709 colours, limited range.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        fps: Fraction | int = 25,
        crf: int = 20,
        gop: int = 12,
        preset: str = "veryfast",
    ) -> None:
        self._path = Path(path)
        self._open = partial(H264File, self._path, fps=Fraction(fps), crf=crf, gop=gop, preset=preset)
        self._reformatter = VideoReformatter()
        self._file: H264File | None = None
        self._shape: tuple[int, int] = (0, 0)

    @property
    def n_frames(self) -> int:
        return self._file.n_frames if self._file else 0

    def write(self, picture: np.ndarray) -> None:
        """Append one picture; all must have the size of the first."""
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
            raise ValueError(f"pictures are uint8 (H, W, 3) or (H, W), not {picture.dtype} {picture.shape}")
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        if self._file is None:
            self._shape = (height, width)
            self._file = self._open(width=width, height=height)
        if self._shape != (height, width):
            raise ValueError(
                f"this picture is {height} x {width}; the first was {self._shape[0]} x {self._shape[1]}"
            )
        cropped = np.ascontiguousarray(picture[:height, :width])
        frame = VideoFrame.from_ndarray(cropped, format="gray" if picture.ndim == 2 else "rgb24")
        self._file.add(
            self._reformatter.reformat(
                frame,
                format="yuv420p",
                interpolation=Interpolation.BILINEAR,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
        )

    def close(self) -> None:
        """Complete the file. Raises ValueError when nothing was written."""
        if self._file is None:
            raise ValueError("a video needs at least one picture")
        self._file.finish()

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ):
        if kind is None:
            self.close()
        elif self._file is not None:
            self._path.unlink(missing_ok=True)


def encode(
    path: str | Path,
    pictures: Iterable[np.ndarray],
    *,
    fps: Fraction | int = 25,
    crf: int = 20,
    gop: int = 12,
    preset: str = "veryfast",
) -> int:
    """Write uint8 RGB or gray pictures as an H.264 mp4; returns how many frames it holds. See VideoWriter."""
    with VideoWriter(path, fps=fps, crf=crf, gop=gop, preset=preset) as writer:
        for picture in pictures:
            writer.write(picture)
        return writer.n_frames
