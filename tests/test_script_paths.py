"""Paths on the command lines of scripts."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("~/nothing.json", "/home/me/nothing.json"),
        ("$NOT_SET_HERE/a.json", "$NOT_SET_HERE is not set"),
        ("~no-one/a", "nobody's home"),
    ],
)
def test_a_home_is_expanded_and_what_stands_for_nothing_refused(repository, given, said):
    script = repository / "workflow_scripts" / "success_table.py"
    command = [sys.executable, script, f"--references={given}", "--rollouts", "a=b"]
    done = subprocess.run(command, capture_output=True, text=True, env={"HOME": "/home/me"})
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
