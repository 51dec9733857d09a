"""Opening a video file safely and decoding its pictures in presentation order.

The demuxer is forced from the file's first bytes, only the `file` protocol exists, and only decoders of the
list below may run: a hostile file can name neither a URL, nor another file, nor an exotic decoder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from .errors import UnreadableVideo
from .limits import cores
from .sniff import Format, sniff

_DECODERS = (
    "h264,hevc,av1,libdav1d,vp8,vp9,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v1,msmpeg4v2,"
    "h263,h263p,flv,mjpeg,mjpegb,prores,dnxhd,dvvideo,ffv1,huffyuv,ffvhuff,utvideo,rawvideo,png,gif,theora,"
    "svq1,svq3,cinepak,qtrle,wmv1,wmv2,wmv3,vc1,cavs,msvideo1,bmp"
)
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif",
    "codec_whitelist": _DECODERS,
}
# Codecs with packets that hold no picture of their own: a short count is then no sign of a lost picture.
_SERIAL_CODECS = frozenset({"vp8", "mpeg4", "gif"})
MAX_PIXELS = 8192 * 8192

_NOTHING_DECODES = (
    "The file opens, but not one picture in it can be decoded. It is probably incomplete or damaged; "
    "copy it again from where it was recorded."
)


@dataclass(frozen=True)
class Orientation:
    """How stored pictures become upright ones: transpose first, then mirror."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False
    rotation: int = 0  # degrees clockwise: 0, 90, 180 or 270

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """A view of the picture (H, W, ...) turned upright."""
        if self.transpose:
            picture = picture.swapaxes(0, 1)
        if self.flip_x:
            picture = picture[:, ::-1]
        if self.flip_y:
            picture = picture[::-1]
        return picture

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) after turning; its own inverse."""
        return (width, height) if self.transpose else (height, width)


UPRIGHT = Orientation()


def orientation(frame: VideoFrame) -> Orientation:
    """The turn that a frame's display matrix asks for, to the nearest quarter turn."""
    try:
        matrix = frame.side_data["DISPLAYMATRIX"]  # type: ignore[typeddict-item]  # the stub is short
    except KeyError:
        return UPRIGHT
    a, b, _, c, d = np.frombuffer(memoryview(matrix), dtype=np.int32)[:5].tolist()
    rotation = round(-frame.rotation / 90) % 4 * 90
    if abs(b) > abs(a):
        return Orientation(True, flip_x=c < 0, flip_y=b < 0, rotation=rotation)
    return Orientation(False, flip_x=a < 0, flip_y=d < 0, rotation=rotation)


@contextmanager
def open_video(
    path: str | Path, *, serial: bool = False, max_pixels: int = MAX_PIXELS, max_streams: int = 64
) -> Iterator[tuple[InputContainer, VideoStream, Format]]:
    """Open a file for decoding: its container, its first video track and its format.

    `serial` decodes on one thread; see `Pictures`. Cover pictures do not count as video tracks.
    Raises UnreadableVideo.
    """
    path = Path(path)
    found = sniff(path)
    options = _OPTIONS | {"max_streams": str(max_streams)}
    # "file:" keeps a name such as "http:x.mp4" a name.
    with _translated(path):
        container = av.open(f"file:{path.absolute()}", format=found.demuxer, options=options)
    with container:
        tracks = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not tracks:
            raise UnreadableVideo("The file holds no video track (only sound or data).", path=path)
        stream = tracks[0]
        codec = stream.codec_context
        if codec is None:
            raise UnreadableVideo("The video is compressed in a way this program cannot decode.", path=path)
        if codec.name not in _DECODERS.split(","):
            raise UnreadableVideo(
                f"The video is compressed with {codec.name}, which is not accepted; convert it to H.264.",
                path=path,
            )
        if codec.width * codec.height > max_pixels:
            raise UnreadableVideo(
                f"Each picture has {codec.width} x {codec.height} pixels; "
                f"at most {max_pixels:,} pixels are accepted.",
                path=path,
            )
        codec.options = {"max_pixels": str(max_pixels)}
        codec.thread_type = "AUTO"
        alone = serial or codec.name in _SERIAL_CODECS
        codec.thread_count = 1 if alone else min(cores(), 8)
        yield container, stream, found


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        raise UnreadableVideo(
            "The file starts like a video but its structure cannot be read. It is probably incomplete "
            "or damaged; copy it again from where it was recorded.",
            path=path,
        ) from error


class Pictures:
    """Every picture that a decoder yields, in presentation order; damaged packets are skipped and counted.

    After a pass, `damaged` counts the packets that failed. A decoder with several threads may lose whole
    pictures next to a damaged packet, and how many depends on the number of threads; `lost` then says that
    only a serial pass is the truth.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self.packets = 0
        self.pictures = 0
        self.damaged = 0

    @property
    def lost(self) -> bool:
        threaded = self._stream.codec_context.thread_count != 1
        return threaded and (self.damaged > 0 or self.pictures < self.packets)

    def __iter__(self) -> Iterator[VideoFrame]:
        for packet in self._demux():
            try:
                frames = self._stream.decode(packet)
            except MemoryError:
                raise
            except av.error.EOFError:
                break
            except av.FFmpegError:
                self.damaged += 1
                continue
            self.pictures += len(frames)
            yield from frames

    def _demux(self) -> Iterator[av.Packet | None]:
        packets = self._container.demux(self._stream)
        try:
            for packet in packets:
                if packet.size == 0:
                    break
                self.packets += 1
                yield packet
        except MemoryError:
            raise
        except av.FFmpegError:
            self.damaged += 1
        yield None  # asks the decoder for the pictures it still holds


class Converter:
    """Decoded frames to upright uint8 arrays: (H, W, 3) RGB, or (H, W) when gray.

    `size` is (height, width) after turning; None keeps the stored size. Shrinking averages areas.
    """

    def __init__(self, *, size: tuple[int, int] | None = None, gray: bool = False) -> None:
        self._size = size
        self._format = "gray" if gray else "rgb24"
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame, turn: Orientation) -> np.ndarray:
        height, width = turn.size(*self._size) if self._size else (frame.height, frame.width)
        shrinks = height * width < frame.height * frame.width
        small = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format=self._format,
            interpolation=Interpolation.AREA if shrinks else Interpolation.BICUBIC,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        return np.ascontiguousarray(turn.apply(small.to_ndarray()))


def nothing_decodes(path: str | Path) -> UnreadableVideo:
    """The error of a file that yields no picture."""
    return UnreadableVideo(_NOTHING_DECODES, path=path)
