import os

import pytest

from tests.training.command import Workplace


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """What XLA compiled in one process of this session, the others need not: most of the tests' time."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"


@pytest.fixture(scope="session")
def workplace(tmp_path_factory, repository, compiled):
    return Workplace.make(tmp_path_factory.mktemp("workplace"), repository, compiled)
