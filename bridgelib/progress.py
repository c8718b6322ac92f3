"""Progress of long work: how much is done, how fast, how long still."""

import re
import sys
import time
from dataclasses import dataclass
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


_LINE = re.compile(
    r"(?P<label>.*?)  (?P<done>\d+)/(?P<total>\d+) (?P<unit>\S.*?)  (?P<rate>[\d.]+) (?P=unit)/s"
    r"  ETA (?P<remaining>[\d:]+)(?:  (?P<note>.*))?"
)


@dataclass(frozen=True)
class Reported:
    """A line of `Progress` that was read back from a log; the attributes are its words."""

    label: str
    done: int
    total: int
    unit: str
    rate: float
    remaining: str
    note: str

    @classmethod
    def of(cls, line: str) -> "Reported | None":
        """The report in a line; None where it is none."""
        if (found := _LINE.fullmatch(line.rstrip())) is None:
            return None
        return cls(
            label=found["label"],
            done=int(found["done"]),
            total=int(found["total"]),
            unit=found["unit"],
            rate=float(found["rate"]),
            remaining=found["remaining"],
            note=found["note"] or "",
        )

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0
