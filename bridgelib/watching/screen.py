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

_WIDE = 110  # columns of a terminal, from which units are written out
_BAR, _COUNT, _UNIT, _RATE = 10, 13, 15, 22  # columns
_NAME, _SHARE = 22, 0.55  # columns of a job's name at least, and its share of what the others leave
_REFRESHED = 2  # times per second


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
        no_color = None if colour else True  # None: as NO_COLOR says
        self.console = _Console(file=stream, no_color=no_color, highlight=False, soft_wrap=True)
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
        for may_shrink in (False, False, False, False, True):
            table.add_column(no_wrap=not may_shrink)
        for job in jobs[:shown]:
            table.add_row(*self._cells(job))
        more = [Text(f"and {len(jobs) - shown} more", style="dim")] if len(jobs) > shown else []
        return Group(table, *more, self._whole())

    def _whole(self) -> ConsoleRenderable:
        table = Table.grid(padding=(0, 2, 0, 0))
        bar = _bar(self.board.done, self.board.total, 2 * _BAR)
        failed = "bold red" if self.board.failed else "bold"
        table.add_row(bar, Text(self.board.in_words(), style=failed), Text(duration(self.board.seconds), style="dim"))
        return table

    def _cells(self, job: Job) -> tuple[ConsoleRenderable, ...]:
        """Name, bar, count, rate and the rest of a job's line."""
        log, is_wide = job.said(), self.console.width >= _WIDE
        left = self.console.width - _BAR - _COUNT - _RATE - (_UNIT if is_wide else 0)
        name = Text(shortened(job.name, max(_NAME, int(_SHARE * left))))
        if (progress := log.progress) is None:
            said = Text(log.last or "starts", style="dim", no_wrap=True, overflow="ellipsis")
            return name, Spinner("dots"), Text(duration(job.seconds), style="dim"), Text(""), said
        rest = ", ".join(filter(None, [progress.note.split(", waiting")[0], log.validation]))
        return (
            name,
            _bar(progress.done, progress.total, _BAR),
            Text(f"{progress.done:,}/{progress.total:,}{f' {progress.unit}' if is_wide else ''}"),
            Text(f"{progress.rate:g}/s  ETA {progress.remaining}", style="cyan"),
            Text(rest, style="dim", no_wrap=True, overflow="ellipsis"),
        )


def _bar(done: int, total: int, width: int) -> ProgressBar:
    """A bar in another colour than rich's own, which is the red of failures."""
    return ProgressBar(max(1, total), done, width, complete_style="cyan", finished_style="green")
