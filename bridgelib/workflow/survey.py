"""The survey: how many frames a raw tree holds, estimated from listings of some of its trajectories' folders.

Quick enough for a dry run: of 60,000 trajectories some 600 are listed, three or more of each task; of one frame the
header is read, and no other file is opened.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import mean, variance

from bridgelib.conversion.converted_sizes import NOTHING, Content
from bridgelib.raw.jpeg_header import JpegHeader
from bridgelib.raw.latency import latency_shift
from bridgelib.sim import simulated_sizes as simulated
from bridgelib.sim.plan import LONGEST, PlanEntry

SAMPLED, FEWEST = 600, 3  # trajectories to list: over all tasks, and at least of each
_RELEASE = (480, 640), 45_000  # a frame of the real release: height and width, bytes

Key = tuple[str, str]
"""A task and a date: one dated folder."""


@dataclass(frozen=True)
class Survey:
    """What a raw tree holds, or will hold once it is simulated.

    Attributes:
        sessions: What each dated folder holds.
        to_simulate: The dated folders that are still to be simulated.
        longest: Frames of the longest trajectory that was listed.
        frame_size: Height and width of the camera's images.
        frame_bytes: Bytes of one of them, as JPEG.
        uncertainty: Twice the standard error of the number of frames, relative to it; 0 where all were counted.
        samples: Trajectories that have frames, relative to the raw root.
    """

    sessions: Mapping[Key, Content]
    to_simulate: Mapping[Key, PlanEntry]
    longest: int
    frame_size: tuple[int, int]
    frame_bytes: int
    uncertainty: float
    samples: tuple[str, ...]

    @cached_property
    def tasks(self) -> Mapping[str, Content]:
        """What each task holds."""
        found: dict[str, Content] = {}
        for (task, _), content in self.sessions.items():
            found[task] = found.get(task, NOTHING) + content
        return found

    @property
    def trajectories(self) -> int:
        """In all."""
        return sum(content.trajectories for content in self.sessions.values())

    @property
    def frames(self) -> float:
        """Frames of one camera, over all tasks."""
        return sum(content.frames for content in self.sessions.values())


def survey(
    raw: Path,
    members: Mapping[Key, Sequence[str]],
    to_simulate: Mapping[Key, PlanEntry],
    shift: int | str = "auto",
) -> Survey:
    """Look at a raw tree.

    Args:
        raw: The raw root.
        members: The trajectories of each dated folder that is there, relative to it.
        to_simulate: The plan of each that is not.
        shift: `latency_shift` of the machine profile.
    """
    listed, averages, squared_error = _listed(raw, members)
    sessions = {key: _content(key, names, listed, averages[key[0]], shift) for key, names in members.items()}
    sessions |= {key: _simulated(entry) for key, entry in to_simulate.items()}
    samples = tuple(path for path, length in listed.items() if length)
    size, weight = _frame(raw, samples) or _planned_frame(to_simulate)
    frames = sum(content.frames for content in sessions.values())
    longest = max([*listed.values(), LONGEST if to_simulate else 0])
    uncertainty = 2 * math.sqrt(squared_error) / frames if frames else 0.0
    return Survey(sessions, to_simulate, longest, size, weight, uncertainty, samples)


def _listed(raw: Path, members: Mapping[Key, Sequence[str]]) -> tuple[dict[str, int], dict[str, float], float]:
    """Count the frames of some trajectories of each task.

    Returns:
        Trajectory -> its frames, of those that are looked at; task -> frames of a trajectory on average; the squared
        standard error of the sum over all trajectories there are.
    """
    tasks: dict[str, list[str]] = {}
    for (task, date), names in members.items():
        tasks.setdefault(task, []).extend(f"{task}/{date}/{name}" for name in names)
    share = max(FEWEST, SAMPLED // max(1, len(tasks)))
    listed: dict[str, int] = {}
    averages: dict[str, float] = {}
    squared_error = 0.0
    for task, paths in tasks.items():
        lengths = {path: _frame_count(raw / path) for path in _spread(paths, share)}
        listed |= lengths
        averages[task] = mean(lengths.values()) if lengths else 0.0
        if unseen := len(paths) - len(lengths):
            squared_error += len(paths) * unseen * variance(lengths.values()) / len(lengths)
    return listed, averages, squared_error


def _spread(paths: Sequence[str], count: int) -> list[str]:
    """`count` of the paths, a fixed random one from each of `count` equal parts; all where there are fewer."""
    if len(paths) <= count:
        return list(paths)
    draw = Random(paths[0])
    bounds = [number * len(paths) // count for number in range(count + 1)]
    return [paths[draw.randrange(begin, end)] for begin, end in pairwise(bounds)]


def _frame_count(trajectory: Path) -> int:
    """Frames of camera 0; none where the folder is missing, for such a trajectory will be rejected."""
    try:
        return sum(entry.name.startswith("im_") for entry in (trajectory / "images0").iterdir())
    except OSError:
        return 0


def _content(key: Key, names: Sequence[str], listed: Mapping[str, int], average: float, shift: int | str) -> Content:
    """What a dated folder holds: counted as far as its trajectories were listed, else by its task's average."""
    task, date = key
    paths = [f"{task}/{date}/{name}" for name in names]
    kept = [length for path in paths if (length := listed.get(path, average))]
    left_out = latency_shift(date, shift) * len(kept)  # the first frame of each
    return Content(len(kept), sum(kept) - left_out, max(map(len, paths), default=0))


def _simulated(entry: PlanEntry) -> Content:
    name = len(f"{entry.task}/{entry.date}/raw/traj_group0/traj{entry.demonstrations - 1}")
    return Content(entry.demonstrations, round(entry.demonstrations * simulated.frames(entry.action_noise)), name)


def _frame(raw: Path, samples: Sequence[str]) -> tuple[tuple[int, int], int] | None:
    """Height, width and bytes of a frame in the middle of the tree; None where there is none that can be read."""
    for path in samples[len(samples) // 2 :][:10]:
        frame = raw / path / "images0" / "im_0.jpg"
        try:
            with frame.open("rb") as file:
                header = JpegHeader.read(file.read(1 << 16))
            if header is not None:
                return header.size[::-1], frame.stat().st_size
        except OSError:
            continue
    return None


def _planned_frame(to_simulate: Mapping[Key, PlanEntry]) -> tuple[tuple[int, int], int]:
    for entry in to_simulate.values():
        return entry.image_size, simulated.frame_bytes(entry.image_size)
    return _RELEASE
