import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from bridgelib.errors import DataError
from bridgelib.training.lock import exclusive

HOLDER = """
import sys, time
from pathlib import Path
from bridgelib.training.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_process_is_told_who_holds_the_folder(tmp_path, repository):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=repository
    )
    try:
        assert holder.stdout.readline() == "held\n"
        told = f"process {holder.pid} on .* has been training here since"
        with pytest.raises(DataError, match=told), exclusive(tmp_path):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with exclusive(tmp_path):  # the kernel freed it
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()


def test_lock_is_free_after_the_block_and_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "run"):
        raise ZeroDivisionError
    with exclusive(tmp_path / "run"):
        pass


def test_unsigned_lock_still_refuses(tmp_path):
    with exclusive(tmp_path):
        (tmp_path / ".lock").write_text("")
        with pytest.raises(DataError, match="another process is training here"), exclusive(tmp_path):
            pass


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(tmp_path):
    (tmp_path / "runs").write_text("a file, where the folder should be")
    with pytest.raises(DataError, match="Not a directory"), exclusive(tmp_path / "runs" / "bc_all"):
        pass


def test_a_folder_that_may_not_be_written_is_told_with_the_cure(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(DataError, match="name another folder in the machine profile"), exclusive(tmp_path / "run"):
        pass
