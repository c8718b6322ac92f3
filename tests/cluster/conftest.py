import pytest

from tests.cluster.loopback import Loopback, missing


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A SLURM of one node with two GPUs to count; skips where it cannot be started."""
    if reason := missing(tmp_path_factory.mktemp("probe")):
        pytest.skip(reason)
    with Loopback(tmp_path_factory.mktemp("slurm")) as running:
        yield running
