"""What a verification finds is what TensorFlow would refuse to read, and it says where."""

import gzip
import random
import subprocess
import sys

import pytest
import tensorflow as tf

from bridgelib.errors import DataError
from bridgelib.formats.framing import HEADER, records
from bridgelib.formats.verify import Damage, find_tfrecords, verified
from tests.formats.test_checksums import framed
from tests.raw_trees import LFS_POINTER
from tests.trajectories import make_trajectory, write_tfrecord

DATA = "the data of the record that begins here does not have its checksum"


@pytest.fixture
def written(tmp_path):
    return write_tfrecord(tmp_path / "out.tfrecord", [make_trajectory(number) for number in range(4)])


def flip(path, *places: int) -> None:
    data = bytearray(path.read_bytes())
    for place in places:
        data[place] ^= 0x10
    path.write_bytes(bytes(data))


def begins(path) -> list[int]:
    return [begin - HEADER.size for begin, _ in records(path.read_bytes())]


def read_by_tensorflow(path) -> bool:
    try:
        return all(True for _ in tf.data.TFRecordDataset(str(path)))
    except tf.errors.DataLossError:
        return False


def test_what_is_whole_is_not_named(written, tmp_path):
    other = tmp_path / "empty.tfrecord"
    other.touch()
    assert list(verified([written, other])) == []


def test_every_damaged_record_is_named_with_file_number_and_byte(written):
    beginnings = begins(written)
    flip(written, beginnings[1] + 300, beginnings[3] + 200)
    assert list(verified([written])) == [Damage(written, number, beginnings[number], DATA) for number in (1, 3)]


@pytest.mark.parametrize(
    ("kind", "cure"), [("compressed with gzip", "gunzip"), ("a pointer of Git LFS", "git lfs pull")]
)
def test_a_file_of_another_kind_is_told_by_its_kind(written, kind, cure):
    written.write_bytes(gzip.compress(written.read_bytes()) if "gzip" in kind else LFS_POINTER)
    (damage,) = verified([written])
    assert kind in damage.what and cure in damage.what


def test_behind_a_damaged_length_nothing_can_be_found(written):
    place = begins(written)[2]
    flip(written, place)
    (damage,) = verified([written])
    assert (damage.record, damage.position) == (2, place) and "length" in damage.what
    assert str(damage).startswith(f"{written}, record 2, byte {place}: ")


def test_a_file_cut_short_is_named(written):
    place = begins(written)[3]
    written.write_bytes(written.read_bytes()[:-1])
    (damage,) = verified([written])
    assert (damage.record, damage.position) == (3, place) and "ends 1 bytes before" in damage.what


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(written, tmp_path):
    folder = tmp_path / "folder.tfrecord"
    folder.mkdir()
    flip(written, 500)
    first, second = verified([folder, written])
    assert first.file == folder and "Is a directory" in first.what and second.file == written


def test_any_tfrecord_can_be_verified(tmp_path):
    path = tmp_path / "other.tfrecord"
    path.write_bytes(framed(b"no trajectory", b"at all"))
    assert list(verified([path])) == []


def test_it_finds_what_tensorflow_finds(written):
    whole = written.read_bytes()
    dice = random.Random(0)
    for _ in range(40):
        written.write_bytes(whole)
        flip(written, dice.randrange(len(whole)))
        assert bool(list(verified([written]))) is not read_by_tensorflow(written)


def test_progress_ends_with_all_bytes(written, capsys, monkeypatch):
    monkeypatch.setattr("bridgelib.formats.verify.MEGABYTE", 1)
    list(verified([written]))
    size = written.stat().st_size
    assert f"verified  {size}/{size} MB" in capsys.readouterr().err


def test_files_are_found_below_a_folder_through_links_and_once(tmp_path):
    real, root = tmp_path / "elsewhere" / "task", tmp_path / "root"
    for folder in (real / "train", root / "own" / "val"):
        folder.mkdir(parents=True)
        (folder / "out.tfrecord").touch()
    (root / "linked").symlink_to(real)
    (real / "loop").symlink_to(root)
    found = [root / "linked" / "train" / "out.tfrecord", root / "own" / "val" / "out.tfrecord"]
    assert find_tfrecords(root) == found
    assert find_tfrecords(found[0]) == found[:1]
    for nothing in (tmp_path / "root" / "none", real.parent / "task" / "none"):
        with pytest.raises(DataError, match="no TFRecord"):
            find_tfrecords(nothing)


def test_the_command_names_the_damage_and_fails(written, repository):
    def run():
        command = [sys.executable, repository / "workflow_scripts" / "verify_records.py", "--data", written.parent]
        return subprocess.run(command, capture_output=True, text=True)

    assert (run().returncode, run().stdout) == (0, "1 files: all as written\n")
    flip(written, begins(written)[1] + 50)
    done = run()
    assert done.returncode == 1
    assert f"{written}, record 1, byte {begins(written)[1]}: {DATA}" in done.stdout.splitlines()
