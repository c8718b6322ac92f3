"""The script that fills an empty conda environment, run as Snakemake runs it, without conda."""

import subprocess
import sys

import pytest

from bridgelib.jobs.conda import post_deploy_script
from tests.envs.wheels import only_from, pin_of, write_wheel


@pytest.fixture
def deploy(tmp_path):
    """Runs the script of a lock with one local wheel; returns the process and the environment's Python."""
    pytest.importorskip("uv")
    envs, prefix = tmp_path / "repository" / "envs", tmp_path / "conda"
    envs.mkdir(parents=True)
    (prefix / "conda-meta").mkdir(parents=True)  # what conda leaves in an empty environment
    wheel = write_wheel(tmp_path)

    def run(pin=None, wheels="", changed=""):
        pin = pin or pin_of(wheel)
        (envs / "x.wheels").write_text(wheels)
        script = tmp_path / "x.post-deploy.sh"
        script.write_text(post_deploy_script("x", pin.encode(), bool(wheels)))
        (envs / "x.txt").write_text(pin + changed)
        roles = {"BRIDGE": str(envs.parent), "BRIDGE_PYTHON": sys.executable, "CONDA_PREFIX": str(prefix)}
        variables = {**only_from(tmp_path), **roles}
        command = ["/usr/bin/env", "bash", str(script)]
        return subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True)

    run.python = prefix / "bin" / "python"
    return run


def version(python, module="brandnew"):
    program = f"import {module}; print({module}.VERSION)"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_it_fills_the_environment_from_the_lock(deploy):
    done = deploy()
    assert done.returncode == 0, done.stderr
    assert version(deploy.python) == "1.0"


def test_a_wheel_of_another_content_is_refused(deploy):
    done = deploy(pin=f"brandnew==1.0 --hash=sha256:{'0' * 64}\n")
    assert done.returncode != 0 and "Hash mismatch" in done.stderr


def test_a_lock_that_was_changed_by_hand_is_refused(deploy):
    done = deploy(changed="# by hand\n")
    assert done.returncode != 0 and "x.txt: FAILED" in done.stdout + done.stderr


def test_what_is_on_no_index_is_installed_too_or_the_way_to_it_is_shown(deploy, tmp_path):
    write_wheel(tmp_path, "special", "0.4.13+cuda12")
    done = deploy(wheels="# where it lies\nspecial==0.4.13+cuda12\n")
    assert done.returncode == 0, done.stderr
    assert version(deploy.python, "special") == "0.4.13+cuda12"
    done = deploy(wheels="# name the page in UV_FIND_LINKS\nabsent==1.0\n")
    assert done.returncode != 0 and "name the page in UV_FIND_LINKS" in done.stdout
