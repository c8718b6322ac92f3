"""The board in lines, on a screen, and a failure in a few lines."""

import io
import re
import time

import pytest

from bridgelib.watching.board import Board, Job
from bridgelib.watching.failure import as_text
from bridgelib.watching.lines import Lines

PROGRESS = "put_x  20/50 trajectories  4.0 trajectories/s  ETA 0:00:07  2 rejected\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def job(tmp_path):
    log = tmp_path / "raw_to_numpy.log"
    log.write_text(PROGRESS)
    return Job("raw_to_numpy", "put_x 2021", log)


def test_without_a_terminal_lines_are_plain_and_sparse(job):
    board, stream = Board(total=3), io.StringIO()
    lines = Lines(board, stream, first=0.05)
    board.started(7, job)
    lines.started(7, job)
    end = time.monotonic() + 5
    while "20 of 50" not in stream.getvalue() and time.monotonic() < end:
        time.sleep(0.01)
    board.ended(7)
    lines.ended(7, job)
    lines.close()
    told = stream.getvalue()
    assert re.search(r"^\d\d:\d\d:\d\d  raw_to_numpy put_x 2021: started; log: ", told)
    assert "20 of 50 trajectories, 4 trajectories/s, ETA 0:00:07, 2 rejected" in told
    assert told.splitlines()[-1].endswith("raw_to_numpy put_x 2021: done in 0:00:00")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", told)


def test_a_job_is_told_of_ever_more_seldom(job, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    board, stream = Board(total=1), io.StringIO()
    lines = Lines(board, stream, first=60)
    lines.close()  # its own clock
    board.started(1, job)
    lines.started(1, job)
    told = []
    for second in range(0, 7200, 10):
        clock[0], before = float(second), len(stream.getvalue())
        lines.tell()
        told += [second] if len(stream.getvalue()) > before else []
    assert told[:5] == [60, 180, 420, 900, 1500] and len(told) < 16


def test_a_screen_has_a_line_with_a_bar_per_job_and_one_for_the_whole(job, tmp_path):
    Screen = pytest.importorskip("bridgelib.watching.screen").Screen
    board, terminal = Board(done=12, total=40, failed=1), Terminal()
    training = tmp_path / "train.log"
    training.write_text(
        "training  90/100 steps  3.5 steps/s  ETA 0:00:03  actor_loss 0.5, waiting for data 3% of the time\n"
    )
    screen = Screen(board, terminal, colour=False)
    screen.console.width, screen.console.height = 120, 10
    jobs = [job, Job("train_policy", "bc_demo", training), Job("embed_language", "lc", tmp_path / "none.log")]
    for number, each in enumerate(jobs):
        board.started(number, each)
    with screen.console.capture() as captured:
        screen.console.print(screen.drawn())
    lines = captured.get().splitlines()
    assert len(lines) == 4
    assert "raw_to_numpy put_x 2021" in lines[0] and "20/50 trajectories" in lines[0] and "ETA 0:00:07" in lines[0]
    assert (
        "90/100 steps" in lines[1]
        and "3.5/s" in lines[1]
        and "actor_loss 0.5" in lines[1]
        and "waiting" not in lines[1]
    )
    assert "embed_language lc" in lines[2]
    assert "12 of 40 jobs done, 3 running, 1 failed" in lines[3]
    assert lines[0].count("━") < lines[1].count("━") + lines[1].count("╸") + 20


def test_a_screen_is_never_higher_than_the_terminal_and_leaves_the_cursor_alone(job):
    Screen = pytest.importorskip("bridgelib.watching.screen").Screen
    board, terminal = Board(total=100), Terminal()
    screen = Screen(board, terminal, colour=False)
    screen.console.width, screen.console.height = 80, 10
    for number in range(50):
        board.started(number, job)
    screen.started(49, job)
    screen.close()
    with screen.console.capture() as captured:
        screen.console.print(screen.drawn())
    assert len(captured.get().splitlines()) <= 10 and "and 44 more" in captured.get()
    assert "\x1b[?25l" not in terminal.getvalue() and "\x1b[?1049h" not in terminal.getvalue()


def test_while_a_job_prints_itself_nothing_is_drawn(job, tmp_path):
    Screen = pytest.importorskip("bridgelib.watching.screen").Screen
    board, terminal = Board(total=2), Terminal()
    screen = Screen(board, terminal)
    board.started(1, job)
    screen.started(1, job)
    table = Job("success", "", tmp_path / "success.log")
    board.started(2, table)
    screen.started(2, table)
    drawn = terminal.getvalue()
    time.sleep(1.2)  # two refreshes
    assert terminal.getvalue() == drawn
    screen.close()


def test_a_failure_is_its_name_the_scheduler_and_the_end_of_its_log(tmp_path):
    log = tmp_path / "train.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    told = as_text("train_policy bc", [str(log)], said="SLURM status is: 'CANCELLED'", aux={"external_jobid": 7})
    lines = told.splitlines()
    assert lines[0] == "train_policy bc: FAILED" and "CANCELLED" in lines[1] and lines[2] == "  external_jobid: 7"
    assert lines[3] == f"  log: {log}, its last 20 lines:" and lines[4:] == [f"  | line {n}" for n in range(80, 100)]
    assert "No such file" in as_text("x", [str(tmp_path / "none.log")])
    assert as_text("x", [str(log)], shown=0).splitlines() == ["x: FAILED", f"  log: {log}"]


@pytest.mark.parametrize(("no_color", "colour", "coloured"), [("", True, True), ("1", True, False), ("", False, False)])
def test_a_screen_is_coloured_unless_snakemake_or_the_user_forbids_it(job, monkeypatch, no_color, colour, coloured):
    Screen = pytest.importorskip("bridgelib.watching.screen").Screen
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    Screen(Board(total=1), terminal, colour=colour).failed(1, "it failed")
    assert "it failed" in terminal.getvalue() and ("\x1b[31m" in terminal.getvalue()) == coloured
