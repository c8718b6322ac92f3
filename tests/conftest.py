"""Fixtures every test may use."""

import os
import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
# Scripts that tests start find the package of this checkout, whichever Python runs the tests.
os.environ["PYTHONPATH"] = str(REPOSITORY)


def pytest_runtest_setup(item: pytest.Item):
    """Skip what needs a program that a bare machine lacks, and name it."""
    needed = {name for mark in item.iter_markers("programs") for name in mark.args}
    if absent := sorted(name for name in needed if found(name) is None):
        pytest.skip(f"needs {', '.join(absent)}: not on the path; .ci/install may bring it")


def found(program: str) -> str | None:
    """Where a program lies; daemons lie where the path of a user does not lead."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real trajectories and golden numbers that lies beside the checkout; skips where it is absent."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "bridge-sample" / "raw").is_dir():
        pytest.skip(f"needs the shared reference data in {folder}")
    return folder
