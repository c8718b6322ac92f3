"""Prefetching: order, exceptions, no thread left behind, seconds waited."""

import threading
import time

import pytest

from bridgelib.data.prefetch import prefetched
from bridgelib.errors import DataError


class Counted:
    """Batches that are their number, or fail at one."""

    def __init__(self, fails_at=None, seconds=0.0):
        self.fails_at, self.seconds, self.made = fails_at, seconds, []

    def batch(self, number):
        time.sleep(self.seconds)
        self.made.append(number)
        if number == self.fails_at:
            raise DataError("batch", given=number)
        return {"number": number}


def prefetching_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("prefetch")]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("depth", [1, 2, 7])
def test_batches_come_in_order(workers, depth):
    with prefetched(Counted(seconds=0.001), 3, 30, depth=depth, workers=workers) as stream:
        assert [batch["number"] for batch in stream] == list(range(3, 30))
    assert not prefetching_threads()


def test_no_more_is_made_than_depth():
    batches = Counted()
    with prefetched(batches, 0, 100, depth=3, workers=2) as stream:
        next(stream)
        deadline = time.monotonic() + 10
        while len(batches.made) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)  # in which a fifth would be made
        assert sorted(batches.made) == [0, 1, 2, 3]


def test_an_exception_comes_where_its_batch_would_and_ends_the_threads():
    stream = prefetched(Counted(fails_at=2), 0, 100, depth=4, workers=2)
    assert [next(stream)["number"] for _ in range(2)] == [0, 1]
    with pytest.raises(DataError):
        next(stream)
    assert not prefetching_threads()
    assert list(stream) == []


def test_leaving_early_ends_the_threads():
    with pytest.raises(KeyboardInterrupt), prefetched(Counted(seconds=0.01), 0, 10**9) as stream:
        next(stream)
        raise KeyboardInterrupt
    assert not prefetching_threads()


def test_an_empty_range_gives_nothing():
    assert list(prefetched(Counted(), 5, 5)) == []
    assert not prefetching_threads()


def test_waiting_is_counted():
    with prefetched(Counted(seconds=0.05), 0, 4, depth=1) as slow:
        list(slow)
    with prefetched(Counted(), 0, 4) as quick:
        for _ in range(4):
            time.sleep(0.05)
            next(quick)
    assert slow.waited > 0.15
    assert quick.waited < slow.waited / 2
