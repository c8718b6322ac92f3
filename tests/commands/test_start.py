"""How scripts and jobs find the package of their own checkout, and what a Python without it is told."""

import os
import shutil
import subprocess
import sys

import pytest

import bridgelib
from bridgelib.__main__ import programs

PARTS = ("Snakefile", "bridgelib", "workflow_scripts", "envs")
WHERE = ["-c", "import bridgelib, os; print(bridgelib.__file__, os.environ['PYTHONPATH'])"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A Python with no packages at all."""
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def moved(repository, tmp_path_factory):
    """Another checkout of the same."""
    folder = tmp_path_factory.mktemp("checkout") / "moved"
    for part in PARTS:
        copy = shutil.copytree if (repository / part).is_dir() else shutil.copy
        folder.mkdir(exist_ok=True)
        copy(repository / part, folder / part)
    return folder


def call(tmp_path, *command, **variables):
    """Call it from a folder of no importance; only what is told stands in PYTHONPATH."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | variables
    return subprocess.run([*map(str, command)], cwd=tmp_path, env=environ, capture_output=True, text=True)


def test_each_program_has_its_script_and_each_script_its_program(repository):
    assert sorted(programs()) == sorted(path.stem for path in (repository / "workflow_scripts").glob("[a-z]*.py"))


def test_the_python_of_the_checkout_runs_scripts_from_anywhere(repository, tmp_path):
    venv = repository / ".venv"
    if not (venv / "bin" / "python").exists() or venv.is_symlink():
        pytest.skip("needs the .venv of this very checkout: make setup")
    done = call(tmp_path, venv / "bin" / "python", repository / "workflow_scripts" / "raw_to_numpy.py", "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: raw_to_numpy.py"), done.stderr


def test_a_checkout_that_was_moved_finds_its_own_package(repository, moved, empty, tmp_path):
    """As the Makefile leaves it: one line that leads from the packages to the checkout, wherever that is."""
    (line,) = [line for line in (repository / "Makefile").read_text().splitlines() if ".pth" in line]
    shutil.copytree(empty, moved / ".venv", symlinks=True)
    subprocess.run(line.strip().replace("$$", "$"), cwd=moved, shell=True, check=True)
    again = moved.rename(moved.with_name("moved-again"))
    try:
        script = again / "workflow_scripts" / "verify_records.py"
        done = call(tmp_path, again / ".venv" / "bin" / "python", script, "--help")
        assert done.returncode == 0 and done.stdout.startswith("usage: verify_records.py"), done.stderr
        isolated = call(tmp_path, again / ".venv" / "bin" / "python", "-I", script, "--help")
        assert isolated.returncode == 0, isolated.stderr
        where = call(tmp_path, again / ".venv" / "bin" / "python", "-c", "import bridgelib; print(bridgelib.__file__)")
        assert where.stdout.strip() == str(again / "bridgelib" / "__init__.py")
    finally:
        shutil.rmtree(again / ".venv")
        again.rename(moved)


def test_a_python_without_the_package_is_told_in_one_line(repository, empty, tmp_path):
    done = call(tmp_path, empty / "bin" / "python", repository / "workflow_scripts" / "raw_to_numpy.py", "--help")
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert str(empty) in line and f"to do: use {repository}/.venv/bin/python" in line


def test_where_there_is_no_environment_yet_it_is_to_be_made(moved, empty, tmp_path):
    done = call(tmp_path, empty / "bin" / "python", moved / "workflow_scripts" / "raw_to_numpy.py")
    assert done.returncode == 2 and f"make -C {moved} setup" in done.stderr and "Traceback" not in done.stderr


def test_the_package_of_another_checkout_is_refused(repository, moved, tmp_path):
    script = repository / "workflow_scripts" / "verify_records.py"
    done = call(tmp_path, sys.executable, script, "--help", PYTHONPATH=str(moved))
    assert done.returncode == 2 and f"does not find bridgelib of {repository}, but {moved}/bridgelib" in done.stderr


def test_where_another_package_comes_first_the_environment_is_not_blamed(repository, moved, empty, tmp_path):
    """PYTHONPATH names another checkout, though the Python is that of this one: making it again would not help."""
    shutil.copytree(empty, moved / ".venv", symlinks=True)
    try:
        command = [moved / ".venv" / "bin" / "python", moved / "workflow_scripts" / "verify_records.py", "--help"]
        done = call(tmp_path, *command, PYTHONPATH=str(repository))
        assert done.returncode == 2 and done.stderr.endswith(f"to do: call it with PYTHONPATH={moved}\n")
        assert call(tmp_path, *command, PYTHONPATH=str(moved)).returncode == 0
    finally:
        shutil.rmtree(moved / ".venv")


def test_a_python_without_a_programs_packages_is_told_which(repository, empty, tmp_path):
    script = repository / "workflow_scripts" / "raw_to_numpy.py"
    done = call(tmp_path, empty / "bin" / "python", script, "--help", PYTHONPATH=str(repository))
    assert done.returncode == 2 and "it has no package 'numpy'" in done.stderr and "Traceback" not in done.stderr
    done = call(tmp_path, empty / "bin" / "python", "-m", "bridgelib.doctor", "--help", PYTHONPATH=str(repository))
    assert done.returncode == 2 and "it has no package 'yaml'" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("foreign", ["", "/elsewhere"])
def test_jobs_find_it_in_any_environment(repository, moved, empty, tmp_path, foreign):
    """The launcher of a checkout starts programs with its own package, whichever else is on their way."""
    for checkout in (repository, moved):
        variables = {"PYTHONPATH": foreign, "BRIDGE_PYTHON": sys.executable}
        built = call(tmp_path, checkout / "envs" / "run", empty, "--", "python", *WHERE, **variables)
        assert built.stdout.split() == [f"{checkout}/bridgelib/__init__.py", str(checkout)], built.stderr
        active = call(tmp_path, checkout / "envs" / "run", "active", "--", sys.executable, *WHERE, **variables)
        path = ":".join(filter(None, [str(checkout), foreign]))
        assert active.stdout.split() == [f"{checkout}/bridgelib/__init__.py", path], active.stderr


def test_every_program_is_found_by_its_name(tmp_path, repository):
    def bridgedata(*words):
        return call(tmp_path, sys.executable, "-m", "bridgelib", *words, PYTHONPATH=str(repository))

    listed = bridgedata("--help").stdout
    assert all(name in listed for name in programs()) and bridgedata().stdout == listed
    assert bridgedata("--version").stdout == f"bridgedata {bridgelib.__version__}\n"
    assert bridgedata("verify_records", "--help").stdout.startswith("usage: bridgedata verify_records [-h] --data PATH")
    refused = bridgedata("verify_record")
    assert refused.returncode == 2 and "verify_records" in refused.stderr
