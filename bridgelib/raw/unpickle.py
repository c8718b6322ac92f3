"""Reads pickles that nobody vouches for: arrays, numbers, strings, lists, tuples and dicts, nothing else.

A pickle is a program. This reader knows only the instructions that build plain data, looks no name up in any module,
and calls nothing but the five constructors below, which stand for the names under which numpy 1 and numpy 2 pickle
arrays. numpy's own `__setstate__` sees a type and a number of bytes only after they were checked: a forged type of
object pointers would otherwise be read as memory. It is the interpreter in Python, not the one in C: its list of
instructions can be closed, and the numbers in a pickle cannot make it reserve memory that the file does not have.

All else becomes an empty stand-in, and is told: so what nobody uses may hold anything.
"""

import math
import pickle
import pickletools
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bridgelib.mistaken import LOOKED_AT, kind_of
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.source import Source

# Names of ROS and of the recording robot's own software. They occur in `agent_data.pkl` of the real release
# (sensor_msgs.msg.CameraInfo), whose content nobody uses, so an empty stand-in takes their place.
RECORDER_PACKAGES = frozenset(
    {
        "genpy",
        "geometry_msgs",
        "multicam_server",
        "rospy",
        "sensor_msgs",
        "std_msgs",
        "widowx_controller",
        "widowx_envs",
    }
)

# fmt: off
_INSTRUCTIONS = (
    pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.POP, pickle.POP_MARK, pickle.DUP,
    pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.FLOAT, pickle.BINFLOAT,
    pickle.INT, pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG, pickle.LONG1, pickle.LONG4,
    pickle.STRING, pickle.BINSTRING, pickle.SHORT_BINSTRING, pickle.BINBYTES, pickle.SHORT_BINBYTES, pickle.BINBYTES8,
    pickle.UNICODE, pickle.BINUNICODE, pickle.SHORT_BINUNICODE, pickle.BINUNICODE8,
    pickle.TUPLE, pickle.EMPTY_TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3,
    pickle.LIST, pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS,
    pickle.DICT, pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS,
    pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.GET, pickle.BINGET, pickle.LONG_BINGET,
    pickle.GLOBAL, pickle.STACK_GLOBAL,
)
# fmt: on


@dataclass(frozen=True)
class Unpickled:
    """What was pickled.

    Attributes:
        content: Arrays as `numpy.ndarray` (read-only or not, as they come); stand-ins where there was something odd.
        odd: The first such thing, as `forbidden_pickle` (nothing was executed) or `unreadable_pickle`; None.
    """

    content: object
    odd: Rejected | None


def load_with_stand_ins(data: bytes, *, recorder_names: bool = False) -> Unpickled:
    """Read a pickle of which only a part is used: what is not plain data is stood in for.

    It may be of any Python and numpy. Python 2 had no bytes: arrays it wrote hold their content as text. Its texts come
    as Latin-1, which loses nothing.

    Args:
        data: The pickle.
        recorder_names: Whether classes of the `RECORDER_PACKAGES` are nothing odd.

    Raises:
        Rejected: `truncated_pickle`, or `unreadable_pickle` where its end cannot be reached.
    """
    if (kind := kind_of(data[:LOOKED_AT])) is not None:
        raise Rejected("unreadable_pickle", f"is {kind.name}")
    unpickler = _Unpickler(Source(data), recorder_names)
    try:
        return Unpickled(unpickler.load(), unpickler.odd)
    except Rejected:
        raise
    except EOFError:
        raise Rejected("truncated_pickle", f"ends too early, after {len(data)} bytes") from None
    except Exception as error:  # a damaged pickle can make the interpreter stumble in any way
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> Rejected:
    return Rejected("unreadable_pickle", f"{type(error).__name__}: {error}")


class _ClosedDispatch(dict):
    """Carries out no instruction that is not listed: it takes from the stack what that would take, and stands in."""

    def __missing__(self, code: int) -> Callable[["_Unpickler"], None]:
        known = pickletools.code2op.get(chr(code))
        if known is None:
            raise Rejected("unreadable_pickle", f"no pickle: unknown instruction {code:#04x}")
        return lambda unpickler: unpickler.pass_over(known)


class _Unpickler(pickle._Unpickler):
    """The interpreter of the standard library, reduced to the instructions that build plain data."""

    def __init__(self, source: Source, recorder_names: bool):
        super().__init__(source, encoding="latin1")  # of the texts of Python 2 only
        self._recorder_names = recorder_names
        self.odd: Rejected | None = None

    def find_class(self, module: str, name: str) -> "_Constructor":
        """The constructor that stands for a name."""
        if (module, name) in _CONSTRUCTORS:
            return _CONSTRUCTORS[module, name]
        if not self._recorder_names or module.partition(".")[0] not in RECORDER_PACKAGES:
            self._refuse(f"asks for {module}.{name}")
        return _STAND_IN

    def pass_over(self, instruction: pickletools.OpcodeInfo) -> None:
        """Read an instruction's argument and move the stack as it would, without doing what it says."""
        if instruction.arg is not None:
            instruction.arg.reader(self)
        taken = instruction.stack_before
        if pickletools.markobject in taken:
            self.pop_mark()
            taken = taken[: taken.index(pickletools.markobject)]
        for _ in taken:
            self.stack.pop()
        for _ in instruction.stack_after:
            self.append(_StandIn())
        self._refuse(f"uses the instruction {instruction.name}")

    def _refuse(self, what: str) -> None:
        self.odd = self.odd or Rejected("forbidden_pickle", f"{what}; nothing was executed")

    def _call(self) -> None:
        arguments, constructor = self.stack.pop(), self.stack.pop()
        if not isinstance(constructor, _Constructor) or not isinstance(arguments, tuple):
            self._refuse(f"calls a {type(constructor).__name__}")
            self.append(_StandIn())
        else:
            self.append(self._attempt(constructor.build, *arguments))

    def _set_state(self) -> None:
        state, owner = self.stack.pop(), self.stack[-1]
        if not isinstance(owner, _Array | _Type | _StandIn):
            self._refuse(f"sets the state of a {type(owner).__name__}")
        elif self._attempt(owner.restore, state) is not None:
            owner.spoil()

    def _attempt(self, build: Callable, *arguments: object) -> object:
        """What is built; a stand-in where that does not succeed."""
        try:
            return build(*arguments)
        except Rejected as rejected:
            self.odd = self.odd or rejected
        except Exception as error:  # as above: a damaged pickle
            self.odd = self.odd or _unreadable(error)
        return _StandIn()

    def _bytearray(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(size)))

    dispatch = _ClosedDispatch(
        {code[0]: pickle._Unpickler.dispatch[code[0]] for code in _INSTRUCTIONS}
        | {pickle.REDUCE[0]: _call, pickle.NEWOBJ[0]: _call, pickle.BUILD[0]: _set_state}
        | {pickle.BYTEARRAY8[0]: _bytearray}
    )


class _Constructor:
    """Stands on the interpreter's stack where a pickle names a class or function."""

    __slots__ = ("build",)

    def __init__(self, build):
        self.build = build


class _StandIn(dict):
    """Takes the place of anything that is not plain data; swallows whatever it is told, and can be a key."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def restore(self, state: object) -> None:
        pass

    def append(self, item: object) -> None:
        pass


class _Type:
    """A numpy type being read: its name first, its byte order after."""

    def __init__(self, name: str):
        if not re.fullmatch(r"b1|[iufc](1|2|4|8|16|32)|[SU][0-9]{1,6}|O8?", name):
            raise Rejected("forbidden_pickle", f"an array of type {name!r}; nothing was executed")
        self.dtype = np.dtype(name)

    def restore(self, state: tuple) -> None:
        _version, order, subarray, names, fields = state[:5]
        if (subarray, names, fields) != (None, None, None) or order not in ("<", ">", "|", "="):
            raise Rejected("forbidden_pickle", "a structured array; nothing was executed")
        self.dtype = self.dtype.newbyteorder(order)

    def spoil(self) -> None:
        """Fit no bytes any more."""
        self.dtype = np.dtype("O")


class _Array(np.ndarray):
    """An array being read: made empty, filled once its shape, type and bytes are known and agree."""

    def restore(self, state: tuple) -> None:
        _version, shape, kind, fortran_order, content = state
        content = _as_bytes(content)
        expected = math.prod(shape) * (1 if kind.dtype.hasobject else kind.dtype.itemsize)
        container = list if kind.dtype.hasobject else (bytes, bytearray)
        if not all(type(side) is int and side >= 0 for side in shape) or not isinstance(content, container):
            raise ValueError("an array's state is not one that numpy writes")
        if len(content) != expected:
            raise ValueError(f"an array of shape {shape} has {len(content)} bytes or entries instead of {expected}")
        super().__setstate__((1, shape, kind.dtype, fortran_order is True, content))

    def spoil(self) -> None:
        """Become an array that nobody takes for numbers."""
        super().__setstate__((1, (1,), np.dtype("O"), False, [None]))


def _reconstruct(owner: _Constructor, shape: tuple, code: bytes) -> _Array:
    if owner is not _NDARRAY or shape != (0,):
        raise Rejected("forbidden_pickle", "an array of a class of its own; nothing was executed")
    return np.ndarray.__new__(_Array, (0,), "b")


def _from_buffer(content: bytes, kind: _Type, shape: tuple, order: str, *_axes) -> np.ndarray:
    return np.frombuffer(bytes(content), kind.dtype).reshape(shape, order=order)


def _as_bytes(content: object) -> object:
    return content.encode("latin1") if isinstance(content, str) else content


def _scalar(kind: _Type, content: bytes | str) -> np.generic:
    content = _as_bytes(content)
    if kind.dtype.hasobject or len(content) != kind.dtype.itemsize:
        raise ValueError("a number does not have the bytes of its type")
    return np.ndarray((), kind.dtype, bytes(content))[()]


def _encode(text: str, codec: str) -> bytes:
    if codec != "latin1":
        raise ValueError(f"bytes written as {codec}")
    return text.encode("latin1")


def _no_array(*_arguments) -> None:
    raise Rejected("forbidden_pickle", "builds an array by hand; nothing was executed")


_NDARRAY = _Constructor(_no_array)
_STAND_IN = _Constructor(lambda *_arguments: _StandIn())
_CONSTRUCTORS = {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _Constructor(lambda name, *_flags: _Type(name)),
    ("_codecs", "encode"): _Constructor(_encode),
    ("collections", "OrderedDict"): _Constructor(dict),
}
for _core in ("numpy.core", "numpy._core"):
    _CONSTRUCTORS[f"{_core}.multiarray", "_reconstruct"] = _Constructor(_reconstruct)
    _CONSTRUCTORS[f"{_core}.multiarray", "scalar"] = _Constructor(_scalar)
    _CONSTRUCTORS[f"{_core}.numeric", "_frombuffer"] = _Constructor(_from_buffer)
