"""What a user sees of running jobs: bars on a terminal, sparse lines in a pipe, failures with the cure last."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

import pytest

pytest.importorskip("rich")

PUT = "put_red_cube_on_plate"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@pytest.fixture
def simulating(workspace):
    def with_demonstrations(number):
        simulation = {"tasks": [PUT], "demonstrations": number, "dated_folders": 2, "image_size": [48, 64]}
        workspace.write_profile(simulation=simulation, train_proportion=0.5)
        return workspace

    return with_demonstrations


class Terminal:
    """A pseudo-terminal of 120 columns in which Snakemake runs."""

    def __init__(self, workspace, *words):
        settings = ["--config", f"machine={workspace.profile}", "env=current"]
        snakefile = str(workspace.repository / "Snakefile")
        command = [sys.executable, "-m", "snakemake", "-s", snakefile, "--cores", "2", *settings, "--", *words]
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(workspace.folder)
            told = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}  # of xdist
            os.execvpe(command[0], command, {**told, "TERM": "xterm-256color"})
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        self.modes, self.shown = termios.tcgetattr(self.descriptor), b""

    def read(self, until=None, seconds=120):
        """Read what is shown, to the end or until it holds something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in self.shown):
            if select.select([self.descriptor], [], [], 0.5)[0]:
                try:
                    self.shown += os.read(self.descriptor, 65536)
                except OSError:  # the other end is closed
                    break
        return self.shown.decode("utf-8", "replace")

    def interrupt(self):
        os.write(self.descriptor, b"\x03")

    def end(self):
        """The exit status, and whether the modes of the terminal are what they were."""
        modes = termios.tcgetattr(self.descriptor)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status), modes == self.modes


def test_on_a_terminal_bars_move_and_nothing_is_left_of_them(simulating):
    terminal = Terminal(simulating(200), "numpy")
    shown = terminal.read()
    status, same = terminal.end()
    assert status == 0 and same
    assert "\x1b[?25l" not in shown  # the cursor was never hidden
    done = {int(number) for number in re.findall(r"(\d+)/100 dem", shown)}
    assert len(done) > 1  # a bar that moved
    assert f"✓\x1b[0m raw_to_numpy {PUT} 2021-08-02_10-00-00" in shown
    assert re.search(r"\d of 5 jobs done, [12] running", shown)
    assert "resources:" not in shown and "rule raw_to_numpy:" not in shown  # Snakemake's ten lines per job


def test_ctrl_c_leaves_the_terminal_as_it_was(simulating):
    terminal = Terminal(simulating(400), "numpy")
    terminal.read(until=b"/200 dem")
    terminal.interrupt()
    shown = terminal.read()
    status, same = terminal.end()
    assert status != 0 and same and "\x1b[?25l" not in shown and "\x1b[?1049h" not in shown
    assert "the same command again" in shown[-600:]  # the doctor's cure
    assert "Traceback" not in shown


def test_in_a_pipe_lines_are_plain_and_few(simulating):
    _, output = simulating(4).snakemake("numpy")
    assert not CONTROL.search(output)
    (started,) = re.findall(rf"^.*raw_to_numpy {PUT} 2021-08-02_10-00-00: started.*$", output, re.MULTILINE)
    assert re.match(r"\d\d:\d\d:\d\d  .*; log: logs/raw_to_numpy/.*\.log$", started)
    assert len(re.findall(r": done in \d:\d\d:\d\d", output)) == 4
    assert re.search(r"\d\d:\d\d:\d\d  5 of 5 jobs done, 0 running", output)
    assert "resources:" not in output and "Select jobs" not in output


def test_a_failure_is_the_end_of_its_log_and_the_doctor_speaks_last(simulating):
    lab = simulating(4)
    (lab.folder / "numpy" / PUT / ".2021-08-02_10-00-00.npz.partial").mkdir(parents=True)  # where a file is written
    code, output = lab.snakemake("numpy", check=False)
    assert code != 0 and not CONTROL.search(output)
    failed = rf"raw_to_numpy {PUT} 2021-08-02_10-00-00: FAILED\n  log: logs/\S+\n(  \| .*\n)*  \| .*Is a directory"
    assert re.search(failed, output), output
    assert "Traceback" not in output and "RuleException" not in output
    assert output.count("done in") == 3  # the other session went on
    last = output[output.rindex("Why it failed") :]
    assert (
        "WorkflowError" not in last and "Complete log" not in last and last.rstrip().endswith("examines this machine.")
    )


def test_a_dry_run_is_told_as_always(simulating):
    _, output = simulating(4).snakemake("-n", "numpy")
    assert "rule raw_to_numpy:" in output and "Job stats:" in output
    assert re.search(r"^raw_to_numpy +2$", output, re.MULTILINE)


def test_another_logger_and_none_can_be_chosen(simulating):
    lab = simulating(4)
    command = ["--workflow-profile", "none", "--cores=1", "-n"]
    _, output = lab.snakemake(
        *command, "--config", f"machine={lab.profile}", "env=current", "--", "numpy", machine=False
    )
    assert "rule raw_to_numpy:" in output


def test_status_is_told_from_another_shell_while_the_workflow_runs(simulating):
    lab = simulating(400)
    terminal = Terminal(lab, "numpy")
    terminal.read(until=b"/200 dem")
    _, told = lab.snakemake("status")
    assert "no workflow is at work" not in told and f"process {terminal.pid} of " in told
    assert re.search(rf"simulate_demonstrations {PUT}/2021-\S+: [\d,]+ of 200 demonstrations, .*ETA", told)
    assert "0 of 2 shards, 0 of 1 tasks converted" in told
    terminal.interrupt()
    terminal.read()
    terminal.end()
    assert "no workflow is at work" in lab.snakemake("status")[1]
