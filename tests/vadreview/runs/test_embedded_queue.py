"""The broker in a folder: nothing half written, nothing twice, nothing that stops a reader."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kombu import Connection

from vadreview.celery import app  # registers atomicfile://
from vadreview.embedded_queue import transport_options

assert app


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(transport_options(tmp_path)["folder"])


@pytest.fixture
def broker(tmp_path):
    with Connection("atomicfile://", transport_options=transport_options(tmp_path)) as connection:
        yield connection


def taken(queue) -> list:
    found = []
    while (message := queue.get(block=False) if queue.qsize() else None) is not None:
        message.ack()
        found.append(message.payload)
    return found


def test_messages_come_out_in_the_order_they_went_in(broker, folder):
    queue = broker.SimpleQueue("train")
    for n in range(20):
        queue.put({"n": n})

    assert [body["n"] for body in taken(queue)] == list(range(20))
    assert not list(folder.iterdir())


def test_a_queue_gets_its_own_messages_only(broker):
    broker.SimpleQueue("train").put("a")
    broker.SimpleQueue("score").put("b")

    assert taken(broker.SimpleQueue("score")) == ["b"]
    assert taken(broker.SimpleQueue("train")) == ["a"]


def test_readers_at_once_take_each_message_once(tmp_path, broker):
    writer = broker.SimpleQueue("train")
    for n in range(300):
        writer.put(n)

    def read(_: int) -> list[int]:
        found = []
        with Connection("atomicfile://", transport_options=transport_options(tmp_path)) as connection:
            queue = connection.SimpleQueue("train")
            while queue.qsize():
                try:
                    message = queue.get(block=False)
                except queue.Empty:
                    continue
                message.ack()
                found.append(message.payload)
        return found

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(read, range(4)))

    assert sorted(n for share in shares for n in share) == list(range(300))


@pytest.mark.parametrize("content", [b"", b'{"body": "half', b"\xff\xfe\x00"])
def test_a_broken_message_is_passed_over(broker, folder, content):
    queue = broker.SimpleQueue("train")
    folder.mkdir(parents=True)
    (folder / "00000000000000000000_x.train.msg").write_bytes(content)
    queue.put("good")

    assert queue.get(block=False).payload == "good"


def test_a_wiped_folder_is_made_again(broker, folder):
    queue = broker.SimpleQueue("train")
    queue.put("lost")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()

    assert taken(queue) == []
    queue.put("found")
    assert taken(queue) == ["found"]
