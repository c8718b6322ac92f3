"""A file is known by its first bytes, and nothing that is what it should be is taken for another kind."""

import bz2
import gzip
import io
import lzma
import pickle
import zlib

import numpy as np
import pytest
from PIL import Image

from bridgelib.mistaken import LOOKED_AT, kind_of, kind_of_file, pointer
from tests.raw_trees import LFS_POINTER, jpeg

TEXT = b"a record of something, " * 100


def image(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, kind)
    return content.getvalue()


def array() -> bytes:
    content = io.BytesIO()
    np.save(content, np.zeros(3))
    return content.getvalue()


def archive() -> bytes:
    content = io.BytesIO()
    np.savez(content, a=np.zeros(3))
    return content.getvalue()


KINDS = {
    "Git LFS": LFS_POINTER,
    "git-annex": b"/annex/objects/SHA256E-s1048576--" + b"0f" * 32 + b".jpg\n",
    "web page": b"\n<!doctype html>\n<html>" + TEXT,
    "gzip": gzip.compress(TEXT, mtime=0),
    "bzip2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zlib": zlib.compress(TEXT),
    "zip archive": archive(),
    "array of numpy": array(),
    "JPEG": jpeg(0),
    "PNG": image("PNG"),
    "GIF": image("GIF"),
    "WebP": image("WEBP"),
    "nothing but zeros": bytes(10_000),
}


@pytest.mark.parametrize("told", KINDS)
def test_a_kind_is_known_by_its_beginning(told, tmp_path):
    (tmp_path / "it").write_bytes(KINDS[told])
    found = kind_of(KINDS[told][:LOOKED_AT])
    assert found is not None and told in found.name and found.do
    assert kind_of_file(tmp_path / "it") == found
    assert kind_of_file(tmp_path / "it", expected=KINDS[told][:4]) is None


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_of_no_other_kind(protocol):
    for value in (None, True, 1, -5, 2.5, "text", b"bytes", (), [], {}, [1], {"a": np.zeros((3, 7))}, np.arange(5)):
        assert kind_of(pickle.dumps(value, protocol)[:LOOKED_AT]) is None


@pytest.mark.parametrize("content", [b"", b"x", b"put the pot on the stove\n", "打开抽屉".encode(), b"\0\1", b"x\xda"])
def test_what_nobody_knows_has_no_kind(content):
    assert kind_of(content) is None


def test_a_pointer_is_small_and_begins_as_one():
    assert pointer(LFS_POINTER) is not None
    for content in (b"see " + LFS_POINTER, LFS_POINTER + bytes(LOOKED_AT), KINDS["gzip"], b""):
        assert pointer(content) is None


def test_the_cure_names_the_file(tmp_path):
    path = tmp_path / "out of order.tfrecord"
    path.write_bytes(KINDS["gzip"])
    assert f"gunzip < '{path}'" in kind_of_file(path).cure(path)
