"""Fixtures every test may use."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


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
