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
from tests.trajectories import make_trajectory, write_shard

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


MODEL = """
import sys
import tensorflow as tf, tensorflow_text
from bridgelib.language.encoder import make_encoder

class Lengths(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        words = tensorflow_text.WhitespaceTokenizer().tokenize(texts)
        return tf.stack([tf.cast(words.row_lengths(), tf.float32), tf.cast(tf.strings.length(texts), tf.float32)], 1)

tf.saved_model.save(Lengths(), sys.argv[1])
print(make_encoder("muse", {"model": sys.argv[1]}).encode(["open the drawer", "", "close"]).tolist())
"""
"""A model of the kind that is published: it takes texts, and has operations of tensorflow-text in it."""


def test_muse_embeds_with_a_model_of_its_kind(built, tmp_path):
    if built.name != "muse":
        pytest.skip("another environment")
    assert run(built, "-c", MODEL, tmp_path / "model").splitlines()[-1] == "[[3.0, 15.0], [0.0, 0.0], [1.0, 5.0]]"


def test_what_is_converted_without_tensorflow_is_read_with_it(built, tmp_path):
    if built.name != "verify":
        pytest.skip("another environment")
    write_shard(tmp_path / "numpy" / "task", "2021-08-02_10-00-00", [make_trajectory(number) for number in range(4)])
    scripts, made = REPOSITORY / "workflow_scripts", tmp_path / "tfrecord"
    converted = [scripts / "numpy_to_tfrecord.py", "--numpy", tmp_path / "numpy", "--output", made, "--im_size", 8]
    subprocess.run([sys.executable, *map(str, converted)], check=True, capture_output=True)
    judged = run(built, scripts / "verify_records.py", "--tensorflow", "--data", made, "--numpy", tmp_path / "numpy")
    assert judged == "2 files: all as written, and TensorFlow reads in them what was written\n"


def _is_module(name: str) -> bool:
    path = REPOSITORY / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
