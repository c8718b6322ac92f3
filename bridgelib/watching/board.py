"""The board of one call of the workflow: which jobs run, how far each is, how many are done."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from bridgelib.watching.job_log import JobLog

PRINTING = ("success", "data_report", "evaluate_all", "report", "forecast", "doctor", "trace", "verify", "status")
"""Rules whose jobs print for the user themselves: meanwhile nothing is drawn, and they are not told of."""


@dataclass
class Job:
    """A running job of the workflow.

    Attributes:
        rule: Its rule.
        of: Its wildcards' values: an experiment, a task and a date.
        log: Its log.
        began: When it was started, of `time.monotonic`.
    """

    rule: str
    of: str
    log: Path
    began: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """Such as `train_policy bc_demo`."""
        return f"{self.rule} {self.of}".rstrip()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began

    def said(self) -> JobLog:
        """What its log says now."""
        return JobLog.read(self.log)


@dataclass
class Board:
    """The jobs of a call that run, by their numbers, and how many have ended; `total` is 0 until it is known."""

    running: dict[int, Job] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    def started(self, number: int, job: Job) -> None:
        """A job was started, perhaps again."""
        self.running[number] = job

    def ended(self, number: int, failed: bool = False) -> Job | None:
        """A job has ended; None where it was not running."""
        self.failed += failed
        return self.running.pop(number, None)

    @property
    def seconds(self) -> float:
        """How long the call has taken so far."""
        return time.monotonic() - self.began

    def in_words(self) -> str:
        """Such as "12 of 40 jobs done, 2 running, 1 failed"."""
        of = f" of {self.total}" if self.total else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done}{of} jobs done, {len(self.running)} running{failed}"
