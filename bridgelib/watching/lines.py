"""The board in plain, sparse lines, for a pipe or a file: no control characters, and seldom when nothing happens."""

import threading
import time
from typing import TextIO

from bridgelib.text import duration
from bridgelib.watching.board import PRINTING, Board, Job
from bridgelib.watching.job_log import JobLog

FIRST, LONGEST = 60.0, 600.0  # seconds after which a running job is told of first, and at most between two lines


class Lines:
    """Prints when a job starts and ends; and how far it is after a minute, then two, four, at last every ten.

    Args:
        board: What it tells of.
        stream: Where to.
        first: Seconds after which a running job is told of first.
    """

    def __init__(self, board: Board, stream: TextIO, first: float = FIRST):
        self.board, self.stream, self.first = board, stream, first
        self._due: dict[int, tuple[float, float]] = {}  # job -> when it is told of next, and how long after the last
        self._counted = 0.0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)
        self._ticking.start()

    def started(self, number: int, job: Job) -> None:
        """A job was started."""
        if job.rule in PRINTING:
            return
        self._due[number] = (time.monotonic() + self.first, self.first)
        self.say(f"{job.name}: started; log: {job.log}")

    def ended(self, number: int, job: Job) -> None:
        """A job has ended well."""
        if self._due.pop(number, None) is None:
            return
        said = result(job.said())
        self.say(f"{job.name}: done in {duration(job.seconds)}{f', {said}' if said else ''}")

    def failed(self, number: int, text: str) -> None:
        """A job has failed, which a text explains."""
        self._due.pop(number, None)
        self.print(text)

    def counted(self) -> None:
        """The number of jobs done has changed; said once in a while, and at the end."""
        if self.board.done == self.board.total or time.monotonic() > self._counted + self.first:
            self._counted = time.monotonic()
            self.say(self.board.in_words())

    def say(self, text: str) -> None:
        """Print a line with the time of day."""
        self.print(f"{time.strftime('%H:%M:%S')}  {text}")

    def print(self, text: str) -> None:
        """Print a text as it is, unless it is empty."""
        if not text:
            return
        with self._lock:
            self.stream.write(f"{text}\n")
            self.stream.flush()

    def close(self) -> None:
        """End."""
        self._over.set()
        self._ticking.join(1)

    def _tick(self) -> None:
        while not self._over.wait(min(1.0, self.first / 4)):
            self.tell()

    def tell(self) -> None:
        """Tell of the running jobs that are due."""
        now = time.monotonic()
        for number, (due, interval) in list(self._due.items()):
            job = self.board.running.get(number)
            if job is None or now < due:
                continue
            longer = min(2 * interval, max(LONGEST, self.first))
            self._due[number] = (now + longer, longer)
            if said := in_words(job.said()):
                self.say(f"{job.name}: {said}")


def in_words(log: JobLog) -> str:
    """How far a job is; empty where its log does not say."""
    progress = log.progress
    if progress is None:
        return log.last
    rate = f"{progress.rate:g} {progress.unit}/s"
    counts = f"{progress.done:,} of {progress.total:,} {progress.unit}, {rate}, ETA {progress.remaining}"
    return ", ".join(filter(None, [counts, progress.note, log.validation]))


def result(log: JobLog) -> str:
    """What a job that has ended says of its result."""
    return ", ".join(filter(None, [log.success, log.validation]))
