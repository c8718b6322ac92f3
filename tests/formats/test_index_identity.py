"""An index serves the file that it was made of and no other, however that other came to lie there."""

import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from bridgelib.errors import DataError
from bridgelib.formats.framing import HEADER, records
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.layout import index_path
from tests.trajectories import make_trajectory, write_tfrecord

FIRST = (0, 1, 2)


@pytest.fixture
def path(tmp_path):
    """A TFRecord with its index."""
    path = write_tfrecord(tmp_path / "out.tfrecord", trajectories(FIRST))
    load_index(path)
    return path


def trajectories(numbers):
    return [make_trajectory(number) for number in numbers]


def put(path, content: bytes, changed: int) -> None:
    """Other content under a time of change, in nanoseconds; as cp -p and rsync -a bring it in."""
    path.write_bytes(content)
    os.utime(path, ns=(changed, changed))


TIMES = {"older": lambda was: was - 10**12, "the same": lambda was: was, "newer": lambda was: was + 10**12}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("others", [(5, 1, 2), (0, 5, 2), (0, 1, 5), (2, 1, 0), (1, 0, 2), (0, 1), (0, 1, 2, 3)])
def test_another_file_is_noticed_whatever_its_time(path, tmp_path, others, time):
    """Same size, same last record, same bytes in another order: only the checksums tell."""
    was = path.stat().st_mtime_ns
    other = write_tfrecord(tmp_path / "other", trajectories(others))
    put(path, other.read_bytes(), TIMES[time](was))
    index = load_index(path)
    assert list(index.identities) == [each.content_id for each in trajectories(others)]
    np.testing.assert_array_equal(index.actions, RecordIndex.build(path).actions)


@pytest.mark.parametrize("time", ["older", "newer"])
def test_damage_inside_a_record_is_refused_as_tensorflow_refuses_it(path, time):
    was, data = path.stat().st_mtime_ns, bytearray(path.read_bytes())
    begin, end = list(records(bytes(data)))[1]
    data[(begin + end) // 2] ^= 1
    put(path, bytes(data), TIMES[time](was))
    with pytest.raises(tf.errors.DataLossError):
        list(tf.data.TFRecordDataset(str(path)))
    with pytest.raises(DataError, match=f"byte {begin - HEADER.size}: the data of the record") as refused:
        load_index(path)
    assert str(path) in str(refused.value) and "to do:" in str(refused.value)


def test_each_byte_of_a_record_is_under_its_checksum(path):
    whole = path.read_bytes()
    begin, end = list(records(whole))[1]
    for place in range(begin, end, 37):
        data = bytearray(whole)
        data[place] ^= 0x80
        path.write_bytes(bytes(data))
        with pytest.raises(DataError, match="checksum"):
            RecordIndex.build(path)


@pytest.mark.parametrize("seconds_only", [False, True])
def test_a_copy_that_keeps_times_keeps_the_index(path, tmp_path, monkeypatch, seconds_only):
    """Archives may cut times to seconds: both alike."""
    copied = shutil.copytree(path.parent, tmp_path.with_name(f"{tmp_path.name}-copy")) / path.name
    for file in (copied, index_path(copied)) if seconds_only else ():
        whole = file.stat().st_mtime_ns // 10**9 * 10**9
        os.utime(file, ns=(whole, whole))
    monkeypatch.setattr(RecordIndex, "build", lambda path: pytest.fail("rebuilt"))
    assert list(load_index(copied).identities) == [each.content_id for each in trajectories(FIRST)]


def test_a_copy_that_loses_times_is_read_through_once(path, tmp_path):
    copied = tmp_path / "copy" / "out.tfrecord"
    copied.parent.mkdir()
    for source, target in ((path, copied), (index_path(path), index_path(copied))):
        target.write_bytes(source.read_bytes())
        os.utime(target, (10**9 + len(target.name), 10**9 + len(target.name)))
    damaged = bytearray(copied.read_bytes())
    load_index(copied)
    assert index_path(copied).read_bytes() == index_path(path).read_bytes()
    damaged[len(damaged) // 2] ^= 1
    put(copied, bytes(damaged), 10**18)
    with pytest.raises(DataError, match="checksum"):
        load_index(copied)


def test_an_index_of_an_older_version_is_replaced(path):
    current = index_path(path).read_bytes()
    with np.load(index_path(path)) as archive:
        arrays = dict(archive)
    del arrays["record_position"], arrays["record_checksums"]
    np.savez(index_path(path), **{**arrays, "version": np.array(1), "file_size": np.array(path.stat().st_size)})
    shutil.copystat(path, index_path(path))
    assert len(load_index(path)) == 3
    assert index_path(path).read_bytes() == current


def test_what_lies_there_and_cannot_be_read_is_refused_in_words(tmp_path):
    (tmp_path / "out.tfrecord").mkdir()
    with pytest.raises(DataError, match="Is a directory"):
        load_index(tmp_path / "out.tfrecord")
