"""A job that was refused is not started again in the same call; one that failed otherwise is."""

import os
import subprocess
import sys

import pytest

from bridgelib.jobs.refusals import FOLDER, forget_former, of_this_call, stands_in

REFUSING = """
import sys
sys.path.insert(0, {repository!r})
from bridgelib.errors import ConfigError, DataError, run_program
def main():
    with open("started", "a") as file:
        file.write("x")
    {fault}
run_program(main)
"""


@pytest.fixture
def attempt(tmp_path, repository):
    """(what goes wrong, the call's variables) -> exit status and words of a job of the workflow."""

    def run(fault, call):
        program = REFUSING.format(repository=str(repository), fault=fault)
        command = [str(repository / "envs" / "run"), "current", "--", "python", "-c", program]
        environ = {**{key: value for key, value in os.environ.items() if key != FOLDER}, **call}
        environ["BRIDGE_PYTHON"] = sys.executable
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
        return done.returncode, done.stderr, (tmp_path / "started").read_text()

    return run


REFUSAL = 'raise DataError("here", given="too few", do="get more")'


def test_the_second_attempt_says_the_same_and_does_not_start(attempt, tmp_path):
    call = of_this_call(tmp_path)
    code, words, started = attempt(REFUSAL, call)
    assert (code, started) == (2, "x") and "too few" in words
    code, words, started = attempt(REFUSAL, call)
    assert (code, started) == (2, "x") and "too few" in words and "get more" in words
    assert "refused before in this call" in words


def test_another_call_starts_it_again_and_forgets(attempt, tmp_path):
    attempt(REFUSAL, of_this_call(tmp_path))
    assert attempt(REFUSAL, of_this_call(tmp_path))[2] == "xx"
    assert attempt(REFUSAL, {})[2] == "xxx"  # by hand, outside of any workflow
    forget_former(tmp_path)
    assert not (tmp_path / ".snakemake" / "refusals").exists()


@pytest.mark.parametrize(
    "fault",
    ["os = __import__('os'); os.abort()", "raise ValueError", 'raise DataError("disk") from OSError(5, "I/O error")'],
)
def test_what_may_heal_is_tried_again(attempt, tmp_path, fault):
    call = of_this_call(tmp_path)
    assert attempt(fault, call)[0] not in (0, None)
    assert attempt(fault, call)[2] == "xx"


def test_the_workflow_knows_a_refused_job_by_its_log(attempt, tmp_path):
    call = of_this_call(tmp_path)
    refused, other, absent = (str(tmp_path / name) for name in ("refused.log", "other.log", "absent.log"))
    (tmp_path / "other.log").write_text("DataError: elsewhere\n")
    assert not stands_in([refused, absent], call)
    (tmp_path / "refused.log").write_bytes(attempt(REFUSAL, call)[1].encode() + b"\xff")
    assert stands_in([other, refused, absent], call)
    assert not stands_in([other, absent], call) and not stands_in([], call)
    assert not stands_in([refused], of_this_call(tmp_path)) and not stands_in([refused], {})
