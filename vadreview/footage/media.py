"""From a source file to what the browser needs, through `detectors.video`: paths in, paths out, no models.

Everything made from a source lies in one folder, which appears complete or not at all:

    proxy.mp4    H.264, one frame for each source frame: time = (n + 0.5) / proxy_fps shows exactly frame n
    poster.jpg   one frame that shows something
    sheets/      scrub pictures, see `Sheets`
    times.npy    float64 [n_frames]: seconds from the first frame
    index.npz    for `Video(source, index=Index.load(...))`: spares it a decode pass
"""

import errno
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from pathlib import Path

from detectors.video import Limits, Sheets, UnreadableVideo, jpeg_still

from .media_child import DiskFull, MediaError, Progress, Rejected, TookTooLong, read_in_child

__all__ = [
    "DiskFull",
    "Ingested",
    "Limits",
    "MediaError",
    "Rejected",
    "Sheets",
    "TookTooLong",
    "ingest",
    "still",
]


@dataclass(frozen=True)
class Ingested:
    """What ingest found and made; frame n of the proxy is frame n of the source.

    `width` and `height` are upright, in stored pixels (no sample aspect ratio); `rotation` is the clockwise
    turn in degrees that made them so. `fps` is the mean rate; `vfr` says that frames are not evenly spaced,
    and times.npy is then the clock. `duration_s` ends with the last frame.
    """

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
    warnings: tuple[str, ...]


def _silent(done: int, total: int, phase: str) -> None:
    pass


def ingest(
    source: Path, out: Path, *, limits: Limits | None = None, progress: Progress = _silent
) -> Ingested:
    """Make the folder `out` from a source file, in a process of its own with hard limits.

    An older `out` is replaced at the end. `progress(done, total, phase)` is called at least every second
    and may raise to cancel: the process is killed, nothing is left behind, and what it raised comes out.
    Only one ingest of an `out` may run at a time. Raises Rejected for a file that cannot be used, DiskFull,
    and MediaError otherwise.
    """
    source, out = Path(source).absolute(), Path(out).absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for stale in out.parent.glob(f".{out.name}.*.part"):
            shutil.rmtree(stale, ignore_errors=True)
        draft = _folder_beside(out)
        try:
            limits = limits or Limits()
            report = read_in_child(_reader(source, draft, limits), draft, patience=limits, progress=progress)
            ingested = _ingested(report)
            _publish(draft, out)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise _disk_error(error) from error
    return ingested


def still(proxy: Path, n: int, *, quality: int = 90) -> bytes:
    """Frame n as JPEG, from the proxy: exact, since proxy frame n is source frame n, and 12 frames to
    decode at most.

    Fit for the web process: the proxy was encoded by us, and the source is never opened. Raises IndexError
    when there is no frame n, MediaError when the proxy cannot be read.
    """
    try:
        return jpeg_still(proxy, n, quality=quality)
    except UnreadableVideo as error:
        raise MediaError(
            f"The player's copy of this video cannot be read ({error}); ingest it again."
        ) from error


def _reader(source: Path, draft: Path, limits: Limits) -> list[str]:
    """What decodes a hostile file: a program of its own, that imports nothing from where it is started."""
    bounds = json.dumps(asdict(limits))
    return [sys.executable, "-P", "-m", "detectors.video", str(source), str(draft), bounds]


def _ingested(report: dict) -> Ingested:
    known = {field.name: report[field.name] for field in fields(Ingested)}
    return Ingested(
        **known
        | {
            "fps": Fraction(*report["fps"]),
            "proxy_fps": Fraction(*report["proxy_fps"]),
            "sheets": Sheets(**report["sheets"]),
            "warnings": tuple(report["warnings"]),
        }
    )


def _folder_beside(out: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))


def _publish(draft: Path, out: Path) -> None:
    """Put the finished folder in the place of an older one, if any."""
    draft.chmod(0o755)
    if out.exists():
        aside = _folder_beside(out)
        os.replace(out, aside)
        os.replace(draft, out)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        os.replace(draft, out)


def _disk_error(error: OSError) -> MediaError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The disk is full; free some space and try again.")
    if error.errno == errno.EFBIG:
        return Rejected("What this file turns into is larger than a file may be here; cut it into parts.")
    return MediaError(f"The result could not be written: {error.strerror or error}.")
