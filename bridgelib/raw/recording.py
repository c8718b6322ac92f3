"""The recording of a trajectory beside its frames: pickles and text, checked, before the latency correction."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from bridgelib.raw.files import read_file
from bridgelib.raw.gaze import read_boxes
from bridgelib.raw.language import read_languages
from bridgelib.raw.oddities.recorder import odd_recording
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.remarks import Noticed
from bridgelib.raw.unpickle import Unpickled, load_with_stand_ins

LONGEST_ROW = 64  # numbers; states and actions have 7

Read = TypeVar("Read")


@dataclass(frozen=True)
class Recording:
    """The recorded data of T actions.

    Attributes:
        state: float64 [T+1, 7].
        time_stamp: float64 [T+1].
        actions: float64 [T, 7].
        languages: The instructions; ("",) where there is none.
        gaze_boxes: float64 [boxes, 4] for each state; None where gaze was not asked for.
        noticed: What is odd about the files.
    """

    state: np.ndarray
    time_stamp: np.ndarray
    actions: np.ndarray
    languages: tuple[str, ...]
    gaze_boxes: tuple[np.ndarray, ...] | None
    noticed: tuple[Noticed, ...]


def read_recording(folder: Path, present: Collection[str], gaze: str = "none") -> Recording:
    """Read the pickles and the text of a trajectory.

    Args:
        folder: The trajectory's folder.
        present: The names in it.
        gaze: Which pickle of gaze boxes to read, one of `bridgelib.raw.gaze.SOURCES`.

    Raises:
        Rejected: What is used of them is missing, cannot be read, or is not built as expected.
    """
    for stem in ("obs_dict", "policy_out"):
        if f"{stem}.pkl" not in present:
            raise Rejected(f"missing_{stem}", f"no file {stem}.pkl")
    noticed: list[Noticed] = []
    state, time_stamp = _used(folder, "obs_dict.pkl", _observations, noticed)
    actions = _used(folder, "policy_out.pkl", _actions, noticed)
    if not len(state) == len(time_stamp) == len(actions) + 1:
        counts = f"{len(state)} states, {len(time_stamp)} time stamps, {len(actions)} actions"
        raise Rejected("length_mismatch", counts)
    noticed += _agent_data(folder, present)
    languages, odd = read_languages(read_file(folder / "lang.txt", "lang.txt") if "lang.txt" in present else None)
    boxes = _boxes(folder, present, gaze, len(state), noticed)
    return Recording(state, time_stamp, actions, languages, boxes, (*noticed, *odd))


def _used(folder: Path, name: str, read: Callable[[object], Read], noticed: list[Noticed]) -> Read:
    """What `read` takes from a pickle. Anything but plain data in the rest is not executed, and is remarked on."""
    unpickled = _unpickled(folder, name)
    odd = unpickled.odd and Rejected(unpickled.odd.reason, f"{name} {unpickled.odd.detail}")
    try:
        used = read(unpickled.content)
    except Rejected as rejected:
        raise (odd or rejected) from None
    if odd is not None:
        noticed.append(Noticed("odd_entry", odd.detail))
    return used


def _unpickled(folder: Path, name: str, recorder_names: bool = False) -> Unpickled:
    content = read_file(folder / name, name)
    try:
        return load_with_stand_ins(content, recorder_names=recorder_names)
    except Rejected as rejected:
        raise Rejected(rejected.reason, f"{name} {rejected.detail}") from None


def _agent_data(folder: Path, present: Collection[str]) -> Iterator[Noticed]:
    """Remarks on agent_data.pkl, of which nothing is used. The real release has messages of ROS there."""
    name = "agent_data.pkl"
    if name not in present:
        yield Noticed("missing_agent_data", f"no file {name}")
        return
    try:
        unpickled = _unpickled(folder, name, recorder_names=True)
    except Rejected as rejected:
        yield Noticed("odd_agent_data", rejected.detail)
        return
    if unpickled.odd is not None:
        yield Noticed("odd_agent_data", f"{name} {unpickled.odd.detail}")
    yield from odd_recording(unpickled.content)


def _boxes(
    folder: Path, present: Collection[str], gaze: str, frames: int, noticed: list[Noticed]
) -> tuple[np.ndarray, ...] | None:
    """The gaze boxes of each frame; None where they are not asked for."""
    if gaze == "none":
        return None
    name = f"{gaze}.pkl"
    if name not in present:
        raise Rejected("missing_gaze", f"no file {name}")
    return _used(folder, name, lambda content: read_boxes(content, frames, name), noticed)


def _observations(content: object) -> tuple[np.ndarray, np.ndarray]:
    """States float64 [n, 7] and time stamps float64 [n] of an obs_dict."""
    keys = ("full_state", "time_stamp")
    if not isinstance(content, dict) or not all(key in content for key in keys):
        raise Rejected("wrong_keys", f"obs_dict.pkl holds {_described(content)}, not a dict with {' and '.join(keys)}")
    state, time_stamp = (_numbers(content[key], f"{key} of obs_dict.pkl") for key in keys)
    return _shaped(state, (7,), "full_state of obs_dict.pkl"), _shaped(time_stamp, (), "time_stamp of obs_dict.pkl")


def _actions(content: object) -> np.ndarray:
    """Actions float64 [T, 7] of a policy_out: a list of dicts with `actions`, a list of arrays, or an array."""
    rows = content
    if isinstance(content, list) and any(isinstance(step, dict) for step in content):
        if not all(isinstance(step, dict) and "actions" in step for step in content):
            raise Rejected("wrong_keys", "policy_out.pkl has a step without actions")
        rows = [step["actions"] for step in content]
    elif not isinstance(content, list | np.ndarray):
        raise Rejected("wrong_keys", f"policy_out.pkl holds {_described(content)}, not a list of steps")
    return _shaped(_numbers(rows, "the actions of policy_out.pkl"), (7,), "the actions of policy_out.pkl")


def _numbers(rows: object, what: str) -> np.ndarray:
    """An array of numbers from an array, or from a list of numbers, arrays and flat lists of numbers."""
    flat = isinstance(rows, np.ndarray) or (isinstance(rows, list | tuple) and all(map(_is_row, rows)))
    try:
        # Only short, flat rows: in a hostile pickle, lists that share their entries could unfold to any size.
        array = np.array(rows) if flat else None
    except ValueError:  # rows of different lengths
        array = None
    if array is None or (array.dtype.kind not in "iuf" and array.size):
        raise Rejected("wrong_shape", f"{what} are not rows of numbers of one length")
    return array.astype(np.float64)


def _is_row(row: object) -> bool:
    if isinstance(row, list | tuple):
        return len(row) <= LONGEST_ROW and all(isinstance(entry, int | float | np.generic) for entry in row)
    return isinstance(row, int | float | np.generic | np.ndarray) and np.size(row) <= LONGEST_ROW


def _shaped(array: np.ndarray, row: tuple[int, ...], what: str) -> np.ndarray:
    """`array` if its rows have the shape `row` and hold finite numbers, in the precision that is stored too."""
    if array.shape == (0,):
        return np.empty((0, *row))
    if array.shape[1:] != row or array.ndim == 0:
        expected = ", ".join(["steps", *map(str, row)])
        raise Rejected("wrong_shape", f"{what} have shape {list(array.shape)}, not [{expected}]")
    with np.errstate(over="ignore"):
        finite = np.isfinite(array if row == () else array.astype(np.float32))
    if not finite.all():
        step = int(np.argwhere(~finite)[0][0])
        raise Rejected("not_finite", f"{what} hold NaN or infinity at step {step}")
    return array


def _described(content: object) -> str:
    if isinstance(content, dict):
        keys = sorted(key if isinstance(key, str) else f"a key of type {type(key).__name__}" for key in content)
        return f"a dict with {', '.join(keys[:10]) or 'no keys'}"
    return f"a {type(content).__name__}"
