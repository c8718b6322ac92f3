"""One split of the data, training or validation: what was recorded, and the names of task and folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bridgelib.data.records import Records
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.layout import records_path
from bridgelib.raw.tree import recorded_at


@dataclass(frozen=True)
class DataSplit:
    """The trajectories of the training or the validation split of some tasks; there may be none.

    Attributes:
        files: The TFRecord of each task.
        indices: The index of each.
        task_names: The tasks.
    """

    files: tuple[Path, ...]
    indices: tuple[RecordIndex, ...]
    task_names: tuple[str, ...]

    @classmethod
    def open(cls, data_root: Path, tasks: Sequence[str], split: str) -> "DataSplit":
        """One split of these tasks, "train" or "val".

        Raises:
            DataError: A TFRecord is missing or damaged.
        """
        files = tuple(records_path(data_root / task, split) for task in tasks)
        return cls(files, tuple(map(load_index, files)), tuple(tasks))

    def __len__(self) -> int:
        """How many trajectories there are."""
        return sum(map(len, self.indices))

    @property
    def by_task(self) -> dict[str, RecordIndex]:
        """Task -> its index."""
        return dict(zip(self.task_names, self.indices, strict=True))

    @cached_property
    def records(self) -> Records:
        """Their frames, states, actions and instructions.

        Raises:
            DataError: There is no trajectory, or images of different sizes.
        """
        return Records(self.files, self.indices)

    @cached_property
    def lengths(self) -> np.ndarray:
        """int64 [trajectories]; transitions of each."""
        return np.concatenate([np.diff(index.action_offsets) for index in self.indices])

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The task of each trajectory."""
        return tuple(task for task, index in zip(self.task_names, self.indices, strict=True) for _ in index.names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The folder of each trajectory in the raw tree; "" where its TFRecord was made elsewhere."""
        return tuple(name for index in self.indices for name in index.names)

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The dated folder of each trajectory, `<task>/<date>`; "" where its name tells none."""
        return tuple(map(_dated_folder, self.names))

    @cached_property
    def instructions(self) -> tuple[str, ...]:
        """The first instruction of each trajectory; "" where it has none."""
        return tuple(next(filter(None, texts), "") for texts in self.records.languages) if len(self) else ()

    def usable(self, only_instructed: bool) -> np.ndarray:
        """The trajectories with a transition, and an instruction where that is needed: their numbers, int64."""
        instructed = np.array([bool(text) for text in self.instructions], bool)
        return np.flatnonzero((self.lengths > 0) & (instructed | (not only_instructed)))

    def extent(self, trajectories: np.ndarray) -> dict[str, int]:
        """How many trajectories these are, int64 [...], and how many transitions."""
        return {"trajectories": len(trajectories), "transitions": int(self.lengths[trajectories].sum())}


def _dated_folder(name: str) -> str:
    parts = name.split("/")
    dates = [place for place, part in enumerate(parts) if recorded_at(part)]
    return "/".join(parts[: dates[-1] + 1]) if dates else ""
