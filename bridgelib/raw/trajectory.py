"""One raw trajectory: its files, checked and brought into memory."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridgelib.raw.files import read_folder
from bridgelib.raw.frames import check_frames, read_frames
from bridgelib.raw.latency import latency_shift, odd_date
from bridgelib.raw.oddities.frames import Headers, odd_frames
from bridgelib.raw.oddities.gripper import odd_gripper
from bridgelib.raw.oddities.states import odd_states
from bridgelib.raw.oddities.time_stamps import odd_times
from bridgelib.raw.recording import read_recording
from bridgelib.raw.rejection import Rejected
from bridgelib.raw.remarks import Noticed

FEWEST_ACTIONS = 2


@dataclass(frozen=True)
class Trajectory:
    """One demonstration of T actions, after the correction of the camera's latency.

    Attributes:
        name: Its folder relative to the raw root, with forward slashes.
        content_id: 32 hexadecimal digits drawn from its content as it lies on disk: the JPEG bytes of `images0`,
            states, actions and time stamps. Independent of path, image size, further cameras, language and gaze.
        frames: uint8 [T+1, S, S, 3] per camera number; camera 0 is always there.
        state: float32 [T+1, 7]: x, y, z (m), roll, pitch, yaw (rad), gripper (1 = open).
        time_stamp: float64 [T+1], seconds.
        actions: float32 [T, 7]: commanded differences in the units of the state, and the gripper.
        languages: Its instructions; ("",) where it has none.
        gaze_boxes: float64 [boxes, 4] for each of the T+1 frames: left, top, right, bottom as shares of the image; None
            where gaze was not asked for.
        frame_sizes: Width and height of each camera's frames before they were resized; empty when read from a shard.
        noticed: What is odd about it; empty when read from a shard.
    """

    name: str
    content_id: str
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
        Rejected: The trajectory cannot be used; the reason is one of `REASONS`.
    """
    folder, date = Path(raw, name), name.split("/")[-4]
    recording = read_recording(folder, read_folder(folder, "the folder"), gaze)
    late = latency_shift(date, shift)
    if len(recording.actions) - late < FEWEST_ACTIONS:
        corrected = f", {len(recording.actions) - late} after the latency correction" if late else ""
        raise Rejected("too_short", f"actions: {len(recording.actions)}{corrected}")
    for camera in cameras:
        check_frames(folder / f"images{camera}", len(recording.state))

    content = hashlib.sha256()
    noticed = [*recording.noticed, *odd_date(date, shift)]
    frames, sizes = dict[int, np.ndarray](), dict[int, tuple[int, int]]()
    for camera in sorted(cameras):
        headers = Headers()
        seen = _noted_by(headers, content if camera == 0 else None)
        frames[camera] = read_frames(folder / f"images{camera}", len(recording.state), im_size, seen)[late:]
        noticed += odd_frames(f"images{camera}", frames[camera], headers, late)
        sizes |= {camera: headers.size} if headers.size else {}
    for array in (recording.state, recording.actions, recording.time_stamp):
        _add(content, array.astype("<f8").tobytes())

    state, time_stamp = recording.state[late:], recording.time_stamp[late:]
    actions = recording.actions[: len(recording.actions) - late]
    noticed += [*odd_gripper(actions[:, 6], state[:, 6]), *odd_states(state), *odd_times(time_stamp)]
    return Trajectory(
        name=name,
        content_id=content.hexdigest()[:32],
        frames=frames,
        state=state.astype(np.float32),
        time_stamp=time_stamp,
        actions=actions.astype(np.float32),
        languages=recording.languages,
        gaze_boxes=recording.gaze_boxes and recording.gaze_boxes[late:],
        frame_sizes=sizes,
        noticed=tuple(noticed),
    )


def _noted_by(headers: Headers, content: "hashlib._Hash | None") -> Callable[[bytes], None]:
    """A function that notes the header of each frame's file, and adds its bytes to the content's digest."""

    def note(file: bytes) -> None:
        headers.note(file)
        if content is not None:
            _add(content, file)

    return note


def _add(content: "hashlib._Hash", part: bytes) -> None:
    """Add a part to a digest, its length first, so that two parts cannot be taken for one."""
    content.update(len(part).to_bytes(8, "little"))
    content.update(part)
