"""Plain data comes through; nothing that a pickle says is ever executed."""

import collections
import copyreg
import datetime
import functools
import operator
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import time
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgelib.raw import pickled
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.unpickle import load_with_stand_ins
from tests.raw.strictly import load_plain
from tests.raw_trees import Attack

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def rejected(content, **options):
    with pytest.raises(Rejected) as caught:
        load_plain(content, **options)
    return caught.value


PLAIN = [
    *(None, True, False, 0, -1, 255, 70_000, -(2**31), 2**80, 1.5, float("inf")),
    *("", "grün", "\0", b"", b"\x00\xff", (), (1,), (1, 2, 3, 4), [], [1, [2, (3,)]], {}, {"a": {1: [2.5]}}),
    collections.OrderedDict(b=1, a=2),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_comes_through(protocol):
    for value in PLAIN:
        if value == b"" and protocol < 3:
            continue  # written as a call of `bytes`, and no array of a robot is empty
        assert load_plain(pickle.dumps(value, protocol)) == value


ARRAYS = [
    np.arange(12.0).reshape(3, 4),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    np.arange(20, dtype=np.int32)[::3],
    np.arange(3, dtype=">f4"),
    np.array(3.5),
    np.array([True, False]),
    np.array([1 + 2j]),
    np.array(["put", "take"]),
    np.array([1, "two", None], dtype=object),
    np.array([1, 2], dtype=np.float16),
    np.float64(2.5),
    np.float32(2.5),
    np.int64(-3),
    np.bool_(True),
    np.str_("pot"),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_and_numpy_numbers_come_through(protocol):
    for value in ARRAYS:
        read = load_plain(pickle.dumps(value, protocol))
        assert np.asarray(read).shape == np.shape(value)
        assert np.asarray(read).dtype.kind == value.dtype.kind
        assert np.array_equal(read, value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_both_generations_of_numpy_are_read(protocol):
    content = pickle.dumps({"state": np.arange(14.0).reshape(2, 7), "n": np.float64(3)}, protocol)
    if content[2:3] == b"\x95":
        content = content[:2] + content[11:]  # without the frame, whose length the other names would change
    for core in (b"numpy.core.", b"numpy._core."):
        renamed = content
        for written in (b"numpy.core.", b"numpy._core."):
            for module in (b"multiarray", b"numeric"):
                renamed = renamed.replace(_counted(b"\x8c", written + module), _counted(b"\x8c", core + module))
                renamed = renamed.replace(b"c" + written + module, b"c" + core + module)
        assert core in renamed
        read = load_plain(renamed)
        assert np.array_equal(read["state"], np.arange(14.0).reshape(2, 7))
        assert read["n"] == 3


def _counted(opcode, name):
    return opcode + bytes([len(name)]) + name


def test_one_object_in_two_places_stays_one():
    row = np.zeros(7)
    first, second = load_plain(pickle.dumps([row, row]))
    assert first is second


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_cut_anywhere_is_truncated(protocol):
    content = pickle.dumps([{"actions": np.arange(7.0), "policy_type": "VR", "n": 300, "t": (1, 2.5)}] * 2, protocol)
    assert {rejected(content[:length]).reason for length in range(len(content))} == {"truncated_pickle"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(content):
    try:
        load_plain(content)
    except Rejected as error:
        assert error.reason in {"truncated_pickle", "unreadable_pickle", "forbidden_pickle"}


@given(st.data())
def test_a_pickle_with_changed_bytes_is_read_or_rejected(data):
    content = bytearray(pickle.dumps({"full_state": np.arange(14.0).reshape(2, 7), "n": [np.float64(1)]}, protocol=4))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        load_plain(bytes(content))
    except Rejected as error:
        assert error.reason in {"truncated_pickle", "unreadable_pickle", "forbidden_pickle"}


# Attacks. Each would leave a file named `executed` in the working directory, or change the process.

TOUCH = "touch executed"
WRITE = "open('executed', 'w').close()"
CALLS = {
    "os.system": Attack(os.system, TOUCH),
    "os.popen": Attack(os.popen, TOUCH),
    "subprocess.run": Attack(subprocess.run, ["touch", "executed"]),
    "eval": Attack(eval, WRITE),
    "exec": Attack(exec, WRITE),
    "open": Attack(open, "executed", "w"),
    "__import__": Attack(__import__, "this"),
    "getattr": Attack(getattr, "text", "format"),
    "partial": Attack(functools.partial, os.system, TOUCH),
    "methodcaller": Attack(operator.methodcaller, "system", TOUCH),
    "numpy.load": Attack(np.load, "executed.npy"),
    "numpy.save": Attack(np.save, "executed", np.zeros(3)),
    "numpy.fromfile": Attack(np.fromfile, "/dev/zero", "u1", 1),
    "a function of numpy": Attack(np.zeros, 3),
    "copyreg.add_extension": Attack(copyreg.add_extension, "os", "system", 240),
    "copyreg._reconstructor": Attack(copyreg._reconstructor, collections.Counter, object, None),
    "set": {1, 2},
    "complex": 1j,
    "range": range(3),
    "bytearray before protocol 5": bytearray(b"abc"),
    "datetime": datetime.datetime(2021, 7, 23),
    "Path": pathlib.PurePosixPath("executed"),
    "namespace": types.SimpleNamespace(a=1),
    "a class": dict,
    "a function": os.system,
    "a numpy type": np.float64,
    "a matrix": np.zeros((2, 2)).view(np.matrix),
    "a structured array": np.zeros(2, dtype=[("a", "f8")]),
    "dates": np.array(["2021-07-23"], dtype="datetime64[D]"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_anything_else_is_refused(name, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in (CALLS[name], {"full_state": [CALLS[name]]}):
        error = rejected(pickle.dumps(content, protocol))
        assert error.reason == "forbidden_pickle"
        assert error.detail.endswith("; nothing was executed")
    assert not list(tmp_path.iterdir())


def _name(module, name):
    """The instructions that push a name, in the dotted form of protocol 4."""
    return b"".join(_counted(b"\x8c", text.encode()) for text in (module, name)) + b"\x93"


HEAD = b"\x80\x04"
F8 = _name("numpy", "dtype") + b"\x8c\x02f8\x89\x88\x87R"
EMPTY_ARRAY = _name("numpy.core.multiarray", "_reconstruct") + _name("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
SET_ATTRIBUTES = b"N}\x8c\x05buildK\x01s\x86b"  # state (None, {"build": 1})
HAND_WRITTEN = {
    "attribute of a constructor": _name("numpy.core.multiarray", "_reconstruct.__globals__") + b".",
    "method of the array": _name("numpy", "ndarray.tofile") + b".",
    "numpy's own load": _name("numpy", "load") + b"\x8c\x01x\x85R.",
    "call of what is no name": b"\x8c\x06system\x8c\x01x\x85R.",
    "array made by hand": _name("numpy", "ndarray") + b"K\x07\x85\x85R.",
    "array of another class": _name("numpy.core.multiarray", "_reconstruct")
    + _name("numpy", "dtype")
    + b"K\x00\x85C\x01b\x87R.",
    "array that begins with a size": _name("numpy.core.multiarray", "_reconstruct")
    + _name("numpy", "ndarray")
    + b"J\xff\xff\xff\x7f\x85C\x01b\x87R.",
    "attributes of a constructor set": _name("_codecs", "encode") + SET_ATTRIBUTES + b".",
    "attributes of a dict set": b"}" + SET_ATTRIBUTES + b".",
    "void type with object fields": _name("numpy", "dtype") + b"\x8c\x02V8\x89\x88\x87R.",
    "type turned into a structure": F8
    + b"(K\x03\x8c\x01<N\x8c\x01a\x85}\x8c\x01a"
    + _name("numpy", "dtype")
    + b"\x8c\x01O\x89\x88\x87RK\x00\x86sK\x08K\x01K\x00tb.",
    "INST": b"(S'touch executed'\nios\nsystem\n.",
    "OBJ": b"(" + _name("numpy", "dtype") + b"\x8c\x02f8o.",
    "NEWOBJ_EX": _name("numpy", "dtype") + b")}\x92.",
    "persistent id": b"Pexecuted\n.",
    "binary persistent id": b"\x8c\x01xQ.",
    "extension": b"\x82\xf0.",
    "out-of-band buffer": b"\x97.",
    "EMPTY_SET": b"\x8f.",
}


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_hand_written_attacks_are_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {key: constructor.build for key, constructor in pickled.CONSTRUCTORS.items()}
    error = rejected(HEAD + HAND_WRITTEN[name])
    assert error.reason == "forbidden_pickle", error
    assert "nothing was executed" in error.detail
    assert before == {key: constructor.build for key, constructor in pickled.CONSTRUCTORS.items()}
    assert not list(tmp_path.iterdir())


FORGED = {
    "pointers for objects": (
        _name("numpy.core.numeric", "_frombuffer")
        + b"(\x96\x08\x00\x00\x00\x00\x00\x00\x00AAAAAAAA"
        + _name("numpy", "dtype")
        + b"\x8c\x01O\x89\x88\x87RK\x01\x85\x8c\x01CtR.",
        "OBJECT array from memory",
    ),
    "bytes for a list of objects": (
        EMPTY_ARRAY + b"(K\x01K\x01\x85" + _name("numpy", "dtype") + b"\x8c\x02O8\x89\x88\x87R\x89C\x08AAAAAAAAtb.",
        "not one that numpy writes",
    ),
    "an object as number": (
        _name("numpy.core.multiarray", "scalar")
        + _name("numpy", "dtype")
        + b"\x8c\x01O\x89\x88\x87RC\x08AAAAAAAA\x86R.",
        "the bytes of its type",
    ),
    "a shape without its bytes": (
        EMPTY_ARRAY + b"(K\x01J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86" + F8 + b"\x89C\x00tb.",
        "has 0 bytes or entries instead of",
    ),
    "a negative shape": (
        EMPTY_ARRAY + b"(K\x01J\xff\xff\xff\xff\x85" + F8 + b"\x89C\x08AAAAAAAAtb.",
        "not one that numpy writes",
    ),
    "too few bytes": (
        EMPTY_ARRAY + b"(K\x01K\x02\x85" + F8 + b"\x89C\x08AAAAAAAAtb.",
        "has 8 bytes or entries instead of 16",
    ),
    "a number without its bytes": (
        _name("numpy.core.multiarray", "scalar") + F8 + b"C\x01A\x86R.",
        "the bytes of its type",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_arrays_never_become_memory(name):
    content, told = FORGED[name]
    error = rejected(HEAD + content)
    assert error.reason == "unreadable_pickle"
    assert told in error.detail


HUGE = {
    "bytearray": b"\x96" + struct.pack("<Q", 1 << 45) + b"x",
    "bytes": b"\x8e" + struct.pack("<Q", 1 << 45) + b"x",
    "text": b"\x8d" + struct.pack("<Q", 1 << 45) + b"x",
    "frame": b"\x95" + struct.pack("<Q", 1 << 45) + b"N",
    "integer": b"\x8b" + struct.pack("<i", (1 << 31) - 1) + b"x",
    "memo": b"Nr\xff\xff\xff\xff" + b"j\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", HUGE)
def test_numbers_in_a_pickle_reserve_no_memory(name):
    begin = time.perf_counter()
    assert rejected(HEAD + HUGE[name]).reason == "truncated_pickle"
    assert time.perf_counter() - begin < 1


def test_no_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert rejected(b"ctrap\nspring\n.").detail == "asks for trap.spring; nothing was executed"
    assert "trap" not in sys.modules


def ros_message():
    """A message as `agent_data.pkl` of the release holds it: its class, then a list of its fields."""
    header = _name("std_msgs.msg._Header", "Header") + b")\x81]" + b"(K\x07\x8c\x03cameb"
    return (
        HEAD
        + b"}\x8c\x0bcamera_info]"
        + _name("sensor_msgs.msg._CameraInfo", "CameraInfo")
        + b")\x81]("
        + (header + b"M\xe0\x01M\x80\x02eb")
        + b"as\x8c\x07traj_ok\x88s."
    )


def test_messages_of_the_recorder_are_stood_in_for_where_nobody_reads_them():
    content = load_plain(ros_message(), recorder_names=True)
    assert content["traj_ok"] is True
    assert content["camera_info"] == [{}]
    assert rejected(ros_message()).detail.startswith("asks for sensor_msgs.msg._CameraInfo.CameraInfo")


def test_other_names_stay_forbidden_where_messages_are_admitted():
    for content in (pickle.dumps(CALLS["os.system"]), HEAD + _name("sensor_msgs_evil", "x") + b"."):
        assert rejected(content, recorder_names=True).reason == "forbidden_pickle"


def test_details_fit_into_a_json_file():
    error = rejected(b"\x80\x04" + b"\x8c\x03\xed\xa0\x80" + b"\x8c\x01x\x93.")
    assert error.detail.encode("utf-8")
    assert len(rejected(b"c" + b"m" * 5000 + b"\nx\n.").detail) <= 300


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_around_anything_else_plain_data_comes_through(name, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = {"odd": CALLS[name], "state": np.arange(3.0), "all": [CALLS[name], 1, {"a": (CALLS[name],)}], "n": 7}
    read = load_with_stand_ins(pickle.dumps(content, protocol))
    assert read.odd is None or read.odd.reason == "forbidden_pickle"
    assert (read.odd is None) == (protocol == 5 and name == "bytearray before protocol 5")
    assert list(read.content) == list(content)
    assert read.content["state"].tolist() == [0, 1, 2]
    assert (read.content["all"][1], read.content["n"]) == (1, 7)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_around_hand_written_attacks_plain_data_comes_through(name, tmp_path, monkeypatch):
    """The attack between two entries: the stack is where it would be after its instructions."""
    monkeypatch.chdir(tmp_path)
    attack = HAND_WRITTEN[name].removesuffix(b".")
    before, after = b"}(\x8c\x01aK\x01\x8c\x03odd", b"\x8c\x01bK\x02u."
    read = load_with_stand_ins(HEAD + before + attack + after)
    assert read.odd.reason == "forbidden_pickle"
    assert (read.content["a"], read.content["b"], list(read.content)) == (1, 2, ["a", "odd", "b"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FORGED)
def test_around_forged_arrays_plain_data_comes_through(name):
    attack = FORGED[name][0].removesuffix(b".")
    read = load_with_stand_ins(HEAD + b"}(\x8c\x01aK\x01\x8c\x03odd" + attack + b"\x8c\x01bK\x02u.")
    assert read.odd.reason == "unreadable_pickle"
    assert (read.content["a"], read.content["b"]) == (1, 2)
    odd = read.content["odd"]
    assert not isinstance(odd, np.ndarray) or odd.dtype == object


def test_objects_can_be_keys_and_members():
    content = {collections.Counter: 1, frozenset([1]): 2, datetime.date(2021, 1, 1): 3, "plain": {4, datetime.date.max}}
    read = load_with_stand_ins(pickle.dumps(content)).content
    assert len(read) == 4 and read["plain"] == {}


def test_many_odd_things_take_no_memory_for_messages():
    read = load_with_stand_ins(HEAD + b"](" + 50_000 * b"\x8f" + b"e.")
    assert len(read.content) == 50_000
    assert read.odd.detail == "uses the instruction EMPTY_SET; nothing was executed"
