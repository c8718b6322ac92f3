"""The wheel, installed into an empty environment as on a robot: a policy acts there, and nothing else is needed."""

import itertools
import json
import re
import subprocess
import sys
import zipfile
from email.parser import Parser

import numpy as np
import pytest

import bridgelib
from bridgelib.config.machines import ENVIRONMENTS
from bridgelib.policy import load
from tests.conftest import REPOSITORY
from tests.policy.bundles import write_bundle

NO_INDEX = re.compile(r"error sending request|dns error|Connection refused|timed? out|Failed to fetch|network", re.I)
ACTS = """
import json, sys
import numpy as np
import bridgelib
from bridgelib.config.machines import ENVIRONMENTS
from bridgelib.policy import load

policy = load(sys.argv[1])
camera = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
action = policy.act(policy.prepare(camera), np.arange(7.0), goal=policy.prepare(camera[::-1]))
print(json.dumps({"file": bridgelib.__file__, "action": action.tolist()}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_package_and_what_it_reads(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        facts = Parser().parsestr(archive.read(metadata).decode())
    assert facts["Name"] == "bridgedata-pipeline" and facts["Version"] == bridgelib.__version__
    assert {"policy", "train", "convert", "doctor", "workflow"} <= set(facts.get_all("Provides-Extra"))
    modules = [path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "bridgelib").rglob("*.py")]
    assert {*modules, "bridgelib/py.typed"} <= names
    settings = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "config").rglob("*.yaml")}
    locks = {f"envs/{name}.txt" for name in ("convert", *ENVIRONMENTS.values())}
    assert {f"bridgelib/repository/{name}" for name in settings | locks} <= names
    assert not [name for name in names if name.partition("/")[0] not in ("bridgelib", metadata.partition("/")[0])]


@pytest.fixture(scope="module")
def robot(wheel, tmp_path_factory):
    """An environment with the extra `policy` alone, at versions that are locked."""
    pytest.importorskip("uv")
    folder = tmp_path_factory.mktemp("robot")
    uv, python = [sys.executable, "-m", "uv"], folder / "bin" / "python"
    subprocess.run([*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, folder], check=True)
    constraints = REPOSITORY / "envs" / "train.txt"
    install = [*uv, "pip", "install", "--python", python, "--constraint", constraints, f"{wheel}[policy]"]
    done = subprocess.run(install, capture_output=True, text=True, timeout=500)
    if done.returncode and NO_INDEX.search(done.stderr):
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return folder


def run(robot, tmp_path, *command):
    """Call it as a robot would: from elsewhere, with nothing of this checkout."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "JAX_PLATFORMS": "cpu"}
    return subprocess.run([*map(str, command)], cwd=tmp_path, env=variables, capture_output=True, text=True)


@pytest.mark.slow
def test_a_policy_acts_where_only_the_wheel_is(robot, tmp_path):
    write_bundle(tmp_path / "policy")
    done = run(robot, tmp_path, robot / "bin" / "python", "-c", ACTS, tmp_path / "policy")
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    assert there["file"].startswith(str(robot))
    here = load(tmp_path / "policy")
    camera = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    expected = here.act(here.prepare(camera), np.arange(7.0), goal=here.prepare(camera[::-1]))
    np.testing.assert_allclose(there["action"], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_the_types_admit_what_the_readme_shows(tmp_path):
    """The package says that it is typed, so who calls it may have that checked."""
    pytest.importorskip("mypy")
    lines = (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()
    start = lines.index("    from bridgelib.policy import load")
    shown = [line.strip() for line in itertools.takewhile(str.strip, lines[start:])]
    given = ["import numpy as np", "camera_image = goal_image = np.zeros((48, 64, 3), np.uint8)", "state = np.zeros(7)"]
    (tmp_path / "shown.py").write_text("\n".join([*given, *shown]))
    command = [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent", "--ignore-missing-imports"]
    checked = subprocess.run([*command, tmp_path / "shown.py"], cwd=REPOSITORY, capture_output=True, text=True)
    assert checked.returncode == 0 and "act(" in shown[-1], checked.stdout


@pytest.mark.slow
def test_the_programs_are_there_and_say_what_they_lack(robot, tmp_path):
    program = robot / "bin" / "bridgedata"
    assert run(robot, tmp_path, program, "--version").stdout == f"bridgedata {bridgelib.__version__}\n"
    shown = run(robot, tmp_path, program, "convert_checkpoint", "--help")
    assert shown.stdout.startswith("usage: bridgedata convert_checkpoint"), shown.stderr
    refused = run(robot, tmp_path, program, "raw_to_numpy", "--help")
    assert refused.returncode == 2 and "pip install 'bridgedata-pipeline[" in refused.stderr
