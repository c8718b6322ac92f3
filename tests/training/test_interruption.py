import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time

import pytest

from bridgelib.training.interruption import Interrupted, Interruption

WAITING = """
import sys, time
from bridgelib.training.interruption import EXIT_CODE, Interrupted, Interruption, leave
with Interruption() as interruption:
    print("ready", flush=True)
    try:
        interruption.wait_for(time.sleep, 60)
    except Interrupted as signal:
        print(f"stopped by {signal}", flush=True)
        if "--slow" in sys.argv:
            time.sleep(60)
        leave(EXIT_CODE)
"""


@pytest.fixture(autouse=True)
def closed_terminals_count():
    """Also where these tests themselves were started with nohup, which processes hand down."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def waiting(repository):
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", WAITING, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=repository,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_nothing_happens_without_a_signal():
    with Interruption() as interruption:
        interruption.check()
        assert interruption.wait_for(lambda a, b: a + b, 1, 2) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_is_noted_and_raised_where_it_is_looked_for(number, capfd):
    before = signal.getsignal(number)
    with Interruption() as interruption:
        os.kill(os.getpid(), number)
        assert interruption.signal == number.name
        with pytest.raises(Interrupted, match=number.name):
            interruption.check()
    assert signal.getsignal(number) == before
    assert f"{number.name}: stopping at the next whole step" in capfd.readouterr().err


def test_a_closed_terminal_does_not_end_what_was_started_with_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            interruption.check()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_error_in_a_waited_for_call_is_raised_here():
    with Interruption() as interruption, pytest.raises(ZeroDivisionError):
        interruption.wait_for(lambda: 1 / 0)


def test_waiting_stops_at_once_though_the_call_goes_on():
    with Interruption() as interruption:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        started = time.monotonic()
        with pytest.raises(Interrupted):
            interruption.wait_for(time.sleep, 5)
        assert time.monotonic() - started < 3


def test_process_ends_by_the_exit_code_while_its_call_goes_on(waiting):
    process = waiting()
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "stopped by SIGTERM\n"
    assert process.wait(10) == 75


CLOSED = """
import sys, time
from bridgelib.training.interruption import EXIT_CODE, Interrupted, Interruption, leave
with Interruption() as interruption:
    print("ready", file=sys.stderr, flush=True)
    try:
        interruption.wait_for(time.sleep, 60)
    except Interrupted:
        print("nobody reads this any more", file=sys.stderr, flush=True)
        leave(EXIT_CODE)
"""


def test_a_closed_terminal_stops_it_and_takes_no_print_amiss(repository):
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CLOSED],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=repository,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(its)
    try:
        assert os.read(ours, 100).startswith(b"ready")
        os.close(ours)
        assert process.wait(10) == 75
    finally:
        process.kill()
        process.wait()


def test_second_ctrl_c_ends_at_once(waiting):
    process = waiting("--slow")
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopped by SIGINT\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == -signal.SIGINT


def test_repeated_sigterm_does_not_end_a_saving_process(waiting):
    process = waiting("--slow")
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "stopped by SIGTERM\n"
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert process.poll() is None
