"""The environments built from their locks, and everything imported that is started in them: `make test-environments`.

Each is built in a temporary folder with what uv has downloaded before; what is missing there is downloaded (some 900 MB
for all). Under `make test` these skip.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bridgelib.workflow.environments import environment_size
from tests.conftest import REPOSITORY
from tests.envs.locks import OPTIONAL, closure, scripts_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("BUILD_ENVIRONMENTS" not in os.environ, reason="builds environments: make test-environments"),
]


@pytest.fixture(scope="module", params=["convert", "muse", "verify", "train", "seed-stack"])
def built(request, tmp_path_factory) -> Path:
    """An environment, built as the rule `environment` builds it."""
    folder = tmp_path_factory.mktemp("venvs") / request.param
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    lock = REPOSITORY / "envs" / f"{request.param}.txt"
    sync = [*uv, "pip", "sync", "--quiet", "--python", folder / "bin" / "python", "--require-hashes", lock]
    subprocess.run(sync, check=True)
    return folder


def run(built: Path, *arguments: object) -> str:
    """Call its Python in the repository, with nothing of this one."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    variables |= {"JAX_PLATFORMS": "cpu", "PYTHONNOUSERSITE": "1", "PYTHONPATH": str(REPOSITORY)}
    command = [built / "bin" / "python", *map(str, arguments)]
    done = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_that_its_scripts_import_is_there(built):
    if built.name == "seed-stack":
        makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
        listed = re.search(r"^SEED_STACK_TESTS := (.*?[^\\])$", makefile, re.MULTILINE | re.DOTALL)
        output = run(built, "-m", "pytest", "--collect-only", "-q", *shlex.split(listed[1].replace("\\\n", "")))
        assert "error" not in output.lower().splitlines()[-1] and "tests collected" in output
        return
    scripts = scripts_of(REPOSITORY)["training" if built.name == "train" else built.name]
    foreign, own = closure(REPOSITORY, scripts)
    modules = [name for name in own if _is_module(name)]
    assert len(modules) > 10
    program = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    wanted = foreign - OPTIONAL | ({"tensorflow_hub", "tensorflow_text"} if built.name == "muse" else set())
    run(built, "-c", program, *sorted(wanted), *sorted(modules))


def test_every_script_of_it_shows_its_help(built):
    kind = {"train": "training", "seed-stack": "convert"}.get(built.name, built.name)
    for script in scripts_of(REPOSITORY)[kind]:
        assert run(built, REPOSITORY / "workflow_scripts" / script.name, "--help").startswith("usage:")


def test_nothing_in_it_contradicts_something_else(built):
    """But for ml-dtypes in the older stack, which the setup guide asks for against TensorFlow's own word, and for what
    asks for TensorFlow by the name of its wheel with parts for GPUs.
    """
    check = [sys.executable, "-m", "uv", "pip", "check", "--python", built / "bin" / "python"]
    done = subprocess.run(check, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "requires" in line]
    allowed = {"seed-stack": "ml-dtypes", "muse": "requires `tensorflow>="}.get(built.name)
    assert not [line for line in complaints if allowed is None or allowed not in line], done.stderr


def test_it_is_as_large_as_forecast(built):
    if built.name in ("seed-stack", "verify"):
        pytest.skip("no plan builds it")
    files = list(built.rglob("*"))
    size = sum(path.lstat().st_size for path in files if path.is_file() and not path.is_symlink())
    assert environment_size(built.name).disk_bytes == pytest.approx(size, rel=0.1)
    assert environment_size(built.name).files == pytest.approx(len(files), rel=0.1)


def _is_module(name: str) -> bool:
    path = REPOSITORY / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
