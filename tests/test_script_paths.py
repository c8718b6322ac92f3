"""Paths on the command lines of scripts."""

import os
import subprocess
import sys

import pytest

from tests.raw_trees import DATE, write_dated_folder


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
    done = subprocess.run(
        command, capture_output=True, text=True, env={"HOME": "/home/me", "PYTHONPATH": str(repository)}
    )
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_conversions_by_hand_make_no_folder_of_such_a_name(repository, tmp_path):
    """`--numpy=~/numpy` reaches a program as it stands; a folder that was found may be called so."""
    home = tmp_path / "home"
    write_dated_folder(tmp_path / "raw", "it's $HOME", trajectories=1)

    def call(script, *words):
        command = [sys.executable, repository / "workflow_scripts" / script, *words]
        variables = {**os.environ, "HOME": str(home)}
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)

    done = call("raw_to_numpy.py", "--raw=raw", "--numpy=$NOT_SET_HERE/numpy", "--im_size=32")
    assert done.returncode == 2 and "$NOT_SET_HERE is not set" in done.stderr
    assert call("raw_to_numpy.py", "--raw=raw", "--numpy=~/numpy", "--im_size=32").returncode == 0
    assert (home / "numpy" / "it's $HOME" / f"{DATE}.npz").is_file()
    one = ["--raw=raw", f"--dated-folder=raw/it's $HOME/{DATE}", "--im_size=32"]
    (tmp_path / "it's $HOME").mkdir()
    shard = f"it's $HOME/{DATE}"
    assert call("raw_to_numpy.py", *one, f"--shard={shard}.npz", f"--report={shard}.report.json").returncode == 0
    assert (tmp_path / f"{shard}.npz").is_file()
    assert {entry.name for entry in tmp_path.iterdir()} == {"raw", "home", "it's $HOME"}
