"""What the wheel asks for by role agrees with what the environments are made of."""

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY
from tests.envs.locks import pins, requirements

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVS = REPOSITORY / "envs"
# Role -> the source of its environment, and the locks of all stacks that do its work.
ROLES = {
    "train": ("train", ["train", "train-cuda12", "train-cuda13", "seed-stack", "seed-cuda12", "newest-jax"]),
    "convert": ("convert", ["convert", "seed-stack"]),
    "workflow": ("workflow", ["workflow", "dev"]),
}


def asked(extra):
    """Package -> what an extra asks for, with those that it includes."""
    found = {}
    for requirement in map(Requirement, PROJECT["optional-dependencies"][extra]):
        if canonicalize_name(requirement.name) == PROJECT["name"]:
            for included in requirement.extras:
                found |= asked(included)
        else:
            found[canonicalize_name(requirement.name)] = requirement
    return found


@pytest.mark.parametrize("role", ROLES)
def test_an_extra_names_what_its_environment_does(role):
    source, _ = ROLES[role]
    wanted = {canonicalize_name(requirement.name) for requirement in requirements(ENVS / f"{source}.in")}
    assert asked(role).keys() == wanted


@pytest.mark.parametrize(("role", "lock"), [(role, lock) for role, (_, locks) in ROLES.items() for lock in locks])
def test_an_extra_admits_what_is_locked(role, lock):
    locked = pins(ENVS / f"{lock}.txt")
    held = {name: requirement for name, requirement in asked(role).items() if name in locked}
    assert len(held) > 3
    for name, requirement in held.items():
        assert requirement.specifier.contains(locked[name], prereleases=True), (
            f"{requirement}: {lock} has {locked[name]}"
        )


@pytest.mark.parametrize("role", ROLES)
def test_each_bound_stands_in_a_source(role):
    files = [ENVS / f"{name}.in" for name in ("train", "convert", "workflow", "seed-stack")]
    sources = [each for file in files for each in requirements(file)]
    known = {(canonicalize_name(each.name), part.version) for each in sources for part in each.specifier}
    assert {(name, part.version) for name, each in asked(role).items() for part in each.specifier} <= known


def test_policy_is_a_part_of_train_and_the_doctor_asks_for_what_the_workflow_has():
    assert asked("policy").keys() < asked("train").keys()
    locked = pins(ENVS / "workflow.txt")
    for name, requirement in asked("doctor").items():
        assert requirement.specifier.contains(locked[name]), requirement
