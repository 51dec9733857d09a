"""A broker in a folder, for an installation on one machine: one file a message, `<time>_<id>.<queue>.msg`.

kombu has a filesystem transport, but it creates a message under its final name and then writes it, so a reader can
take it half written, which loses it and stops the worker with a JSONDecodeError; its table of queues is written in
the same way. Here a draft is written beside and renamed, and a reader takes a message by renaming it, which only one
of several readers can do. Queues are known to each process from its own declarations; nothing about them is stored.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual
from kombu.utils.json import dumps, loads


class Channel(virtual.Channel):
    """Messages as files, oldest first. The folder may be wiped at any time: see the sweep in vadreview/jobs.py."""

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        draft = self._folder / f"{name}.draft"
        self._folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(dumps(message), encoding="utf-8")
        os.replace(draft, self._folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for path in self._waiting(queue):
            taken = path.with_name(f"{path.name}.taken")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another reader was faster
            text = taken.read_text(encoding="utf-8", errors="replace")
            taken.unlink(missing_ok=True)
            try:
                return loads(text)
            except json.JSONDecodeError:
                continue  # not ours, or from a disk that was full: the row still stands, and is rung for again
        raise Empty

    def _size(self, queue: str) -> int:
        return sum(1 for _ in self._waiting(queue))

    def _purge(self, queue: str) -> int:
        paths = list(self._waiting(queue))
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    @property
    def _folder(self) -> Path:
        return Path(self.connection.client.transport_options["folder"])

    def _waiting(self, queue: str) -> Iterator[Path]:
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(f".{queue}.msg"))
        except FileNotFoundError:
            return
        for name in names:
            yield self._folder / name


class Transport(virtual.Transport):
    """Registered as `atomicfile://` in vadreview/celery.py."""

    Channel = Channel
    implements = virtual.Transport.implements.extend(asynchronous=False, exchange_type=frozenset(["direct"]))
    driver_type = driver_name = "atomicfile"
    default_port = 0

    def driver_version(self) -> str:
        return "1"


def transport_options(folder: Path) -> dict[str, str]:
    """Return the options that name the broker's folder."""
    return {"folder": str(folder / "messages")}
