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
@pytest.mark.parametrize("option", ["--references={}", "--rollouts=a={}"])
def test_a_home_is_expanded_and_what_stands_for_nothing_refused(repository, tmp_path, option, given, said):
    script = repository / "workflow_scripts" / "success_table.py"
    (tmp_path / "empty.json").write_text("{}")
    options = {"--references={}": f"{tmp_path}/empty.json", "--rollouts=a={}": f"{tmp_path}/empty.json", option: given}
    command = [sys.executable, script, *(name.format(path) for name, path in options.items())]
    done = subprocess.run(command, capture_output=True, text=True, env={"HOME": "/home/me"})
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
