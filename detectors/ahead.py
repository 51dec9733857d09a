"""Let a source of pictures work ahead of whoever uses them, in a thread, and never by more than a few."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")

_LOOK_S = 0.1  # how often a thread that waits for room looks whether anybody still wants its items


def ahead(source: Iterator[T], *, items: int) -> Iterator[T]:
    """Give the items of `source` in order while a thread makes the next ones, at most `items` of them at once.

    Decoders release the interpreter's lock, so decoding runs beside the network that uses the pictures. What the
    source raises is raised here, after the items before it. Whoever stops early ends the thread: by `close`, or by
    dropping the iterator. The source runs in that thread alone, so it must not report progress.
    """
    made: Queue[tuple[str, T | Exception | None]] = Queue(maxsize=items)
    unwanted = threading.Event()

    def put(kind: str, item: T | Exception | None) -> bool:
        while not unwanted.is_set():
            try:
                made.put((kind, item), timeout=_LOOK_S)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        try:
            for item in source:
                if not put("item", item):
                    break
            else:
                put("end", None)
        except Exception as error:  # raised again where the items are used
            put("error", error)
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, item = made.get()
            if kind == "end":
                return
            if kind == "error":
                assert isinstance(item, Exception)
                raise item
            yield item  # type: ignore[misc]
    finally:
        unwanted.set()
        try:
            while True:  # makes room at once, so that nobody waits for the thread's next look
                made.get_nowait()
        except Empty:
            thread.join()
