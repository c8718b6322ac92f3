"""A seal says when and with what a result was made, and notices each changed byte, its own too."""

import hashlib
import random
import sys

import pytest

from bridgelib import __version__
from bridgelib.errors import DataError
from bridgelib.raw.files import noted, read_file
from bridgelib.seals import Seal, checksum_of, lock_of, seal_of, sealed


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "made" / "done.json"
    path.parent.mkdir()
    with sealed("train_policy", path, path.parent / "deep" / "x.bin") as sealing:
        path.write_text("{}")
        (path.parent / "deep").mkdir()
        (path.parent / "deep" / "x.bin").write_bytes(bytes(3_000_000))
        sealing.read["task/traj0"] = {"lang.txt": checksum_of(b"put it\n")}
    return path


def test_it_lists_the_files_by_their_checksums(result):
    seal = seal_of(result)
    assert seal.step == "train_policy" and seal.path == result.with_name("done.seal.json")
    zeros = result.parent / "deep" / "x.bin"
    assert seal.files == {result: checksum_of(b"{}"), zeros: checksum_of(bytes(3_000_000))}
    assert checksum_of(b"123456789") == "cbf43926 9"  # the check value of CRC-32
    assert seal.read == {"task/traj0": {"lang.txt": checksum_of(b"put it\n")}}
    assert seal.made["release"] == __version__ and seal.made["seconds"] >= 0
    assert seal.made["at"].endswith(" UTC") and seal.made["python"] == sys.version.split()[0]


def test_each_byte_of_a_seal_counts(result):
    path = result.with_name("done.seal.json")
    whole, dice = path.read_bytes(), random.Random(0)
    for place in {0, len(whole) - 1, *(dice.randrange(len(whole)) for _ in range(60))}:
        content = bytearray(whole)
        content[place] ^= 1 << dice.randrange(8)
        path.write_bytes(content)
        with pytest.raises(DataError, match="damaged seal"):
            Seal.load(path)
    path.write_bytes(whole)
    assert Seal.load(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"seal": 3}', '{"files": {}, "seal": "x"}'])
def test_what_is_no_seal_is_refused_in_words(tmp_path, content):
    (tmp_path / "x.seal.json").write_text(content)
    with pytest.raises(DataError, match="damaged seal"):
        Seal.load(tmp_path / "x.seal.json")


def test_a_moved_folder_keeps_its_seal(result, tmp_path):
    moved = result.parent.rename(tmp_path / "elsewhere")
    assert set(seal_of(moved / "done.json").files) == {moved / "done.json", moved / "deep" / "x.bin"}


def test_a_result_that_fails_to_be_made_again_has_no_seal(result):
    with pytest.raises(RuntimeError), sealed("train_policy", result):
        assert not result.with_name("done.seal.json").exists()  # broken before anything is written
        raise RuntimeError
    assert seal_of(result) is None


def test_the_lock_is_that_of_the_environment(tmp_path):
    for name, stamp in (("convert", ".ready"), (".venv", "dev.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / stamp).write_text("numpy==2.4.6\n")
        assert lock_of(tmp_path / name) == f"{name} {hashlib.sha256(b'numpy==2.4.6' + bytes([10])).hexdigest()[:12]}"
    assert lock_of(tmp_path) is None


def test_what_a_thread_reads_of_a_trajectory_is_noted_and_only_meanwhile(tmp_path):
    for name in ("a.jpg", "b.pkl"):
        (tmp_path / name).write_bytes(name.encode())
    read_file(tmp_path / "a.jpg", "a.jpg")
    with noted() as found:
        read_file(tmp_path / "b.pkl", "b.pkl")
    read_file(tmp_path / "a.jpg", "a.jpg")
    assert found == {tmp_path / "b.pkl": checksum_of(b"b.pkl")}
