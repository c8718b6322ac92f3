"""The board on a terminal, with rich: a line with a bar per running job, and one for the whole; the rest scrolls above.

The cursor is never hidden and no mode of the terminal is changed: whatever ends this process leaves it as it was.
"""

from typing import TextIO

from rich.console import Console, ConsoleRenderable, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bridgelib.text import duration, shortened
from bridgelib.watching.board import PRINTING, Board, Job
from bridgelib.watching.lines import result

_BARS = (18, 10)  # columns of a bar, where the terminal has `_WIDE` of them and where not
_WIDE = 100
_NAMES = (26, 54)  # columns of a job's name: at least, at most
_OTHERS = 48  # columns that count, rate and what stands between them take
_REFRESHED = 2  # times per second
_COLOURS = {"complete_style": "cyan", "finished_style": "green"}  # rich's own is the red of failures


class _Console(Console):
    """A console that leaves the cursor alone."""

    def show_cursor(self, show: bool = True) -> bool:
        """Do nothing."""
        return False


class Screen:
    """Draws the board for as long as a job runs; has the methods of `Lines`.

    Args:
        board: What it draws.
        stream: The terminal.
        colour: Whether it may be coloured.
    """

    def __init__(self, board: Board, stream: TextIO, colour: bool = True):
        self.board = board
        self.console = _Console(file=stream, no_color=not colour, highlight=False, soft_wrap=True)
        self._live: Live | None = None

    def started(self, number: int, job: Job) -> None:
        """A job was started."""
        self._show()

    def ended(self, number: int, job: Job) -> None:
        """A job has ended well."""
        if job.rule not in PRINTING:
            self._tell(job)
        self._show()

    def _tell(self, job: Job) -> None:
        said = result(job.said())
        name = f"[green]✓[/] {escape(job.name)}"
        self.console.print(f"{name}  [dim]{duration(job.seconds)}[/]{f'  {escape(said)}' if said else ''}")

    def failed(self, number: int, text: str) -> None:
        """A job has failed, which a text explains."""
        self.console.print(Text(text, style="red"))
        self._show()

    def counted(self) -> None:
        """The number of jobs done has changed: the board shows it."""

    def print(self, text: str) -> None:
        """Print a text above the board."""
        if text:
            self.console.print(Text(text))

    def close(self) -> None:
        """Take the board away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show(self) -> None:
        """Draw, or draw no more, as the running jobs allow."""
        running = self.board.running.values()
        draw = bool(running) and not any(job.rule in PRINTING for job in running)
        if not draw:
            self.close()
        elif self._live is None:
            self._live = Live(
                get_renderable=self.drawn, console=self.console, refresh_per_second=_REFRESHED, transient=True
            )
            self._live.start()

    def drawn(self) -> ConsoleRenderable:
        """The board as it is now, never higher than the terminal."""
        jobs = list(self.board.running.values())
        shown = max(1, self.console.size.height - 4)
        table = Table.grid(padding=(0, 2, 0, 0), expand=False)
        for overflow in ("ellipsis", "crop", "crop", "crop", "ellipsis"):
            table.add_column(no_wrap=True, overflow=overflow)
        for job in jobs[:shown]:
            table.add_row(*self._cells(job))
        more = [Text(f"and {len(jobs) - shown} more", style="dim")] if len(jobs) > shown else []
        return Group(table, *more, self._whole())

    def _whole(self) -> ConsoleRenderable:
        table = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(total=max(1, self.board.total), completed=self.board.done, width=self._bar, **_COLOURS)
        failed = "bold red" if self.board.failed else "bold"
        table.add_row(bar, Text(self.board.in_words(), style=failed), Text(duration(self.board.seconds), style="dim"))
        return table

    def _cells(self, job: Job) -> tuple[ConsoleRenderable, ...]:
        """Name, bar, count, rate and the rest of a job's line."""
        log, (least, most) = job.said(), _NAMES
        name = Text(shortened(job.name, min(most, max(least, self.console.width - self._bar - _OTHERS))))
        if (progress := log.progress) is None:
            said = Text(log.last or "starts", style="dim")
            return name, Spinner("dots"), Text(duration(job.seconds), style="dim"), Text(""), said
        rest = ", ".join(filter(None, [progress.note.split(", waiting")[0], log.validation]))
        return (
            name,
            ProgressBar(total=max(1, progress.total), completed=progress.done, width=self._bar, **_COLOURS),
            Text(f"{progress.done:,}/{progress.total:,} {progress.unit}"),
            Text(f"{progress.rate:g}/s  ETA {progress.remaining}", style="cyan"),
            Text(rest, style="dim"),
        )

    @property
    def _bar(self) -> int:
        """Columns of a bar."""
        wide, narrow = _BARS
        return wide if self.console.width >= _WIDE else narrow
