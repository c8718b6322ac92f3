"""Killed at any moment, or out of disk: nothing partial under a final name, and a second run repairs it."""

import os
import random
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from bridgelib.conversion import numpy_to_tfrecord
from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.task_shards import Settings
from bridgelib.errors import DataError
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.formats.tfrecord import tfrecord_writer
from bridgelib.layout import SPLITS, index_path
from tests.results import results_below
from tests.trajectories import make_trajectory, write_shard

OLD, NEW = Settings(48, 0.5, seed=1), Settings(48, 0.5, seed=0)
FILES = 7

PROCESSES = get_context("forkserver")  # imports once, for all that are killed
PROCESSES.set_forkserver_preload(["bridgelib.conversion.numpy_to_tfrecord"])


def tree_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in results_below(folder)}


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """All trajectories of one length, so that TFRecords of different splits have the same size."""
    folder = tmp_path_factory.mktemp("numpy") / "open"
    dates = ("2021-08-02_10-00-00", "2021-08-03_11-30-00")
    return [
        write_shard(folder, date, [make_trajectory(10 * day + each, 20, 48) for each in range(10)], im_size=48)
        for day, date in enumerate(dates)
    ]


@pytest.fixture(scope="module")
def expected(shards, tmp_path_factory):
    """What each of the settings gives when nothing happens."""
    trees = []
    for settings in (OLD, NEW):
        folder = tmp_path_factory.mktemp("expected")
        convert_task(shards, folder, settings)
        trees.append(tree_bytes(folder))
    old, new = trees
    assert len(old) == len(new) == FILES
    assert old["train/out.tfrecord"] != new["train/out.tfrecord"]
    return old, new


def convert_and_die(shards, folder, renames):
    """Convert, and kill this very process instead of renaming for the time after `renames`."""
    left, rename = renames, os.replace

    def deadly(source, destination):
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        rename(source, destination)

    os.replace = deadly
    convert_task(shards, folder, NEW)


def assert_honest(folder: Path, old: dict, new: dict):
    """What has its final name is whole; a report stands for one whole conversion; no index tells of other bytes."""
    found = tree_bytes(folder)
    final = {name: data for name, data in found.items() if not Path(name).name.startswith(".")}
    for name, data in final.items():
        assert data in (old[name], new[name]), name
    if "report.json" in final:
        assert final in (old, new)
    sides = {side: folder / side / "out.tfrecord" for side in SPLITS}
    present = [path for path in sides.values() if path.exists()]
    for path in present:
        if index_path(path).exists():
            saved, built = load_index(path), RecordIndex.build(path)
            np.testing.assert_array_equal(saved.identities, built.identities)
    if len(present) == 2:
        train, val = (set(RecordIndex.build(path).identities) for path in sides.values())
        assert not train & val, "the two sides are of different splits"


@pytest.mark.parametrize("renames", range(FILES))
def test_killed_at_each_rename(shards, expected, tmp_path, renames):
    folder = tmp_path / "open"
    convert_task(shards, folder, OLD)
    victim = PROCESSES.Process(target=convert_and_die, args=(shards, folder, renames))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    assert not (folder / "report.json").exists()
    assert_honest(folder, *expected)
    convert_task(shards, folder, NEW)
    assert tree_bytes(folder) == expected[1]


def test_killed_at_any_moment(shards, expected, tmp_path):
    folder = tmp_path / "open"
    dice = random.Random(0)
    started = time.monotonic()
    whole = PROCESSES.Process(target=convert_task, args=(shards, tmp_path / "timed", NEW))
    whole.start()
    whole.join()
    longest = time.monotonic() - started
    killed = 0
    for _ in range(20):
        convert_task(shards, folder, OLD)
        victim = PROCESSES.Process(target=convert_task, args=(shards, folder, NEW))
        victim.start()
        victim.join(dice.uniform(0, longest))
        killed += victim.exitcode is None
        victim.kill()
        victim.join()
        assert_honest(folder, *expected)
        convert_task(shards, folder, NEW)
        assert tree_bytes(folder) == expected[1]
    assert killed > 5


def test_a_full_disk_leaves_no_partial_file(shards, tmp_path, monkeypatch):
    def full(_, encoding):
        return tfrecord_writer(Path("/dev/full"), encoding)

    monkeypatch.setattr(numpy_to_tfrecord, "tfrecord_writer", full)
    with pytest.raises(DataError, match="the disk is full"):
        convert_task(shards, tmp_path / "open", NEW)
    assert tree_bytes(tmp_path / "open") == {}


def test_two_at_a_time_do_not_mix(shards, expected, tmp_path):
    """A workflow that was killed may leave a conversion running beside its successor's."""
    folder = tmp_path / "open"
    victims = [PROCESSES.Process(target=convert_task, args=(shards, folder, NEW)) for _ in range(2)]
    for victim in victims:
        victim.start()
    for victim in victims:
        victim.join()
    assert_honest(folder, *expected)
    convert_task(shards, folder, NEW)
    assert tree_bytes(folder) == expected[1]


def test_killed_as_it_sealed_it_is_made_again(shards, expected, tmp_path):
    folder = tmp_path / "open"
    convert_task(shards, folder, NEW)
    seal = folder / "report.seal.json"
    seal.rename(folder / ".report.seal.json.partial")
    convert_task(shards, folder, NEW)
    assert seal.exists() and tree_bytes(folder) == expected[1]
