"""One side of the data, training or validation: what was recorded, and the names of task and folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bridgelib.data.records import Records
from bridgelib.formats.index import load_index
from bridgelib.raw.tree import recorded_at


@dataclass(frozen=True)
class Side:
    """The trajectories of the training or the validation side of some tasks.

    Attributes:
        records: Their frames, states and instructions.
        tasks: The task of each.
        names: Its folder in the raw tree; "" where the TFRecord was made elsewhere.
    """

    records: Records
    tasks: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def open(cls, data_root: Path, tasks: Sequence[str], side: str) -> "Side | None":
        """One side of these tasks, "train" or "val"; None where it has no trajectory.

        Raises:
            DataError: A TFRecord is missing or damaged, or has images of another size than the others.
        """
        files = [data_root / task / side / "out.tfrecord" for task in tasks]
        indices = [load_index(file) for file in files]
        if not any(map(len, indices)):
            return None
        names = [str(name) for index in indices for name in index.names]
        tasks = [task for task, index in zip(tasks, indices, strict=True) for _ in range(len(index))]
        return cls(Records(files, indices), tuple(tasks), tuple(names))

    @cached_property
    def instructions(self) -> tuple[str, ...]:
        """The first instruction of each trajectory; "" where it has none."""
        return tuple(next(filter(None, texts), "") for texts in self.records.languages)

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The dated folder of each trajectory, `<task>/<date>`; "" where its name tells none."""
        return tuple(map(_dated_folder, self.names))


def _dated_folder(name: str) -> str:
    parts = name.split("/")
    dates = [place for place, part in enumerate(parts) if recorded_at(part)]
    return "/".join(parts[: dates[-1] + 1]) if dates else ""
