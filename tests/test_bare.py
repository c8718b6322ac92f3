"""`.ci/bare` shows a bare machine: nothing on the path but Debian's essential programs, Python, make and git."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.programs("dpkg-query", "git", "make")


@pytest.fixture
def bare(tmp_path):
    """Runs a command in it, from another folder and from a home that has seen much."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    for path in (home / ".config" / "pip" / "pip.conf", home / ".netrc", home / ".gitconfig", home / ".cache" / "old"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    programs.mkdir()
    (programs / "sbatch").write_text("#!/bin/sh\n")
    (programs / "sbatch").chmod(0o755)
    variables = {**os.environ, "HOME": str(home), "PYTHON": sys.executable}
    variables |= {"PATH": f"{programs}:{os.environ['PATH']}", "TMPDIR": str(tmp_path), "UV_CACHE_DIR": str(home)}
    variables |= {"PIP_INDEX_URL": "https://index", "https_proxy": "http://proxy", "LANG": "tr_TR", "USER": "me"}

    def run(*command: str) -> subprocess.CompletedProcess:
        script = REPOSITORY / ".ci" / "bare"
        return subprocess.run([script, *command], cwd=tmp_path, env=variables, capture_output=True, text=True)

    return run


def test_programs_from_elsewhere_are_hidden(bare):
    here = bare("sh", "-c", "for name in sh env awk which git make python3 sbatch apt-get; do which $name; done")
    names = [Path(line).name for line in here.stdout.splitlines()]
    assert names == ["sh", "env", "awk", "which", "git", "make", "python3"]


def test_the_home_is_new_and_goes_away_but_knows_where_packages_come_from(bare):
    told = bare("sh", "-c", "echo $HOME; echo $XDG_CACHE_HOME; cd; find . -type f; git config user.name").stdout
    home, cache, *rest = told.splitlines()
    assert cache == f"{home}/.cache" and rest == ["./.config/pip/pip.conf"]
    assert not Path(home).parent.exists()


def test_of_the_variables_only_those_remain_that_packages_are_fetched_with(bare):
    given = dict(line.partition("=")[::2] for line in bare("env").stdout.splitlines())
    assert given["PIP_INDEX_URL"] == "https://index" and given["https_proxy"] == "http://proxy"
    assert given.keys().isdisjoint({"LANG", "USER", "PYTHON", "UV_CACHE_DIR"})


def test_an_environment_made_in_it_outlives_it(bare, tmp_path):
    made = bare("python3", "-m", "venv", "--without-pip", "made")
    assert made.returncode == 0, made.stderr
    subprocess.run([tmp_path / "made" / "bin" / "python", "-c", "import json"], check=True)


def test_it_ends_as_the_command_ends_and_passes_words_on_as_they_are(bare):
    assert bare("sh", "-c", "exit 3").returncode == 3
    assert bare("printf", "%s|", "a b", "*", "").stdout == "a b|*||"
