"""What a pickle can have built costs no more than its bytes, and ends no process."""

import collections
import pickle
import subprocess
import sys

import pytest

from bridgelib.raw.pickled import LARGEST_KEY
from bridgelib.raw.unpickle import load_with_stand_ins

HEAD, EMPTY_DICT, ONE, ADD, END = b"\x80\x04", b"}", b"K\x01", b"s", b"."
NESTED = b")" + b"\x85" * 1_000_000  # a tuple of a tuple of a tuple …
SHARED = b")" + b"2\x86" * 60  # each tuple holds the one before twice
BYTE = b"\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02u1\x89\x88\x87R"

COSTLY = {
    "nested tuples": (EMPTY_DICT + NESTED + ONE + ADD, "has a tuple for a key"),
    "tuples that share": (EMPTY_DICT + SHARED + ONE + ADD, "has a tuple for a key"),
    "tuples that share, among other keys": (EMPTY_DICT + b"(" + ONE * 2 + SHARED + ONE + b"u", "has a tuple for a key"),
    "tuples that share, in the oldest protocol": (b"(" + SHARED + ONE + b"d", "has a tuple for a key"),
    "tuples that share, in an ordered dict": (
        b"ccollections\nOrderedDict\n]" + SHARED + ONE + b"\x86a\x85R",
        "not made of keys and values",
    ),
    "the name of a codec": (b"c_codecs\nencode\n\x8c\x01a" + SHARED + b"\x86R", "not written as latin1"),
    "a number in place of bytes": (
        b"cnumpy.core.numeric\n_frombuffer\n(\x8a\x05\0\0\0\0\x02" + BYTE + b"J\xff\xff\xff\xff\x85\x8c\x01CtR",
        "a bytes-like object is required",
    ),
}
READ = """
import sys
from bridgelib.raw.unpickle import load_with_stand_ins
print(load_with_stand_ins(sys.stdin.buffer.read()).odd.detail)
"""


@pytest.mark.parametrize("label", COSTLY)
def test_what_a_few_bytes_could_make_costly_is_not_built(label):
    """In a process of its own, which would end, or not end, where it were built."""
    content, told = COSTLY[label]
    done = subprocess.run([sys.executable, "-c", READ], input=HEAD + content + END, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout.decode()


def test_what_stands_beside_a_costly_key_comes_through():
    content = HEAD + EMPTY_DICT + b"(" + b"\x8c\x01a" + ONE + SHARED + ONE + b"\x8c\x01bK\x02" + b"u" + END
    read = load_with_stand_ins(content)
    assert (read.content, read.odd.detail) == ({"a": 1, "b": 2}, "has a tuple for a key; nothing was executed")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_keys_that_people_use_come_through(protocol):
    for key in ("text", 7, 2.5, None, True, (1, 2), (("a", 1), ("b", (2, 3))), tuple(range(LARGEST_KEY - 1))):
        read = load_with_stand_ins(pickle.dumps({key: [1], "other": collections.OrderedDict({key: 2})}, protocol))
        assert (read.content, read.odd) == ({key: [1], "other": {key: 2}}, None)


def test_an_ordered_dict_of_python_2_comes_through():
    content = b"\x80\x02ccollections\nOrderedDict\nq\x00]q\x01(]q\x02(U\x01bK\x01e]q\x03(U\x01aK\x02ee\x85q\x04Rq\x05."
    read = load_with_stand_ins(content)
    assert (list(read.content.items()), read.odd) == ([("b", 1), ("a", 2)], None)
