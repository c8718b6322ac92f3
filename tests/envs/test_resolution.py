"""The locks against the package index that is in use here: every pin can be had, with the bytes that the lock names."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.envs.locks import pins

LOCKS = sorted(path.stem for path in (REPOSITORY / "envs").glob("*.txt"))
NO_NETWORK = re.compile(r"error sending request|dns error|Connection refused|timed? out|Failed to fetch|network", re.I)


def hashes(lock: Path) -> dict[str, set[str]]:
    """Package -> the digests that its pin admits."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        block.partition("==")[0]: set(re.findall(r"sha256:([0-9a-f]{64})", block)) for block in blocks if "==" in block
    }


@pytest.fixture(scope="session")
def locked_again(tmp_path_factory) -> Path:
    """The locks as `make locks` makes them from the sources and the pins there are; hashes as the index has them."""
    pytest.importorskip("uv")
    copy = tmp_path_factory.mktemp("repository")
    shutil.copytree(REPOSITORY / "envs", copy / "envs")
    (copy / "bridgelib").symlink_to(REPOSITORY / "bridgelib")
    for lock in (copy / "envs").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        lock.write_text(re.sub(r" \\\n( +--hash=\S+( \\)?\n)+", "\n", text), encoding="utf-8")
        assert not any(hashes(lock).values()) and pins(lock) == pins(REPOSITORY / "envs" / lock.name)
    environment = {**os.environ, "BRIDGE_PYTHON": sys.executable}
    done = subprocess.run([copy / "envs" / "lock"], env=environment, capture_output=True, text=True, timeout=500)
    if done.returncode and NO_NETWORK.search(done.stderr):
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return copy / "envs"


@pytest.mark.slow
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_resolves_to_itself(locked_again, name):
    again, ours = locked_again / f"{name}.txt", REPOSITORY / "envs" / f"{name}.txt"
    assert pins(again) == pins(ours), "run: make locks"
    offered = hashes(again)
    for package, digests in hashes(ours).items():
        assert digests and digests <= offered[package], (
            f"{package}: the index offers other files than {ours.name} names"
        )
