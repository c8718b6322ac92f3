"""Small trajectories for tests: all content drawn from a number."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bridgelib.formats.report import RejectedTrajectory, Report
from bridgelib.formats.shard import ShardWriter
from bridgelib.formats.tfrecord import tfrecord_writer
from bridgelib.raw.trajectory import Trajectory
from bridgelib.raw.tree import PassedOver


def make_trajectory(
    number: int, length: int = 4, size: int = 8, task: str = "task", languages: tuple[str, ...] = ("open the drawer",)
) -> Trajectory:
    """A trajectory of `length` actions whose every frame, state and action differs from all others."""
    generator = np.random.default_rng(number)
    frames = generator.integers(0, 256, (length + 1, size, size, 3), np.uint8)
    return Trajectory(
        name=f"{task}/2021-08-02_10-00-00/raw/traj_group0/traj{number}",
        content_id=hashlib.sha256(frames.tobytes()).hexdigest()[:32],
        frames={0: frames},
        state=generator.standard_normal((length + 1, 7)).astype(np.float32),
        time_stamp=np.arange(length + 1) * 0.2,
        actions=generator.random((length, 7), np.float32),
        languages=languages,
    )


def write_shard(
    folder: Path,
    date: str,
    trajectories: Sequence[Trajectory],
    rejected: Sequence[RejectedTrajectory] = (),
    passed_over: Sequence[PassedOver] = (),
    im_size: int = 8,
) -> Path:
    """A shard with its report, as raw_to_numpy leaves them; the trajectories are renamed to lie in its dated folder."""
    path = folder / f"{date}.npz"
    with ShardWriter(path, im_size) as writer:
        for trajectory in trajectories:
            name = trajectory.name.rpartition("/")[2]
            writer.add(replace(trajectory, name=f"{folder.name}/{date}/raw/traj_group0/{name}"))
    report = Report(
        found=len(trajectories) + len(rejected),
        kept=len(trajectories),
        transitions=sum(len(trajectory.actions) for trajectory in trajectories),
        instructed=sum(any(trajectory.languages) for trajectory in trajectories),
        rejected=rejected,
        passed_over=passed_over,
    )
    report.save(path.with_suffix(".report.json"))
    return path


def write_tfrecord(path: Path, trajectories: Sequence[Trajectory], encoding: str = "raw") -> Path:
    """A TFRecord as our writer writes it."""
    with tfrecord_writer(path, encoding) as append:
        for trajectory in trajectories:
            append(trajectory)
    return path
