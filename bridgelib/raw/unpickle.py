"""Read untrusted pickles: arrays, numbers, strings, lists, tuples and dicts, nothing else.

A pickle is a program. This reader knows only the instructions that build plain data, looks no name up in any module,
and calls nothing but the few constructors of `pickled.py`. It is the interpreter in Python, not the one in C: its list
of instructions can be closed, and the numbers in a pickle cannot make it reserve memory that the file does not have.

All else becomes an empty stand-in, and is reported, so that entries that nobody uses may hold anything.
"""

import pickle
import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridgelib.mistaken import LOOKED_AT, kind_of
from bridgelib.raw.pickled import CONSTRUCTORS, STAND_IN, Array, Constructor, StandIn, Type, is_key
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

# How the oldest protocols, which Python 2 prefers, rebuild an object of any class; the class itself is named beside it.
_REBUILDING = frozenset(
    {("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor"), ("__builtin__", "object"), ("builtins", "object")}
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
    pickle.EMPTY_DICT,
    pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.GET, pickle.BINGET, pickle.LONG_BINGET,
    pickle.GLOBAL, pickle.STACK_GLOBAL,
)
# fmt: on


@dataclass(frozen=True)
class Unpickled:
    """The content of a pickle.

    Attributes:
        content: Arrays as `numpy.ndarray` (read-only or not, as they come); stand-ins where there was something odd.
        odd: The first thing that needed a stand-in, as `forbidden_pickle` or `unreadable_pickle`; None without any.
    """

    content: object
    odd: Rejected | None


def load_with_stand_ins(data: bytes, *, recorder_names: bool = False) -> Unpickled:
    """Read a pickle of which only a part is used; stand-ins take the place of what is not plain data.

    It may be of any Python and numpy. Python 2 had no bytes: arrays it wrote hold their content as text. Its texts come
    as Latin-1, which loses nothing.

    Args:
        data: The pickle.
        recorder_names: Whether classes of the `RECORDER_PACKAGES` are expected, and not reported.

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
    """Executes no instruction that is not listed: its operands leave the stack, and a stand-in takes their place."""

    def __missing__(self, code: int) -> Callable[["_Unpickler"], None]:
        known = next((each for each in pickletools.opcodes if each.code == chr(code)), None)
        if known is None:
            raise Rejected("unreadable_pickle", f"no pickle: unknown instruction {code:#04x}")
        return lambda unpickler: unpickler.pass_over(known)


class _Unpickler(pickle._Unpickler):
    """The interpreter of the standard library, reduced to the instructions that build plain data."""

    stack: list[Any]  # attributes of the base class that its stub does not declare
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]

    def __init__(self, source: Source, recorder_names: bool):
        super().__init__(source, encoding="latin1")  # only for texts that Python 2 wrote
        self._recorder_names = recorder_names
        self.odd: Rejected | None = None

    def find_class(self, module: str, name: str) -> "Constructor":
        """The constructor that stands for a name."""
        if (module, name) in CONSTRUCTORS:
            return CONSTRUCTORS[module, name]
        known = module.partition(".")[0] in RECORDER_PACKAGES or (module, name) in _REBUILDING
        if not (known and self._recorder_names):
            self._refuse(f"asks for {module}.{name}")
        return STAND_IN

    def pass_over(self, instruction: pickletools.OpcodeInfo) -> None:
        """Read an instruction's argument and move the stack as it would, without doing what it says."""
        if instruction.arg is not None:
            instruction.arg.reader(self)  # type: ignore[arg-type]  # the stub asks for a whole file
        taken = instruction.stack_before
        if pickletools.markobject in taken:
            self.pop_mark()
            taken = taken[: taken.index(pickletools.markobject)]
        for _ in taken:
            self.stack.pop()
        for _ in instruction.stack_after:
            self.stack.append(StandIn())
        self._refuse(f"uses the instruction {instruction.name}")

    def _refuse(self, what: str) -> None:
        self.odd = self.odd or Rejected("forbidden_pickle", f"{what}; nothing was executed")

    def _call(self) -> None:
        arguments, constructor = self.stack.pop(), self.stack.pop()
        if not isinstance(constructor, Constructor) or not isinstance(arguments, tuple):
            self._refuse(f"calls a {type(constructor).__name__}")
            self.stack.append(StandIn())
        else:
            self.stack.append(self._attempt(constructor.build, *arguments))

    def _set_state(self) -> None:
        state, owner = self.stack.pop(), self.stack[-1]
        if isinstance(owner, Array | Type):
            if self._attempt(owner.restore, state) is not None:
                owner.spoil()
        elif not isinstance(owner, StandIn):
            self._refuse(f"sets the state of a {type(owner).__name__}")

    def _attempt(self, build: Callable, *arguments: object) -> object:
        """The result of `build`; a stand-in where that fails."""
        try:
            return build(*arguments)
        except Rejected as rejected:
            self.odd = self.odd or rejected
        except Exception as error:  # as above: a damaged pickle
            self.odd = self.odd or _unreadable(error)
        return StandIn()

    def _dict(self) -> None:
        entries = self.pop_mark()
        self.stack.append({})
        self._add(entries)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._add([key, value])

    def _set_items(self) -> None:
        self._add(self.pop_mark())

    def _add(self, entries: list) -> None:
        """Add keys and values, which alternate, to the dict on top of the stack."""
        for key, value in zip(entries[::2], entries[1::2], strict=True):
            if is_key(key):
                self.stack[-1][key] = value
            else:
                self._refuse(f"has a {type(key).__name__} for a key")

    def _bytearray(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        self.stack.append(bytearray(self.read(size)))

    dispatch = _ClosedDispatch(
        {code[0]: pickle._Unpickler.dispatch[code[0]] for code in _INSTRUCTIONS}
        | {pickle.REDUCE[0]: _call, pickle.NEWOBJ[0]: _call, pickle.BUILD[0]: _set_state}
        | {pickle.DICT[0]: _dict, pickle.SETITEM[0]: _set_item, pickle.SETITEMS[0]: _set_items}
        | {pickle.BYTEARRAY8[0]: _bytearray}
    )
