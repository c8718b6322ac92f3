"""Files checked by checksums of their own, while trainings and workflows write and remove beside."""

import hashlib
import json

import numpy as np
import pytest

from bridgelib.seals import sealed
from bridgelib.tracing.checks import own_check
from bridgelib.tracing.verify import Verification


def found(check):
    return [damage.what for damage in check.damage(lambda count: None)]


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint and its sidecar, as a training that runs has them: no seal lists them yet."""
    file = tmp_path / "step-000000020.msgpack"
    file.write_bytes(b"weights")
    file.with_suffix(".json").write_text(json.dumps({"sha256": hashlib.sha256(b"weights").hexdigest()}))
    return file


@pytest.mark.parametrize("order", [(".json", ".msgpack"), (".json",), (".msgpack",)])
def test_a_checkpoint_that_a_training_removes_meanwhile_is_no_damage(checkpoint, order):
    check = own_check(checkpoint)
    for suffix in order:
        checkpoint.with_suffix(suffix).unlink()
    assert found(check) == []
    assert own_check(checkpoint) is None


def test_a_shard_that_is_removed_meanwhile_is_no_damage(tmp_path):
    file = tmp_path / "shard.npz"
    np.savez(file, rows=np.arange(9))
    check = own_check(file)
    file.unlink()
    assert found(check) == [] and own_check(file) is None


def test_a_byte_anywhere_in_an_archive_is_a_damage_and_no_error(tmp_path):
    file = tmp_path / "shard.npz"
    np.savez_compressed(file, rows=np.random.default_rng(0).integers(0, 9, 200))
    whole, check = file.read_bytes(), own_check(file)
    body = range(30, whole.index(b"PK\x01\x02"))  # what lies beside the members has no checksum
    damages = []
    for place in body[::7]:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        damages.append(len(found(check)))
    assert sum(damages) > 0.8 * len(damages)


def test_a_result_whose_main_file_is_gone_is_told_of_but_no_damage(tmp_path):
    with sealed("success", tmp_path / "success.json", tmp_path / "pictures" / "a.webp"):
        (tmp_path / "success.json").write_text("{}")
        (tmp_path / "pictures").mkdir()
        (tmp_path / "pictures" / "a.webp").write_text("none")
    assert Verification.of([tmp_path]).gone_in_words() == ""
    (tmp_path / "success.json").unlink()
    verification = Verification.of([tmp_path])
    assert not list(verification.damage())
    assert verification.gone_in_words().endswith(f"again: {tmp_path / 'success.json'}")
