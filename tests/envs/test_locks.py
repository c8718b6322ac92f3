"""The locks hold what their sources ask for and what the scripts import; nothing here needs a network."""

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bridgelib.config.machines import ENVIRONMENTS
from bridgelib.jobs.conda import conda_file, post_deploy_script
from bridgelib.jobs.environment_locks import equal_locks, lock_digest
from tests.conftest import REPOSITORY
from tests.envs.locks import (
    NEVER_REACHED,
    OPTIONAL,
    PACKAGE_OF_MODULE,
    applies,
    closure,
    pins,
    requirements,
    scripts_of,
)

ENVS = REPOSITORY / "envs"
LOCKS = sorted(path.stem for path in ENVS.glob("*.txt"))
APART = ("muse", "verify")  # the environments of single rules
SERVING = {name: [name] for name in ("convert", *APART, "workflow")} | {"training": sorted(ENVIRONMENTS.values())}


def overridden(name: str) -> set[str]:
    path = ENVS / f"{name}.override"
    return {canonicalize_name(requirement.name) for requirement in requirements(path)} if path.exists() else set()


def wheels(name: str) -> dict[str, Version]:
    """What is installed beside the lock."""
    path = ENVS / f"{name}.wheels"
    return pins(path) if path.exists() else {}


def held(name: str) -> dict[str, Version]:
    return pins(ENVS / f"{name}.txt") | wheels(name)


def test_every_source_has_a_lock_and_every_value_of_environment_too():
    assert sorted(path.stem for path in ENVS.glob("*.in")) == LOCKS
    assert set(ENVIRONMENTS.values()) <= set(LOCKS)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_satisfies_its_source(name):
    found = held(name)
    wanted = [requirement for requirement in requirements(ENVS / f"{name}.in") if applies(requirement)]
    assert wanted
    for requirement in wanted:
        version = found.get(canonicalize_name(requirement.name))
        assert version is not None, f"{name}.txt has no {requirement.name}: make locks"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} and {version}: make locks"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_every_pin_and_a_reason(name):
    text = (ENVS / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    entries = [block for block in blocks if "==" in block.partition("\n")[0]]
    assert len(entries) == len(pins(ENVS / f"{name}.txt")) > 4
    for entry in entries:
        assert "--hash=sha256:" in entry and "# via" in entry, entry


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_packages_require(name):
    """As far as this environment has the same packages in the same versions."""
    found, exempt = held(name), overridden(name)
    checked = 0
    for package, version in found.items():
        try:
            installed = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        if Version(installed.version) != version:
            continue
        checked += 1
        for requirement in map(Requirement, installed.requires or []):
            needed = canonicalize_name(requirement.name)
            if not applies(requirement) or needed in exempt:
                continue
            assert needed in found, f"{name}.txt: {package} {version} requires {requirement}: make locks"
            assert requirement.specifier.contains(found[needed], prereleases=True), (
                f"{name}.txt: {package}: {requirement}"
            )
    if not checked:
        pytest.skip(f"nothing of {name}.txt is installed here in its version")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in SERVING.items() for name in names])
def test_a_lock_provides_what_its_scripts_import(kind, name):
    scripts = scripts_of(REPOSITORY)[kind]
    assert scripts
    modules, own = closure(REPOSITORY, scripts)
    assert own and modules
    modules -= OPTIONAL | NEVER_REACHED.get(kind, set())
    missing = {module for module in modules if package_of(module) not in held(name)}
    assert not missing, f"{name}.in must ask for {sorted(missing)}"


def test_the_older_stack_provides_what_its_tests_import():
    listed = re.search(
        r"^SEED_STACK_TESTS := (.*?[^\\])$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE | re.DOTALL
    )
    folders = [REPOSITORY / folder for folder in listed[1].replace("\\", " ").split()]
    assert len(folders) > 5
    modules, _ = closure(REPOSITORY, [path for folder in folders for path in folder.rglob("*.py")])
    missing = {module for module in modules - OPTIONAL if package_of(module) not in held("seed-stack")}
    assert not missing


def test_former_locks_of_the_same_results_are_listed_as_they_are_compared():
    for path in ENVS.glob("*.same"):
        lock, entries = path.with_suffix(".txt"), path.read_text(encoding="utf-8").splitlines()
        told = [line for line in entries if not line.startswith("#")]
        assert told and equal_locks(lock) == {lock_digest(lock), *(line.partition("  ")[0] for line in told)}
        assert all(re.fullmatch(r"[0-9a-f]{12}  \S.+", line) for line in told)
    assert len(equal_locks(ENVS / "train.txt")) == 1


def package_of(module: str) -> str:
    return canonicalize_name(PACKAGE_OF_MODULE.get(module, module))


def test_a_script_that_imports_something_new_is_noticed(tmp_path):
    """The closure follows our own modules, functions' own imports included."""
    (tmp_path / "bridgelib").mkdir()
    (tmp_path / "bridgelib" / "__init__.py").touch()
    (tmp_path / "bridgelib" / "inner.py").write_text("def late():\n    import brand_new.part\n    import json\n")
    (tmp_path / "script.py").write_text("import os\nfrom bridgelib.inner import late\nfrom PIL import Image\n")
    assert closure(tmp_path, [tmp_path / "script.py"]) == (
        {"brand_new", "PIL"},
        {"bridgelib.inner", "bridgelib.inner.late"},
    )


def test_training_on_a_gpu_has_the_versions_of_training_on_the_cpu():
    """One downloaded wheel serves all roles, and a run resumes from one in the other."""
    cpu = pins(ENVS / "train.txt")
    for name in ("train-cuda12", "train-cuda13", "dev"):
        other = pins(ENVS / f"{name}.txt")
        assert {package: other.get(package) for package in cpu} == cpu, name


def test_neither_training_nor_conversion_needs_tensorflow():
    for name in ("convert", *ENVIRONMENTS.values()):
        assert not [package for package in pins(ENVS / f"{name}.txt") if package.startswith("tensorflow-cpu")]


def test_the_older_cuda_stack_is_exactly_what_the_users_verified():
    found = held("seed-cuda12")
    expected = {
        "jax": "0.4.13",
        "jaxlib": "0.4.13+cuda12.cudnn89",
        "ml-dtypes": "0.5.3",
        "tensorflow-probability": "0.22.1",
    }
    assert {package: str(found[package]) for package in expected} == expected
    series = {
        "nvidia-cuda-runtime-cu12": "12.2.",
        "nvidia-cublas-cu12": "12.2.",
        "nvidia-cudnn-cu12": "8.9.",
        "nvidia-cusolver-cu12": "11.5.",
        "nvidia-cusparse-cu12": "12.1.",
        "nvidia-nvjitlink-cu12": "12.9.",
        "scipy": "1.11.",
    }
    assert all(str(found[package]).startswith(start) for package, start in series.items())
    assert "jaxlib" not in pins(ENVS / "seed-cuda12.txt")  # it would be the one for the CPU
    cpu_half = pins(ENVS / "seed-stack.txt")
    assert all(
        cpu_half[package] == version
        for package, version in found.items()
        if package in cpu_half and package != "jaxlib"
    )


def test_the_conda_environments_are_made_from_the_locks():
    names = {path.stem for path in ENVS.glob("*.yaml")}
    assert names == {"convert", "workflow", *APART, *ENVIRONMENTS.values()}
    for name in names:
        with_wheels = (ENVS / f"{name}.wheels").exists()
        script = post_deploy_script(name, (ENVS / f"{name}.txt").read_bytes(), with_wheels)
        assert (ENVS / f"{name}.yaml").read_text() == conda_file(name), "run: make locks"
        assert Path(ENVS / f"{name}.post-deploy.sh").read_text() == script, "run: make locks"
