"""One raw trajectory: its files, checked and brought into memory."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from bridgelib.raw.files import read_file, read_folder
from bridgelib.raw.frames import check_frames, read_frames
from bridgelib.raw.gaze import read_boxes
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.tree import recorded_at
from bridgelib.raw.unpickle import load_plain

LATENCY_ENDED = datetime(2021, 7, 23)  # before, a frame and a state show what came of the action before
FEWEST_ACTIONS = 2
LONGEST_ROW = 64  # numbers; states and actions have 7
LONGEST_INSTRUCTION = 10_000  # characters; the longest of the release have some two hundred
MOST_INSTRUCTIONS = 1_000  # of one trajectory; the release has a few


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
    """

    name: str
    identity: str
    frames: Mapping[int, np.ndarray]
    state: np.ndarray
    time_stamp: np.ndarray
    actions: np.ndarray
    languages: tuple[str, ...]
    gaze_boxes: tuple[np.ndarray, ...] | None = None


def read_trajectory(
    raw: Path, name: str, im_size: int, cameras: Sequence[int] = (0,), gaze: str = "none"
) -> Trajectory:
    """Read one trajectory; what is cheap is checked first, so that few images of a bad one are decoded.

    Args:
        raw: The raw root.
        name: The trajectory's folder relative to it: `<task>/<date>/raw/traj_group<i>/traj<j>`.
        im_size: Height and width of the frames.
        cameras: The camera numbers to decode, 0 among them; the others are not looked at.
        gaze: Which pickle of gaze boxes to read, one of `bridgelib.raw.gaze.SOURCES`.

    Raises:
        Rejected: It cannot be used; the reason is one of `REASONS`.
    """
    folder = Path(raw, name)
    present = read_folder(folder, "the folder")
    for stem in ("obs_dict", "policy_out", "agent_data"):
        if f"{stem}.pkl" not in present:
            raise Rejected(f"missing_{stem}", f"no file {stem}.pkl")
    state, time_stamp = _observations(_pickle(folder, "obs_dict.pkl"))
    actions = _actions(_pickle(folder, "policy_out.pkl"))
    # Nobody uses agent_data.pkl. In the real release it holds messages of ROS beside plain data.
    _pickle(folder, "agent_data.pkl", recorder_names=True)
    shift = int(recorded_at(name.split("/")[-4]) < LATENCY_ENDED)
    _check_lengths(len(state), len(time_stamp), len(actions), shift)
    languages = _languages(read_file(folder / "lang.txt", "lang.txt")) if "lang.txt" in present else ("",)
    if gaze != "none" and f"{gaze}.pkl" not in present:
        raise Rejected("missing_gaze", f"no file {gaze}.pkl")
    boxes = None if gaze == "none" else read_boxes(_pickle(folder, f"{gaze}.pkl"), len(state), f"{gaze}.pkl")
    for camera in cameras:
        check_frames(folder / f"images{camera}", len(state))

    content = hashlib.sha256()
    frames = {}
    for camera in sorted(cameras):
        seen = (lambda file: _add(content, file)) if camera == 0 else None
        frames[camera] = read_frames(folder / f"images{camera}", len(state), im_size, seen)[shift:]
    for array in (state, actions, time_stamp):
        _add(content, array.astype("<f8").tobytes())
    return Trajectory(
        name=name,
        identity=content.hexdigest()[:32],
        frames=frames,
        state=state[shift:].astype(np.float32),
        time_stamp=time_stamp[shift:],
        actions=actions[: len(actions) - shift].astype(np.float32),
        languages=languages,
        gaze_boxes=boxes and boxes[shift:],
    )


def _add(content: "hashlib._Hash", part: bytes) -> None:
    """Add a part to a digest, its length first, so that two parts cannot be taken for one."""
    content.update(len(part).to_bytes(8, "little"))
    content.update(part)


def _pickle(folder: Path, name: str, recorder_names: bool = False) -> object:
    content = read_file(folder / name, name)
    try:
        return load_plain(content, recorder_names=recorder_names)
    except Rejected as rejected:
        raise Rejected(rejected.reason, f"{name} {rejected.detail}") from None


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


def _languages(content: bytes) -> tuple[str, ...]:
    """The instructions of a lang.txt, without the lines that say how sure the annotator was."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected("language_not_utf8", f"lang.txt, byte {error.start}: {error.reason}") from None
    if "\0" in text:
        raise Rejected("language_not_utf8", "lang.txt holds NUL bytes")
    lines = (line.strip() for line in text.splitlines())
    languages = tuple(line for line in lines if line and not line.startswith("confidence:")) or ("",)
    longest = max(map(len, languages))
    if longest > LONGEST_INSTRUCTION or len(languages) > MOST_INSTRUCTIONS:
        told = f"lang.txt holds {len(languages)} instructions of up to {longest} characters"
        raise Rejected("language_too_long", f"{told}; {MOST_INSTRUCTIONS} of {LONGEST_INSTRUCTION} are allowed")
    return languages


def _described(content: object) -> str:
    if isinstance(content, dict):
        return f"a dict with {', '.join(sorted(map(str, content))[:10]) or 'no keys'}"
    return f"a {type(content).__name__}"
