"""One raw trajectory: its files, checked and brought into memory."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from bridgelib.raw.files import read_file, read_folder
from bridgelib.raw.frames import check_frames, read_frames
from bridgelib.raw.gaze import read_boxes
from bridgelib.raw.language import read_languages
from bridgelib.raw.latency import latency_shift, odd_date
from bridgelib.raw.oddities.frames import Headers, odd_frames
from bridgelib.raw.oddities.gripper import odd_gripper
from bridgelib.raw.oddities.recorder import odd_recording
from bridgelib.raw.oddities.states import odd_states
from bridgelib.raw.oddities.time_stamps import odd_times
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.remarks import Noticed
from bridgelib.raw.unpickle import Unpickled, load_with_stand_ins

FEWEST_ACTIONS = 2
LONGEST_ROW = 64  # numbers; states and actions have 7

Read = TypeVar("Read")


@dataclass(frozen=True)
class Trajectory:
    """One demonstration of T actions, after the correction of the camera's latency.

    Attributes:
        name: Its folder relative to the raw root, with forward slashes.
        identity: 32 hexadecimal digits drawn from its content as it lies on disk: the JPEG bytes of `images0`, states,
            actions and time stamps. Independent of path, image size, further cameras, language and gaze.
        frames: uint8 [T+1, S, S, 3] per camera number; camera 0 is always there.
        state: float32 [T+1, 7]: x, y, z (m), roll, pitch, yaw (rad), gripper (1 = open).
        time_stamp: float64 [T+1], seconds.
        actions: float32 [T, 7]: commanded differences in the units of the state, and the gripper.
        languages: Its instructions; ("",) where it has none.
        gaze_boxes: float64 [boxes, 4] for each of the T+1 frames: left, top, right, bottom as shares of the image; None
            where gaze was not asked for.
        frame_sizes: Width and height of the frames of each camera before they were squashed; empty out of a shard.
        noticed: What is odd about it; empty out of a shard.
    """

    name: str
    identity: str
    frames: Mapping[int, np.ndarray]
    state: np.ndarray
    time_stamp: np.ndarray
    actions: np.ndarray
    languages: tuple[str, ...]
    gaze_boxes: tuple[np.ndarray, ...] | None = None
    frame_sizes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    noticed: tuple[Noticed, ...] = ()


def read_trajectory(
    raw: Path,
    name: str,
    im_size: int,
    cameras: Sequence[int] = (0,),
    gaze: str = "none",
    shift: int | str = "auto",
) -> Trajectory:
    """Read one trajectory; what is cheap is checked first, so that few images of a bad one are decoded.

    Args:
        raw: The raw root.
        name: The trajectory's folder relative to it: `<task>/<date>/raw/traj_group<i>/traj<j>`.
        im_size: Height and width of the frames.
        cameras: The camera numbers to decode, 0 among them; the others are not looked at.
        gaze: Which pickle of gaze boxes to read, one of `bridgelib.raw.gaze.SOURCES`.
        shift: Whether to correct the camera's latency, one of `bridgelib.raw.latency.SETTINGS`.

    Raises:
        Rejected: It cannot be used; the reason is one of `REASONS`.
    """
    folder = Path(raw, name)
    present = read_folder(folder, "the folder")
    for stem in ("obs_dict", "policy_out"):
        if f"{stem}.pkl" not in present:
            raise Rejected(f"missing_{stem}", f"no file {stem}.pkl")
    noticed: list[Noticed] = []
    state, time_stamp = _used(folder, "obs_dict.pkl", _observations, noticed)
    actions = _used(folder, "policy_out.pkl", _actions, noticed)
    noticed += _agent_data(folder, present)
    date = name.split("/")[-4]
    shifted = latency_shift(date, shift)
    noticed += odd_date(date, shift)
    _check_lengths(len(state), len(time_stamp), len(actions), shifted)
    languages, odd = (
        read_languages(read_file(folder / "lang.txt", "lang.txt")) if "lang.txt" in present else (("",), ())
    )
    noticed += odd
    boxes = _boxes(folder, present, gaze, len(state), noticed)
    for camera in cameras:
        check_frames(folder / f"images{camera}", len(state))

    content = hashlib.sha256()
    frames, sizes = {}, {}
    for camera in sorted(cameras):
        headers, digest = Headers(), content if camera == 0 else None
        read = read_frames(folder / f"images{camera}", len(state), im_size, _noted_by(headers, digest))
        frames[camera] = read[shifted:]
        sizes |= {camera: headers.size} if headers.size else {}
        noticed += odd_frames(f"images{camera}", frames[camera], headers, shifted)
    for array in (state, actions, time_stamp):
        _add(content, array.astype("<f8").tobytes())
    state, time_stamp, actions = state[shifted:], time_stamp[shifted:], actions[: len(actions) - shifted]
    noticed += [*odd_gripper(actions[:, 6], state[:, 6]), *odd_states(state), *odd_times(time_stamp)]
    return Trajectory(
        name=name,
        identity=content.hexdigest()[:32],
        frames=frames,
        state=state.astype(np.float32),
        time_stamp=time_stamp,
        actions=actions.astype(np.float32),
        languages=languages,
        gaze_boxes=boxes and boxes[shifted:],
        frame_sizes=sizes,
        noticed=tuple(noticed),
    )


def _noted_by(headers: Headers, content: "hashlib._Hash | None") -> Callable[[bytes], None]:
    """What is done with the bytes of each frame's file."""

    def note(file: bytes) -> None:
        headers.note(file)
        if content is not None:
            _add(content, file)

    return note


def _add(content: "hashlib._Hash", part: bytes) -> None:
    """Add a part to a digest, its length first, so that two parts cannot be taken for one."""
    content.update(len(part).to_bytes(8, "little"))
    content.update(part)


def _used(folder: Path, name: str, read: Callable[[object], Read], noticed: list[Noticed]) -> Read:
    """What `read` takes from a pickle; what else there is may be anything, is not executed, and is noticed."""
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


def _check_lengths(states: int, time_stamps: int, actions: int, shift: int) -> None:
    if not states == time_stamps == actions + 1:
        raise Rejected("length_mismatch", f"{states} states, {time_stamps} time stamps, {actions} actions")
    if actions - shift < FEWEST_ACTIONS:
        corrected = f", {actions - shift} after the latency correction" if shift else ""
        raise Rejected("too_short", f"actions: {actions}{corrected}")


def _described(content: object) -> str:
    if isinstance(content, dict):
        return f"a dict with {', '.join(sorted(map(str, content))[:10]) or 'no keys'}"
    return f"a {type(content).__name__}"
