"""`Video`: a video file or a folder of numbered pictures, read by frame number."""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from .decode import Converter, Pictures, open_video
from .errors import UnreadableVideo
from .folder import list_pictures, natural_key, picture_size, read_picture, sha256_of_pictures
from .index import DEFAULT_FPS, Index, index_file
from .sniff import sniff

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".gif"})


class Video:
    """A lazy handle on a video file, or on a folder of numbered pictures (25 fps unless `fps` says
    otherwise).

    Frame n means the n-th picture in presentation order, 0-based, after rotation, in every method here and
    everywhere in the project. Sizes are in stored pixels: the sample aspect ratio is not applied, so that
    pixel coordinates, masks and heatmaps all speak of pixels that exist. Nothing is opened before the first
    property is read; anything that needs the number of frames decodes the whole file once (skip that by
    passing the `index` of an earlier pass). Properties and methods raise UnreadableVideo.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        sha256: str | None = None,
        fps: Fraction | None = None,
        index: Index | None = None,
    ) -> None:
        self.path = Path(path)
        self.name = name or (self.path.name if self.path.is_dir() else self.path.stem)
        self._sha256 = sha256
        self._fps = fps
        self._given_index = index

    def __repr__(self) -> str:
        return f"Video({str(self.path)!r})"

    @cached_property
    def kind(self) -> Literal["file", "folder"]:
        if self.path.is_dir():
            return "folder"
        if self.path.is_file():
            return "file"
        raise UnreadableVideo("There is no such file or folder.", path=self.path)

    @cached_property
    def index(self) -> Index:
        """Time stamps and key frames of a file; a folder has none."""
        if self.kind == "folder":
            raise TypeError("a folder of pictures has no index")
        return self._given_index or index_file(self.path)

    @property
    def fps(self) -> Fraction:
        """Mean frames per second."""
        if self._fps is not None:
            return self._fps
        return DEFAULT_FPS if self.kind == "folder" else self.index.fps

    @property
    def n_frames(self) -> int:
        """How many frames the decoder really yields; what the file's header claims is never believed."""
        return len(self._pictures) if self.kind == "folder" else len(self.index)

    @property
    def width(self) -> int:
        return self._size[1]

    @property
    def height(self) -> int:
        return self._size[0]

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which stored pictures are turned to be upright: 0, 90, 180 or 270."""
        return 0 if self.kind == "folder" else self.index.turn.rotation

    @property
    def times_s(self) -> np.ndarray:
        """float64 [n_frames]: when each frame is shown, in seconds from the first."""
        if self.kind == "folder" or self._fps is not None:
            return np.arange(self.n_frames) / float(self.fps)
        return self.index.times_s

    @property
    def duration_s(self) -> float:
        """Seconds from the start of the first frame to the end of the last, taken as shown for 1 / fps."""
        return float(self.times_s[-1] + 1 / self.fps)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file; for a folder, of the digests of its pictures in frame order."""
        if self._sha256 is not None:
            return self._sha256
        if self.kind == "folder":
            return sha256_of_pictures(self._pictures)
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def frames(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        stride: int = 1,
        size: int | tuple[int, int] | None = None,
        gray: bool = False,
    ) -> Iterator[np.ndarray]:
        """Frames start, start + stride, ... before stop, as uint8 (H, W, 3) RGB, or (H, W) when gray.

        `size` is (height, width), or one number for both; shrinking averages areas. `stop` past the end
        means the end.
        """
        if start < 0 or stride < 1 or (stop is not None and stop < 0):
            raise ValueError(
                f"frames need start >= 0, stop >= 0 and stride >= 1, not {start}, {stop}, {stride}"
            )
        size = (size, size) if isinstance(size, int) else size
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if self.kind == "folder":
            for n in range(start, stop, stride):
                yield read_picture(self._pictures[n], size=size or self._size, gray=gray)
            return
        # Pictures may change size midway; they all come out in the size of the first.
        convert = Converter(size=size or self._size, gray=gray)
        if self._leaps(stride):
            decoded = (pair for n in range(start, stop, stride) for pair in self._decoded(n, n + 1))
        else:
            decoded = self._decoded(start, stop)
        for n, frame in decoded:
            if (n - start) % stride == 0:
                yield convert(frame, self.index.turn)

    def frame(self, n: int) -> np.ndarray:
        """Frame n as uint8 (H, W, 3) RGB. Raises IndexError outside [0, n_frames)."""
        if not 0 <= n < self.n_frames:
            raise IndexError(f"frame {n} of {self.name}, which has frames 0 to {self.n_frames - 1}")
        return next(self.frames(n, n + 1))

    def windows(
        self,
        length: int,
        *,
        step: int = 1,
        size: int | tuple[int, int] | None = None,
        gray: bool = False,
    ) -> Iterator[tuple[int, np.ndarray]]:
        """(start, uint8 [length, H, W(, 3)]) of each window that fits, `step` frames apart, in one pass."""
        held: list[np.ndarray] = []
        for n, picture in enumerate(self.frames(size=size, gray=gray)):
            held.append(picture)
            start = n - length + 1
            if len(held) > length:
                held.pop(0)
            if start >= 0 and start % step == 0:
                yield start, np.stack(held)

    @cached_property
    def _pictures(self) -> list[Path]:
        pictures = list_pictures(self.path)
        if not pictures:
            raise UnreadableVideo(
                "The folder holds no numbered pictures (JPEG, PNG, TIFF or BMP named like 0001.jpg).",
                path=self.path,
            )
        return pictures

    @cached_property
    def _size(self) -> tuple[int, int]:
        if self.kind == "folder":
            return picture_size(self._pictures[0])
        return self.index.height, self.index.width

    def _leaps(self, stride: int) -> bool:
        """Whether seeking to each frame is cheaper than decoding those between."""
        return self.index.ordered and stride * int(self.index.key.sum()) > 2 * len(self.index)

    def _decoded(self, start: int, stop: int):
        """(n, decoded frame) for n in [start, stop), from a key frame where seeking is right, else from 0."""
        wanted = start
        for origin in self._origins(start):
            if wanted >= stop:
                return
            for n, frame in self._decoded_from(origin):
                if n > wanted:
                    break  # this way in skips a picture we want: try the next
                if n < wanted:
                    continue
                yield n, frame
                wanted += 1
                if wanted >= stop:
                    return
        if wanted < stop:
            raise UnreadableVideo(f"Frame {wanted} no longer decodes; has the file changed?", path=self.path)

    def _origins(self, start: int) -> list[int]:
        """Frames to start decoding at, most promising first; the last is always 0."""
        if start == 0 or not self.index.ordered:
            return [0]
        keys = np.flatnonzero(self.index.key[: start + 1])[::-1]
        return [*keys[:2].tolist(), 0] if len(keys) and keys[0] > 0 else [0]

    def _decoded_from(self, origin: int):
        with open_video(self.path, serial=self.index.serial) as (container, stream, _):
            if origin == 0:
                yield from enumerate(Pictures(container, stream))
                return
            container.seek(int(self.index.pts[origin]), stream=stream, backward=True)
            for frame in Pictures(container, stream):
                if frame.pts is None:
                    continue
                n = int(np.searchsorted(self.index.pts, frame.pts))
                if n < len(self.index) and self.index.pts[n] == frame.pts:
                    yield n, frame


def find_videos(path: str | Path) -> list[Video]:
    """The videos at a path: a video file, a folder of them, or a folder of numbered pictures.

    A folder of videos may also hold folders of numbered pictures; each is one video. Other files in it are
    passed over. Names are unique: where two files share a stem, each keeps its full file name. Raises
    UnreadableVideo when there is nothing to read.
    """
    path = Path(path)
    if not path.exists():
        raise UnreadableVideo("There is no such file or folder.", path=path)
    if path.is_file():
        sniff(path)
        return [Video(path)]
    if not (found := _videos_in(path)):
        if list_pictures(path):
            return [Video(path)]
        raise UnreadableVideo("The folder holds neither video files nor numbered pictures.", path=path)
    names = [Video(item).name for item in found]
    return [
        Video(item, name=item.name if names.count(name) > 1 else name)
        for item, name in zip(found, names, strict=True)
    ]


def _videos_in(folder: Path) -> list[Path]:
    found = []
    for item in sorted(folder.iterdir(), key=lambda item: natural_key(item.name)):
        if item.name.startswith("."):
            continue
        if item.is_dir():
            if list_pictures(item):
                found.append(item)
        elif item.suffix.lower() in VIDEO_SUFFIXES or _is_video(item):
            found.append(item)
    return found


def _is_video(file: Path) -> bool:
    try:
        sniff(file)
    except UnreadableVideo:
        return False
    return True
