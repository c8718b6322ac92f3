"""Batches made ahead of time, in threads, and handed over in order."""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol


class Batches(Protocol):
    """Anything that makes batches by number."""

    def batch(self, number: int) -> dict[str, Any]:
        """The batch of that number; may be called from several threads at once."""


class Prefetched:
    """An iterator over batches that are made ahead; also a context manager that ends its threads.

    An exception in the making of a batch comes out where that batch would have come. After it, after the last batch,
    and on leaving the `with` block for whatever reason, no thread is left: what was begun is finished, the rest is
    dropped.

    Attributes:
        waited: Seconds that the consumer has waited for batches so far.
    """

    def __init__(self, batches: Batches, first: int, last: int, depth: int, workers: int):
        self._batches, self._next, self._last = batches, first, last
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="prefetch")
        self._ahead: deque[Future] = deque()
        self.waited = 0.0
        for _ in range(depth):
            self._begin_one()

    def _begin_one(self) -> None:
        if self._next < self._last:
            self._ahead.append(self._pool.submit(self._batches.batch, self._next))
            self._next += 1

    def __iter__(self) -> "Prefetched":
        return self

    def __next__(self) -> dict[str, Any]:
        if not self._ahead:
            self.close()
            raise StopIteration
        began = time.monotonic()
        try:
            batch = self._ahead.popleft().result()
        except BaseException:
            self.close()
            raise
        self.waited += time.monotonic() - began
        self._begin_one()
        return batch

    def close(self) -> None:
        """End the threads; waits for the batches that are being made."""
        self._next = self._last
        self._ahead.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> "Prefetched":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def prefetched(batches: Batches, first: int, last: int, *, depth: int = 2, workers: int = 1) -> Prefetched:
    """Iterate over the batches `first` ... `last - 1`, made ahead in threads.

    Args:
        batches: Such as `TrainingBatches` or `ValidationBatches`.
        first, last: As in `range`.
        depth: How many batches may lie ready or be in the making; this many are held in memory beside the one in use.
        workers: How many batches are made at the same time. Reading one batch is itself done by several threads.
    """
    return Prefetched(batches, first, last, depth, workers)
