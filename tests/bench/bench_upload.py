"""How much memory does the web process take for an upload, and how fast is it?

`python -m tests.bench.bench_upload [--megabytes 256]` starts the web process that `make run` starts on a data
folder of its own, and uploads that many bytes twice: in chunks of 8 MB as a browser does, and in one request
as scripts do. Prints one JSON line a figure; memory is the growth of the resident set of all web processes over
what they held after a first small upload.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

MB = 1024 * 1024
CHUNK = 8 * MB
BLOCK = os.urandom(MB)


def figure(name: str, value: float, unit: str, compared_to: str = "") -> None:
    line = {"figure": name, "value": round(value, 2), "unit": unit, "compared_to": compared_to}
    print(json.dumps(line), flush=True)


class Web:
    """The web process on a data folder of its own, with one project and one token."""

    def __init__(self, folder: Path) -> None:
        os.environ |= {"VADREVIEW_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "vadreview.settings"}
        for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"):
            os.environ.pop(name, None)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from vadreview import serve
        from vadreview.accounts import services as accounts
        from vadreview.footage import services as footage

        user = accounts.first_account()
        self.project = str(footage.create_project(user, name="Benchmark").pk)
        self.token = accounts.create_token(user, name="benchmark")[1]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        children = serve.children(host="127.0.0.1", port=port, logs=folder)
        command = next(child.command for child in children if child.name == "web")
        self.log = (folder / "web.log").open("wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(f"{self.url}/healthz", timeout=5)
            except requests.RequestException:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"the web process did not start; see {self.log.name}")

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def upload(self, size: int, *, chunk: int) -> float:
        """Upload `size` bytes in requests of `chunk`; return the seconds it took."""
        metadata = {"filename": "benchmark.mp4", "project": self.project}
        told = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items()
        )
        with requests.Session() as line:
            line.headers.update({"Authorization": f"Token {self.token}", "Tus-Resumable": "1.0.0"})
            started = time.perf_counter()
            made = line.post(
                f"{self.url}/api/uploads/", headers={"Upload-Length": str(size), "Upload-Metadata": told}
            )
            assert made.status_code == 201, made.text
            for at in range(0, size, chunk):
                length = min(chunk, size - at)
                headers = {
                    "Upload-Offset": str(at),
                    "Content-Type": "application/offset+octet-stream",
                    "Content-Length": str(length),
                }
                answer = line.patch(
                    self.url + made.headers["Location"], data=Blocks(length), headers=headers, timeout=600
                )
                assert answer.status_code == 204, answer.text
        return time.perf_counter() - started

    def resident(self) -> int:
        """Bytes of memory that all web processes hold."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            if int(fields[2]) == self.process.pid:  # process group
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        return total


class Blocks:
    """A body of `size` bytes that takes one block of memory."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, self.size, MB):
            yield BLOCK[: min(MB, self.size - at)]


@contextmanager
def watched(web: Web) -> Iterator[list[int]]:
    """Sample the resident set while the block runs."""
    samples = [web.resident()]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.1):
            samples.append(web.resident())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def plain_write(folder: Path, size: int) -> float:
    """Write as many bytes to a file without any server; return the seconds it took."""
    started = time.perf_counter()
    with (folder / "plain").open("wb") as file:
        for block in Blocks(size):
            file.write(block)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    (folder / "plain").unlink()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    size = parser.parse_args().megabytes * MB
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        web = Web(folder)
        try:
            web.upload(MB, chunk=MB)
            before = web.resident()
            for label, chunk in (("in chunks of 8 MB", CHUNK), ("in one request", size)):
                with watched(web) as samples:
                    seconds = web.upload(size, chunk=chunk)
                figure(
                    f"memory growth, {size // MB} MB {label}",
                    (max(samples) - before) / MB,
                    "MB",
                    f"{before / MB:.0f} MB before",
                )
                plain = plain_write(folder, size)
                figure(
                    f"upload speed {label}",
                    size / MB / seconds,
                    "MB/s",
                    f"{size / MB / plain:.0f} MB/s written to a file without a server",
                )
        finally:
            web.stop()


if __name__ == "__main__":
    main()
