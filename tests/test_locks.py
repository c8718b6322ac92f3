"""One at a time: who comes second waits for the first, says for whom, and finds what it did."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from bridgelib import locks
from bridgelib.errors import DataError
from bridgelib.files import alone, folder_written_whole, written_whole

HOLDER = """
import sys, time
from pathlib import Path
from bridgelib.files import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def holder(tmp_path, repository):
    """Another process that works on `done.json`; it is killed in the end, if it still lives."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "done.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


class Enough(Exception):
    pass


def stop():
    raise Enough


def test_who_comes_second_is_told_who_holds_it_and_goes_on_when_that_one_dies(tmp_path, holder, capfd, repository):
    with pytest.raises(Enough), alone(tmp_path / "done.json", stop):
        pass
    said = capfd.readouterr().err
    assert f"waiting for process {holder.pid} of " in said and "at work since 2" in said and str(repository) in said
    threading.Timer(0.3, lambda: os.kill(holder.pid, signal.SIGKILL)).start()
    with alone(tmp_path / "done.json") as waited:  # the kernel frees it
        assert waited
        assert json.loads((tmp_path / ".done.json.lock").read_text())["pid"] == os.getpid()
    assert "free, after 0:00:0" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nobody_waits_where_nobody_works(tmp_path, capfd):
    with pytest.raises(ZeroDivisionError), alone(tmp_path / "run" / "done.json"):
        raise ZeroDivisionError
    with alone(tmp_path / "run" / "done.json") as waited:
        assert not waited
    assert capfd.readouterr().err == ""


def test_an_unsigned_lock_is_waited_for_too(tmp_path, capfd):
    with alone(tmp_path / "a"):
        (tmp_path / ".a.lock").write_text("")
        with pytest.raises(Enough), alone(tmp_path / "a", stop):
            pass
    assert "waiting for another process (to find it: fuser -v" in capfd.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(tmp_path):
    (tmp_path / "runs").write_text("a file, where the folder should be")
    with pytest.raises(DataError, match="Not a directory"), alone(tmp_path / "runs" / "bc_all" / "done.json"):
        pass


def test_several_who_wait_take_turns(tmp_path):
    inside, most = [], []

    def work():
        with alone(tmp_path / "a"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.05)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


@pytest.mark.parametrize("writer", [written_whole, folder_written_whole])
def test_two_writers_of_one_name_write_one_after_the_other(tmp_path, writer):
    """Neither fails, and the second finds an empty place, not what the first is about to write."""
    order = []

    def second():
        with writer(tmp_path / "a") as partial:
            order.append(("second", partial.stat().st_size if partial.is_file() else len(list(partial.iterdir()))))

    with writer(tmp_path / "a") as partial:
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.5)
        (partial.write_text("first") if partial.is_file() else (partial / "x").touch())
        order.append("first")
    thread.join()
    assert order == ["first", ("second", 0)]


def test_a_file_system_without_locks_lets_everybody_pass(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(locks.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with alone(tmp_path / "a") as waited, alone(tmp_path / "b"):
        assert not waited
