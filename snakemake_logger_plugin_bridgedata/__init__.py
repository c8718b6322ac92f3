"""Snakemake's logger plugin `bridgedata`: a board of the running jobs on a terminal, sparse lines elsewhere.

Found by Snakemake where this folder is on Python's path, as in the environment of `make setup`; then profiles/ choose
it. It only hands on Snakemake's events; what is shown is in `bridgelib.watching`.
"""

import sys
from importlib.util import find_spec
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake.logging import ColorizingTextHandler
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from bridgelib.watching.board import Board, Job
from bridgelib.watching.failure import LINES, as_text
from bridgelib.watching.lines import Lines

_LEFT_OUT = (LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.JOB_STARTED)
_SAID_OFTEN = (
    "Select jobs to execute...",
    "Building DAG of jobs...",
    "Assuming unrestricted shared filesystem usage.",
    "RuleException:\nCalledProcessError",  # the whole command of a job whose failure is told anyway
)


class LogHandler(LogHandlerBase):
    """Shows what happens; everything that is no job's beginning, end or progress is printed as Snakemake has it."""

    def __post_init__(self) -> None:
        """Choose how to show it."""
        settings = self.common_settings
        stream = sys.stdout if settings.stdout else sys.stderr
        self._last_words: list[str] = []
        self._board = Board()
        self._plain = ColorizingTextHandler(nocolor=settings.nocolor, stream=stream)
        if stream.isatty() and find_spec("rich"):
            from bridgelib.watching.screen import Screen

            self._shown: Any = Screen(self._board, stream, colour=not settings.nocolor)
        else:
            self._shown = Lines(self._board, stream)

    def emit(self, record: LogRecord) -> None:
        """Show one of Snakemake's messages."""
        try:
            self._show(record)
        except Exception:
            self.handleError(record)

    def say_last(self, text: str) -> None:
        """Print a text after everything else: why jobs failed, and the cure."""
        self._last_words.append(text)

    def close(self) -> None:
        """Take the board away, and say what was to be said last."""
        self._shown.close()
        for text in self._last_words:
            self._plain.stream.write(text)
        self._last_words.clear()
        self._plain.stream.flush()
        super().close()

    def _show(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        known = {
            LogEvent.JOB_INFO: self._started,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.JOB_ERROR: self._failed,
            LogEvent.PROGRESS: self._counted,
        }
        if self.common_settings.dryrun:
            self._shown.print(self.format(record))
        elif event in known:
            known[event](record)
        elif event not in _LEFT_OUT and not record.getMessage().startswith(_SAID_OFTEN):
            self._shown.print(self.format(record))

    def _started(self, record: Any) -> None:
        if not record.log:
            return  # a target, which does nothing
        job = Job(record.rule_name, " ".join((record.wildcards or {}).values()), Path(record.log[0]))
        self._board.started(record.jobid, job)
        self._shown.started(record.jobid, job)

    def _finished(self, record: Any) -> None:
        if (job := self._board.ended(record.job_id)) is not None:
            self._shown.ended(record.job_id, job)

    def _failed(self, record: Any) -> None:
        job = self._board.ended(record.jobid, failed=True)
        name, lines = job.name if job else record.rule_name, LINES if self.common_settings.show_failed_logs else 0
        self._shown.failed(record.jobid, as_text(name, record.log, lines, record.rule_msg, record.aux))

    def _counted(self, record: Any) -> None:
        self._board.done, self._board.total = record.done, record.total
        self._shown.counted()

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own output."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's log of the run is written as always."""
        return False

    @property
    def has_filter(self) -> bool:
        """Snakemake's: `--quiet` means what it always means."""
        return False

    @property
    def has_formatter(self) -> bool:
        """Snakemake's."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """No."""
        return False
