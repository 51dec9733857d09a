"""Working ahead: the same items, no more at once than asked for, and no thread left behind."""

import threading
from itertools import count

import pytest

from detectors.ahead import ahead


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_items_come_in_order():
    assert list(ahead(iter(range(50)), items=3)) == list(range(50))


def test_the_next_items_are_made_while_one_is_used():
    made = threading.Semaphore(0)

    def source():
        for n in range(3):
            yield n
            made.release()

    items = ahead(source(), items=2)
    next(items)

    assert made.acquire(timeout=10)
    assert made.acquire(timeout=10)


def test_no_more_are_made_than_asked_for():
    made = []
    items = ahead((made.append(n) or n for n in count()), items=2)

    for n in range(10):
        assert next(items) == n
        assert len(made) <= n + 1 + 2 + 1  # given, waiting, and the one in the thread's hands
    items.close()


def test_an_error_is_raised_after_the_items_before_it():
    def source():
        yield 1
        raise OSError("the disk is gone")

    items = ahead(source(), items=5)

    assert next(items) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(items)
    assert not threads()


def test_stopping_early_ends_the_thread_and_closes_the_source():
    closed = []

    def source():
        try:
            yield from count()
        finally:
            closed.append(True)

    items = ahead(source(), items=2)
    next(items)
    items.close()

    assert closed == [True]
    assert not threads()
