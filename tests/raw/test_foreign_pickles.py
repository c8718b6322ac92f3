"""Pickles of Python 2, whose texts and bytes were one kind; files of other kinds are said to be those."""

import gzip
import pickle
import struct
import sys
import types

import numpy as np
import pytest

from bridgelib.raw.rejection import Rejected
from tests.raw.strictly import load_plain


# As Python 2 wrote it, its texts and the bytes of its arrays by the same instruction: {'n': 3L, 'sch\xc3\xb6n':
# array of float64 [2, 7], 'f': float32(2.5), 'names': array(['ab', 'cd'])}
def by_python_2(state):
    def text(content):
        long = b"T" + struct.pack("<i", len(content)) if len(content) > 255 else b"U" + bytes([len(content)])
        return long + content

    def kind(name):
        return (
            b"cnumpy\ndtype\n" + text(name) + b"K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        )

    def array(shape, name, content):
        empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        return empty + b"(K\x01" + shape + kind(name) + b"\x89" + text(content) + b"tb"

    entries = [
        (b"n", b"\x8a\x01\x03"),
        ("schön".encode(), array(b"K\x02K\x07\x86", b"f8", state.tobytes())),
        (b"f", b"cnumpy.core.multiarray\nscalar\n" + kind(b"f4") + text(np.float32(2.5).tobytes()) + b"\x86R"),
        (b"names", array(b"K\x02\x85", b"S2", b"abcd")),
    ]
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in entries) + b"u."


def test_python_2_is_read():
    for state in (np.linspace(-1, 1, 14).reshape(2, 7), np.full((2, 7), -np.pi)):
        content = by_python_2(state)
        with pytest.raises(UnicodeDecodeError):
            pickle.loads(content)
        read = load_plain(content)
        assert np.array_equal(read["schön".encode().decode("latin1")], state)
        assert (read["n"], read["f"], read["f"].dtype) == (3, 2.5, np.float32)
        assert read["names"].tolist() == [b"ab", b"cd"]


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_texts_of_python_2_are_read_whatever_their_letters(protocol):
    """Python 3 writes texts by instructions of their own; the old ones are put in their place."""
    content = {
        0: b"(dS'full_state'\nI1\nsS'l\\xc3\\xb6sung'\nI2\ns.",
        1: b"}(U\x0afull_stateK\x01U\x07l\xc3\xb6sungK\x02u.",
    }
    content[2] = b"\x80\x02" + content[1]
    assert load_plain(content[protocol]) == {"full_state": 1, "lösung".encode().decode("latin1"): 2}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_messages_of_the_recorder_are_nothing_odd_in_any_protocol(protocol, monkeypatch):
    """The oldest, which Python 2 takes where it is told none, rebuilds them by names of Python's own."""
    module = types.ModuleType("sensor_msgs.msg")
    module.CameraInfo = type("CameraInfo", (), {"__module__": module.__name__})
    monkeypatch.setitem(sys.modules, "sensor_msgs", types.ModuleType("sensor_msgs"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    info = module.CameraInfo()
    info.height = 480
    content = pickle.dumps({"camera_info": [info, info], "traj_ok": True}, protocol)
    assert load_plain(content, recorder_names=True) == {"camera_info": [{}, {}], "traj_ok": True}
    with pytest.raises(Rejected, match="forbidden_pickle"):
        load_plain(content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>404</html>", "is a web page"),
        (gzip.compress(pickle.dumps({"a": 1}), mtime=0), "is compressed with gzip"),
        (bytes(500), "is nothing but zeros"),
        (b"PK\x03\x04" + bytes(30), "is a zip archive"),
    ],
)
def test_what_is_no_pickle_is_said_to_be_what_it_is(content, told):
    with pytest.raises(Rejected, match=f"unreadable_pickle: {told}"):
        load_plain(content)
