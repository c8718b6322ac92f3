"""The objects built while a pickle is read: numpy's arrays, types and numbers, dicts, and stand-ins for all else.

The constructors stand for the names under which numpy 1 and numpy 2 pickle arrays. numpy's own `__setstate__` sees a
type and a number of bytes only after they were checked: a forged type of object pointers would otherwise be read as
memory.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from bridgelib.raw.rejection import Rejected

LARGEST_KEY = 64  # entries of a tuple that is a key, those of tuples in it included


class Constructor:
    """Stands on the interpreter's stack where a pickle names a class or function."""

    __slots__ = ("build",)

    def __init__(self, build: Callable):
        self.build = build


class StandIn(dict):
    """Takes the place of anything that is not plain data; ignores what is added to it, and can be a key."""

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]  # dict has none

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, item: object) -> None:
        """Take no item."""


class Type:
    """A numpy type being read: its name first, its byte order after."""

    def __init__(self, name: str):
        if not re.fullmatch(r"b1|[iufc](1|2|4|8|16|32)|[SU][0-9]{1,6}|O8?", name):
            raise Rejected("forbidden_pickle", f"holds an array of type {name!r}; nothing was executed")
        self.dtype = np.dtype(name)

    def restore(self, state: tuple) -> None:
        """Take the state of a `numpy.dtype`."""
        _version, order, subarray, names, fields = state[:5]
        if (subarray, names, fields) != (None, None, None) or order not in ("<", ">", "|", "="):
            raise Rejected("forbidden_pickle", "holds a structured array; nothing was executed")
        self.dtype = self.dtype.newbyteorder(order)

    def spoil(self) -> None:
        """Become unusable, so that no bytes fit it any more."""
        self.dtype = np.dtype("O")


class Array(np.ndarray):
    """An array being read: made empty, filled once its shape, type and bytes are known and agree."""

    def restore(self, state: tuple) -> None:
        """Take the state of a `numpy.ndarray`."""
        _version, shape, kind, fortran_order, content = state
        content = _as_bytes(content)
        container = list if kind.dtype.hasobject else (bytes, bytearray)
        if not all(type(side) is int and side >= 0 for side in shape) or not isinstance(content, container):
            raise ValueError("an array's state is not one that numpy writes")
        expected = math.prod(shape) * (1 if kind.dtype.hasobject else kind.dtype.itemsize)
        if len(content) != expected:
            raise ValueError(f"an array of shape {shape} has {len(content)} bytes or entries instead of {expected}")
        # numpy's stub asks for a bool of numpy, which its own parser refuses.
        super().__setstate__((1, shape, kind.dtype, fortran_order is True, content))  # type: ignore[arg-type]

    def spoil(self) -> None:
        """Become an array that is never taken for numbers."""
        self.restore((1, (1,), Type("O"), False, [None]))


def is_key(key: object) -> bool:
    """Whether something can be the key of a dict at no cost.

    Python hashes a tuple with all that lies in it: tuples nested deeply enough end the process, and those that hold one
    another twice take for ever. No key of a robot is of that kind.
    """
    waiting = [key]
    for _ in range(LARGEST_KEY):
        if not waiting:
            break
        entry = waiting.pop()
        if isinstance(entry, tuple) and len(entry) <= LARGEST_KEY:
            waiting += entry
        elif not isinstance(entry, str | bytes | int | float | None | np.generic | StandIn | Constructor):
            return False
    return not waiting


def _reconstruct(owner: Constructor, shape: tuple, code: bytes) -> Array:
    if owner is not _NDARRAY or shape != (0,):
        raise Rejected("forbidden_pickle", "holds an array of a class of its own; nothing was executed")
    return np.ndarray.__new__(Array, (0,), "b")


def _from_buffer(content: bytes, kind: Type, shape: tuple, order: Literal["C", "F"], *_axes: object) -> np.ndarray:
    return np.frombuffer(bytes(memoryview(content)), kind.dtype).reshape(shape, order=order)


def _as_bytes(content: Any) -> Any:
    return content.encode("latin1") if isinstance(content, str) else content


def _scalar(kind: Type, content: Any) -> np.generic:
    content = _as_bytes(content)
    if kind.dtype.hasobject or len(content) != kind.dtype.itemsize:
        raise ValueError("a number does not have the bytes of its type")
    return np.ndarray(1, kind.dtype, bytes(content))[0]


def _encode(text: str, codec: str) -> bytes:
    if codec != "latin1":
        raise ValueError("bytes that are not written as latin1")
    return text.encode("latin1")


def _ordered(entries: Iterable[Iterable] = ()) -> dict:
    """An OrderedDict; Python 2 hands its entries to the constructor."""
    pairs = [tuple(entry) for entry in entries]
    if not all(len(pair) == 2 and is_key(pair[0]) for pair in pairs):
        raise ValueError("an OrderedDict is not made of keys and values")
    return dict(pairs)


def _no_array(*_arguments: object) -> None:
    raise Rejected("forbidden_pickle", "builds an array by hand; nothing was executed")


_NDARRAY = Constructor(_no_array)
STAND_IN = Constructor(lambda *_arguments: StandIn())
CONSTRUCTORS = {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): Constructor(lambda name, *_flags: Type(name)),
    ("_codecs", "encode"): Constructor(_encode),
    ("collections", "OrderedDict"): Constructor(_ordered),
}
for _core in ("numpy.core", "numpy._core"):
    CONSTRUCTORS[f"{_core}.multiarray", "_reconstruct"] = Constructor(_reconstruct)
    CONSTRUCTORS[f"{_core}.multiarray", "scalar"] = Constructor(_scalar)
    CONSTRUCTORS[f"{_core}.numeric", "_frombuffer"] = Constructor(_from_buffer)
