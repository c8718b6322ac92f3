"""One raw trajectory in memory."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trajectory:
    """One demonstration of T actions, after the correction of the camera's latency.

    Attributes:
        name: Its folder relative to the raw root, with forward slashes.
        identity: 32 hexadecimal digits drawn from its content as it lies on disk: the JPEG bytes of `images0`, states,
            actions and time stamps. Independent of path, image size, further cameras and language.
        frames: uint8 [T+1, S, S, 3] per camera number; camera 0 is always there.
        state: float32 [T+1, 7]: x, y, z (m), roll, pitch, yaw (rad), gripper (1 = open).
        time_stamp: float64 [T+1], seconds.
        actions: float32 [T, 7]: commanded differences in the units of the state, and the gripper.
        languages: Its instructions; ("",) where it has none.
    """

    name: str
    identity: str
    frames: Mapping[int, np.ndarray]
    state: np.ndarray
    time_stamp: np.ndarray
    actions: np.ndarray
    languages: tuple[str, ...]
