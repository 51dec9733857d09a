"""The process that reads a hostile file cannot hang, hoard or outlive its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from detectors.video import encode
from tests.detectors.video import clips
from vadreview.footage import media

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

QUICK = media.Limits(stall_s=1.5, patience_s=2)


@pytest.fixture
def endless(tmp_path):
    """A source that never answers: whoever opens it to read waits for ever."""
    path = tmp_path / "endless.mp4"
    os.mkfifo(path)
    return path


def readers_of(source: Path) -> list[int]:
    """Process ids of the children that were given a source."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"detectors.video" in words and str(source).encode() in words:
            found.append(int(folder.name))
    return found


def wait_until(condition, *, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_file_that_never_answers_is_given_up(endless, tmp_path):
    with pytest.raises(media.TookTooLong, match="longer than is allowed"):
        media.ingest(endless, tmp_path / "out", limits=QUICK)
    assert readers_of(endless) == []
    assert [path.name for path in tmp_path.iterdir()] == ["endless.mp4"]


def test_a_file_that_is_too_slow_for_its_length_is_given_up(tmp_path):
    source = clips.write(tmp_path / "x.mp4", n_frames=60)
    with pytest.raises(media.TookTooLong):
        media.ingest(source, tmp_path / "out", limits=media.Limits(patience_s=0.01, slowest=0))
    assert readers_of(source) == []


def test_a_file_that_needs_too_much_memory_is_rejected(tmp_path):
    source = tmp_path / "large.mp4"
    encode(source, [np.zeros((2160, 3840, 3), np.uint8)] * 8, preset="ultrafast")
    with pytest.raises(media.Rejected, match="more memory"):
        media.ingest(source, tmp_path / "out", limits=media.Limits(memory_bytes=450 * 2**20))
    assert [path.name for path in tmp_path.iterdir()] == ["large.mp4"]


def test_cancelling_kills_the_child_and_leaves_nothing(endless, tmp_path):
    class Cancelled(Exception):
        pass

    def cancel(done, total, phase):
        if readers_of(endless):
            raise Cancelled

    with pytest.raises(Cancelled):
        media.ingest(endless, tmp_path / "out", progress=cancel)
    assert readers_of(endless) == []
    assert [path.name for path in tmp_path.iterdir()] == ["endless.mp4"]


def test_a_crash_of_the_decoder_rejects_the_file_and_not_the_worker(endless, tmp_path):
    def crash(done, total, phase):
        for process in readers_of(endless):
            os.kill(process, signal.SIGSEGV)

    with pytest.raises(media.Rejected, match="crashed the decoder"):
        media.ingest(endless, tmp_path / "out", progress=crash)


def test_the_child_dies_with_a_killed_worker(endless, tmp_path):
    program = (
        f"from vadreview.footage import media; media.ingest({str(endless)!r}, {str(tmp_path / 'out')!r})"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    try:
        assert wait_until(lambda: readers_of(endless))
        assert wait_until(lambda: blocked_in_open(readers_of(endless)))
    finally:
        worker.kill()
        worker.wait()
    assert wait_until(lambda: not readers_of(endless))


def blocked_in_open(processes: list[int]) -> bool:
    """Whether the child is past its set-up: it has given up its memory limit and waits for the source."""
    return any("unlimited" not in address_space(process) for process in processes)


def address_space(process: int) -> str:
    try:
        lines = Path(f"/proc/{process}/limits").read_text().splitlines()
    except OSError:
        return "unlimited"
    return next(line for line in lines if line.startswith("Max address space"))


def test_the_child_knows_none_of_our_secrets(endless, tmp_path, monkeypatch):
    monkeypatch.setenv("VADREVIEW_SECRET_KEY", "do not tell")
    seen = []

    def look(done, total, phase):
        for process in readers_of(endless):
            seen.append(Path(f"/proc/{process}/environ").read_bytes())
        if seen:
            raise InterruptedError

    with pytest.raises((InterruptedError, media.MediaError)):
        media.ingest(endless, tmp_path / "out", progress=look)
    assert seen
    assert b"do not tell" not in seen[0]


def test_progress_counts_up_to_every_frame(tmp_path):
    source = clips.write(tmp_path / "x.mp4", n_frames=60)
    seen = []
    media.ingest(source, tmp_path / "out", progress=lambda *position: seen.append(position))
    assert seen[0] == (0, 0, "opening")
    assert seen[-1] == (60, 60, "finishing")
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
