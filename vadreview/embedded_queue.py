"""A file broker that loses no message: kombu's filesystem transport with atomic publish and atomic take.

kombu's own transport creates a message under its final name and then writes it, so a reader can take it half
written, which loses it and stops the worker with a JSONDecodeError. Here a draft is written beside and renamed;
a reader takes a message by renaming it, which only one of several readers can do.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """One file a message, named `<time>_<id>.<queue>.msg`, oldest first."""

    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f"{name}.draft"
        folder.mkdir(parents=True, exist_ok=True)  # somebody may have wiped the broker while we ran
        draft.write_text(dumps(payload), encoding="utf-8")
        os.replace(draft, folder / name)

    def _get(self, queue: str) -> dict[str, Any]:
        folder = Path(self.data_folder_in)
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(f".{queue}.msg"))
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)  # somebody wiped the broker: the sweep rings again
            names = []
        for name in names:
            taken = folder / f"{name}.taken"
            try:
                os.rename(folder / name, taken)
            except FileNotFoundError:
                continue  # another reader was faster
            text = taken.read_text(encoding="utf-8")
            taken.unlink(missing_ok=True)
            try:
                return loads(text)
            except json.JSONDecodeError:
                continue  # not ours, or a disk that was full: the row still stands, the sweep rings again
        raise Empty


class Transport(filesystem.Transport):
    """Registered as `atomicfile://` in vadreview/celery.py."""

    Channel = Channel
    driver_name = "atomicfile"


def transport_options(folder: Path) -> dict[str, str]:
    """Make the broker's folders and return the options that name them."""
    messages, control = folder / "messages", folder / "control"
    for path in (messages, control):
        path.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
    }
