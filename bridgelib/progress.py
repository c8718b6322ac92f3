"""Progress of long work: how much is done, how fast, how long still."""

import sys
import time
from typing import TextIO

from bridgelib.text import duration


class Progress:
    """Prints `label  done/total unit  rate unit/s  ETA h:mm:ss`, at most every `interval` seconds.

    On a terminal one line is redrawn; in a log each report is a line of its own.

    Args:
        total: How many units there are.
        unit: What is counted, in the plural ("trajectories").
        label: What is being done.
        interval: Seconds between reports.
        stream: Where to print; standard error if None.
        start: How many are done already; they do not count in the rate.
        scale: Units that are shown as one: 1_000_000 for bytes shown as MB.
        brief: Say nothing at all of work that takes less than an interval.
    """

    def __init__(
        self,
        total: int,
        unit: str,
        label: str,
        interval: float = 5.0,
        stream: TextIO | None = None,
        start: int = 0,
        scale: int = 1,
        brief: bool = False,
    ):
        self.total, self.unit, self.label, self.interval = total, unit, label, interval
        self.scale, self.brief = scale, brief
        self.stream = sys.stderr if stream is None else stream
        self.done = self.start = start
        self.started = self._reported = time.monotonic()

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count `units` as done, and report when it is time to; `note` is added to the line."""
        self.done += units
        now = time.monotonic()
        ends = self.done >= self.total and not (self.brief and now - self.started < self.interval)
        if now - self._reported >= self.interval or ends:
            self._reported = now
            self._print(now - self.started, note)

    def _print(self, seconds: float, note: str) -> None:
        rate = (self.done - self.start) / max(seconds, 1e-9)
        remaining = (self.total - self.done) / rate if rate > 0 else 0.0
        line = (
            f"{self.label}  {self.done // self.scale}/{self.total // self.scale} {self.unit}"
            f"  {rate / self.scale:.1f} {self.unit}/s  ETA {duration(remaining)}{'  ' + note if note else ''}"
        )
        redraw = self.stream.isatty() and self.done < self.total
        self.stream.write(f"\r\x1b[K{line}" if redraw else f"{line}\n")
        self.stream.flush()
