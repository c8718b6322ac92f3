"""The rules that build environments, with small wheels and without a network."""

import shutil
import subprocess
import sys

import pytest

from tests.envs.wheels import only_from, pin_of, write_wheel

pytest.importorskip("uv")
pytest.importorskip("snakemake")


@pytest.fixture
def build(tmp_path, repository):
    """Builds an environment in a copy of the repository in which its lock holds one small wheel."""
    for name in ("Snakefile", "rules", "bridgelib", "workflow_scripts", "config", "envs", "profiles"):
        copy = shutil.copytree if (repository / name).is_dir() else shutil.copy
        copy(repository / name, tmp_path / name)

    def run(name, find_links=tmp_path):
        (tmp_path / "envs" / f"{name}.txt").write_text(pin_of(write_wheel(tmp_path)))
        command = [sys.executable, "-m", "snakemake", "--cores=1", f".venvs/{name}/.ready", "--config", "machine=demo"]
        done = subprocess.run(command, cwd=tmp_path, env=only_from(find_links), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    run.folder = tmp_path
    return run


def modules(folder, name):
    return {path.stem for path in (folder / ".venvs" / name).glob("lib/python3*/site-packages/*.py")} - {"_virtualenv"}


def test_an_environment_is_built_from_its_lock_and_its_stamp_is_the_lock(build):
    code, output = build("convert")
    assert code == 0, output
    assert modules(build.folder, "convert") == {"brandnew"}
    stamp, lock = (build.folder / path for path in (".venvs/convert/.ready", "envs/convert.txt"))
    assert stamp.read_bytes() == lock.read_bytes()


def test_a_wheel_that_is_on_no_index_is_taken_from_where_the_user_says(build):
    write_wheel(build.folder, "jaxlib", "0.4.13+cuda12.cudnn89")
    code, output = build("seed-cuda12")
    assert code == 0, output
    assert modules(build.folder, "seed-cuda12") == {"brandnew", "jaxlib"}


def test_without_it_the_log_shows_the_way_to_it(build):
    code, output = build("seed-cuda12")
    assert code != 0 and "UV_FIND_LINKS=https://" in output and "jax_cuda_releases" in output
    assert not (build.folder / ".venvs" / "seed-cuda12" / ".ready").exists()
