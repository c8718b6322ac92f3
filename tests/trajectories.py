"""Small trajectories for tests: all content drawn from a number."""

import hashlib

import numpy as np

from bridgelib.raw.trajectory import Trajectory


def make_trajectory(
    number: int, length: int = 4, size: int = 8, task: str = "task", languages: tuple[str, ...] = ("open the drawer",)
) -> Trajectory:
    """A trajectory of `length` actions whose every frame, state and action differs from all others."""
    generator = np.random.default_rng(number)
    frames = generator.integers(0, 256, (length + 1, size, size, 3), np.uint8)
    return Trajectory(
        name=f"{task}/2021-08-02_10-00-00/raw/traj_group0/traj{number}",
        identity=hashlib.sha256(frames.tobytes()).hexdigest()[:32],
        frames={0: frames},
        state=generator.standard_normal((length + 1, 7)).astype(np.float32),
        time_stamp=np.arange(length + 1) * 0.2,
        actions=generator.random((length, 7), np.float32),
        languages=languages,
    )
