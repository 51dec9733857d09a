"""One decode pass over a file that makes everything the browser needs to show it."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from .decode import Orientation, Pictures, nothing_decodes, open_video, orientation
from .encode import H264File, packet_count, retime
from .errors import UnreadableVideo
from .index import DEFAULT_FPS, Gatherer, Index, declared_fps
from .limits import Limits, cores
from .sheets import SheetMaker, Sheets

SHORT_SIDE, LONG_SIDE, SMALLEST = 720, 2560, 16
GOP = 12
CRF = 23
PRESET = "veryfast"
_PROXY_RATES = (Fraction(1, 10), Fraction(240))
# Matrix, primaries and transfer in the numbering of ITU-T H.273.
_UNSPECIFIED = 2
_BT601 = (6, 1, 1)
_MATRICES = frozenset({1, 4, 5, 6, 7, 9})
_HDR_TRANSFERS = (16, 18)  # PQ and HLG

Progress = Callable[[int, int, str, float], None]


@dataclass(frozen=True)
class Proxied:
    """What one pass found; `sha256` is of the source, `damaged` counts the packets that did not decode."""

    sha256: str
    n_frames: int
    fps: Fraction
    proxy_fps: Fraction
    width: int
    height: int
    proxy_width: int
    proxy_height: int
    rotation: int
    duration_s: float
    codec: str
    container: str
    vfr: bool
    pix_fmt: str
    bit_depth: int
    has_audio: bool
    sheets: Sheets
    damaged: int
    warnings: tuple[str, ...]


def proxy_size(width: int, height: int) -> tuple[int, int]:
    """Even (width, height), short side at most 720, long side at most 2,560, each at least 16."""
    scale = min(1, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
    return max(SMALLEST, round(width * scale / 2) * 2), max(SMALLEST, round(height * scale / 2) * 2)


def make_proxy(source: Path, folder: Path, *, limits: Limits, progress: Progress) -> Proxied:
    """Decode a file once and write proxy.mp4, poster.jpg, sheets/, times.npy and index.npz into an empty
    folder.

    `progress(done, total, phase, footage_s)` gets the frames done, the frames expected (a guess until the
    end) and the seconds of footage done. Raises UnreadableVideo for anything wrong with the source, OSError
    for anything wrong with the disk.
    """
    hashing = _Hashing(source)
    hashing.start()
    # Several threads are fast but may lose pictures next to damage; then a serial pass is the truth.
    found = _pass(source, folder, limits, progress, serial=False)
    found = found or _pass(source, folder, limits, progress, serial=True)
    if found is None:
        raise nothing_decodes(source)
    index, maker, facts = found
    progress(len(index), len(index), "finishing", index.times_s[-1])
    sheets = maker.write(folder / "sheets")
    maker.write_poster(folder / "poster.jpg")
    np.save(folder / "times.npy", index.times_s, allow_pickle=False)
    index.save(folder / "index.npz")
    facts.proxy_fps = _settle_rate(folder, facts.proxy_fps, index)
    return Proxied(
        sha256=hashing.result(),
        n_frames=len(index),
        fps=index.fps,
        proxy_fps=facts.proxy_fps,
        width=index.width,
        height=index.height,
        proxy_width=facts.proxy_width,
        proxy_height=facts.proxy_height,
        rotation=index.turn.rotation,
        duration_s=float(index.times_s[-1] + 1 / index.fps),
        codec=facts.codec,
        container=facts.container,
        vfr=index.variable,
        pix_fmt=facts.pix_fmt,
        bit_depth=facts.bit_depth,
        has_audio=facts.has_audio,
        sheets=sheets,
        damaged=facts.damaged,
        warnings=tuple(facts.warnings(index)),
    )


@dataclass
class _Facts:
    codec: str
    container: str
    has_audio: bool
    declared_s: float | None
    video_tracks: int
    proxy_fps: Fraction
    proxy_width: int = 0
    proxy_height: int = 0
    pix_fmt: str = ""
    bit_depth: int = 8
    hdr: bool = False
    squeezed: bool = False
    resized: bool = False
    damaged: int = 0

    def warnings(self, index: Index) -> Iterator[str]:
        """Sentences about what a person should know before trusting the footage."""
        gap = 1 / float(index.fps)
        missing = (self.declared_s or 0) - (float(index.times_s[-1]) + gap)
        if missing > max(1, 2 * gap, 0.02 * (self.declared_s or 0)):
            yield f"The last {missing:,.1f} s could not be decoded; the file may be cut off."
        if self.damaged:
            places = "1 damaged place was" if self.damaged == 1 else f"{self.damaged} damaged places were"
            yield f"{places} skipped; pictures near them may look broken."
        gaps = np.diff(index.times_s)
        if len(gaps) and gaps.max() > max(2, 10 * np.median(gaps)):
            at = index.times_s[gaps.argmax()]
            yield f"There are no pictures for {gaps.max():,.1f} s after second {at:,.1f}."
        if not index.ordered and self.container != "avi":  # AVI never has them, and needs none
            yield "The file has no usable time stamps; times are computed from its frame rate."
        if self.video_tracks > 1:
            yield f"The file holds {self.video_tracks} video tracks; only the first is used."
        if self.resized:
            yield "The picture size changes within the file; every frame is shown in the size of the first."
        if self.squeezed:
            yield "The file asks for stretched pixels; pictures are shown unstretched, pixel for pixel."
        if self.hdr:
            yield "This is HDR footage; its colours look pale in the player."


def _pass(
    source: Path, folder: Path, limits: Limits, progress: Progress, *, serial: bool
) -> tuple[Index, SheetMaker, _Facts] | None:
    """One pass; None when nothing decodes or when only a serial pass can be trusted."""
    with open_video(source, serial=serial, max_pixels=limits.max_pixels, max_streams=limits.max_streams) as (
        container,
        stream,
        found,
    ):
        declared = declared_fps(stream)
        rate = min(max(declared or DEFAULT_FPS, _PROXY_RATES[0]), _PROXY_RATES[1])
        facts = _Facts(
            codec=stream.codec_context.name,
            container=found.name,
            has_audio=bool(container.streams.audio),
            declared_s=_declared_s(container, stream),
            video_tracks=len(container.streams.video),
            squeezed=(stream.sample_aspect_ratio or 1) != 1,
            proxy_fps=rate,
        )
        expected = stream.frames or round((facts.declared_s or 0) * rate)
        gatherer = Gatherer(declared, stream.time_base or 1 / rate)
        pictures = Pictures(container, stream)
        output: _Output | None = None
        for n, frame in enumerate(pictures):
            if not serial and pictures.damaged:
                return None
            if output is None:
                output = _Output(folder, frame, facts)
            gatherer.add(frame)
            _check(n, gatherer, limits, source)
            output.add(n, frame)
            progress(n + 1, max(expected, n + 1), "decoding", gatherer.elapsed_s)
        if output is None or pictures.lost:
            return None
        output.file.finish()
        facts.damaged = pictures.damaged
        return gatherer.index(serial=serial), output.sheets, facts


def _declared_s(container, stream) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration and not container.streams.audio else None


def _check(n: int, gatherer: Gatherer, limits: Limits, source: Path) -> None:
    if n >= limits.max_frames:
        raise UnreadableVideo(
            f"The video has more than {limits.max_frames:,} frames, the most that is accepted; "
            "cut it into parts.",
            path=source,
        )
    if gatherer.elapsed_s > limits.max_duration_s:
        raise UnreadableVideo(
            f"The video is longer than {limits.max_duration_s / 3600:,.0f} hours, the most that is accepted; "
            "cut it into parts.",
            path=source,
        )


class _Output:
    """The proxy and the sheets, fed with decoded frames."""

    def __init__(self, folder: Path, first: VideoFrame, facts: _Facts) -> None:
        self._turn = orientation(first)
        self._first_size = (first.width, first.height)
        self._facts = facts
        height, width = self._turn.size(first.height, first.width)
        facts.proxy_width, facts.proxy_height = proxy_size(width, height)
        facts.pix_fmt = first.format.name
        facts.bit_depth = max(component.bits for component in first.format.components)
        facts.hdr = first.color_trc in _HDR_TRANSFERS
        self._stored = self._turn.size(facts.proxy_height, facts.proxy_width)
        self._reformatter = VideoReformatter()
        self._from_rgb = first.format.is_rgb or first.format.has_palette
        self.file = H264File(
            folder / "proxy.mp4",
            width=facts.proxy_width,
            height=facts.proxy_height,
            fps=facts.proxy_fps,
            crf=CRF,
            gop=GOP,
            preset=PRESET,
            threads=threads(),
            colors=_BT601 if self._from_rgb else _colors(first),
        )
        self.sheets = SheetMaker(
            width=facts.proxy_width, height=facts.proxy_height, fps=float(facts.proxy_fps)
        )

    def add(self, n: int, frame: VideoFrame) -> None:
        if (frame.width, frame.height) != self._first_size:
            self._facts.resized = True
        height, width = self._stored
        shrinks = width < frame.width or height < frame.height
        upright = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="yuv420p",
            interpolation=Interpolation.AREA if shrinks else Interpolation.BILINEAR,
            dst_colorspace=Colorspace.ITU601 if self._from_rgb else None,
            dst_color_range=ColorRange.MPEG,
            threads=threads(),
        )
        if self._turn != Orientation():
            upright = turned(upright, self._turn)
        self.sheets.offer(n, upright)
        self.file.add(upright)


def _colors(frame: VideoFrame) -> tuple[int, int, int]:
    """The frame's own colour tags, or none at all where its matrix is not one of YUV pictures."""
    if frame.colorspace not in _MATRICES:
        return (_UNSPECIFIED,) * 3
    return frame.colorspace, frame.color_primaries, frame.color_trc


def turned(frame: VideoFrame, turn: Orientation) -> VideoFrame:
    """A yuv420p frame turned upright, plane by plane."""
    planes = []
    for plane in frame.planes:
        padded = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
        planes.append(turn.apply(padded[:, : plane.width]).reshape(-1))
    height, width = turn.size(frame.height, frame.width)
    packed = np.concatenate(planes).reshape(height * 3 // 2, width)
    return VideoFrame.from_ndarray(packed, format="yuv420p")


def threads() -> int:
    """How many threads scaling and encoding use: every core, at most 16 (more cost memory, not time)."""
    return min(cores(), 16)


def _settle_rate(folder: Path, rate: Fraction, index: Index) -> Fraction:
    """Give the proxy the measured rate where the header's was off, and count its frames. Returns its rate."""
    proxy = folder / "proxy.mp4"
    measured = min(max(index.fps, _PROXY_RATES[0]), _PROXY_RATES[1])
    if abs(measured / rate - 1) > Fraction(1, 100):
        draft = proxy.rename(folder / "draft.mp4")
        retime(draft, proxy, fps=measured)
        draft.unlink()
        rate = measured
    if (written := packet_count(proxy)) != len(index):
        raise OSError(f"the proxy holds {written} frames instead of {len(index)}")
    return rate


class _Hashing(threading.Thread):
    """SHA-256 of a file beside the decoding; given up silently when the process ends before it."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._outcome: str | OSError = OSError("not hashed")

    def run(self) -> None:
        try:
            with self._path.open("rb") as file:
                self._outcome = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            self._outcome = error

    def result(self) -> str:
        self.join()
        if isinstance(self._outcome, OSError):
            raise self._outcome
        return self._outcome
