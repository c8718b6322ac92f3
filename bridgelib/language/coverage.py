"""Language coverage: how many trajectories have an instruction."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from bridgelib.formats.index import RecordIndex

TOTAL = "all tasks"


@dataclass(frozen=True)
class Coverage:
    """How many of some trajectories have an instruction that is not blank."""

    trajectories: int = 0
    instructed: int = 0

    @classmethod
    def of(cls, index: RecordIndex) -> "Coverage":
        """The coverage of one TFRecord."""
        bounds = pairwise(index.language_offsets.tolist())
        return cls(len(index), sum(any(map(str.strip, index.languages[begin:end])) for begin, end in bounds))

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(self.trajectories + other.trajectories, self.instructed + other.instructed)

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 where there are no trajectories."""
        return self.instructed / self.trajectories if self.trajectories else 0.0


def total(coverages: Mapping[str, Coverage]) -> Coverage:
    """All tasks together."""
    return sum(coverages.values(), start=Coverage())


def as_text(coverages: Mapping[str, Coverage]) -> str:
    """A table for people: one line per task, and one for all."""
    rows = [*coverages.items(), (TOTAL, total(coverages))]
    width = max(len(name) for name, _ in rows)
    lines = [f"{'task':<{width}}  trajectories  with an instruction"]
    lines += [
        f"{name:<{width}}  {row.trajectories:>12,}  {row.instructed:>10,}  {row.share:>6.1%}" for name, row in rows
    ]
    return "\n".join(lines)
