"""Which tasks of a raw tree the workflow takes: all but those that the profile excludes, or that it cannot name."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bridgelib.errors import ConfigError
from bridgelib.raw.remarks import Noticed
from bridgelib.raw.tree import PassedOver, RawTree

_PATTERN = re.compile(r"\{.*\}|[\r\n]", re.DOTALL)
_OURS = {"data_report.txt", "data_report.json", "success.txt", "success.json", "references.json"}  # files in the roots
_PERIODIC = re.compile(r"(.+)\1{19}$")  # Snakemake takes such a path for endless recursion, and does nothing at all


@dataclass(frozen=True)
class ChosenTasks:
    """The tasks that are taken, and those that are not.

    Attributes:
        tree: The raw tree, with only the tasks that are taken.
        excluded: Tasks that a pattern excludes; `count` is the number of their dated folders.
        unnameable: Tasks whose names Snakemake would take for patterns, likewise.
        idle: Patterns that exclude nothing.
        patterns: All patterns.
    """

    tree: RawTree
    excluded: tuple[PassedOver, ...] = ()
    unnameable: tuple[PassedOver, ...] = ()
    idle: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, tree: RawTree, exclude: Sequence[str] = ()) -> "ChosenTasks":
        """The choice among the tasks of a tree, by patterns as `excludes` takes them."""
        excluded, unnameable = [], []
        for task in tree.tasks:
            pattern = next((pattern for pattern in exclude if excludes(pattern, task.name)), None)
            if pattern is not None:
                excluded.append(PassedOver(task.name, f"excluded by '{pattern}'", len(task.dates)))
            elif problem := name_problem(task.name):
                unnameable.append(PassedOver(task.name, problem, len(task.dates)))
        left_out = {entry.path for entry in (*excluded, *unnameable)}
        taken = replace(tree, tasks=tuple(task for task in tree.tasks if task.name not in left_out))
        idle = [pattern for pattern in exclude if not any(excludes(pattern, task.name) for task in tree.tasks)]
        return cls(taken, tuple(excluded), tuple(unnameable), tuple(idle), tuple(exclude))

    def misplaced(self) -> tuple[Noticed, ...]:
        """Remarks on dated folders at another depth, as of `RawTree`, but for what the patterns exclude."""
        return self.tree.misplaced(lambda folder: any(excludes(pattern, folder) for pattern in self.patterns))

    @property
    def others(self) -> tuple[PassedOver, ...]:
        """What lies in the tree and is not taken."""
        return (*self.tree.passed_over, *self.unnameable, *self.excluded)


def excludes(pattern: str, task: str) -> bool:
    """Whether a pattern matches a task's whole path; `*` crosses slashes, and a task's very name matches it.

    The predecessor matched absolute paths, so its patterns may start with "*/": a leading slash serves these too.
    """
    pattern, task = composed(pattern), composed(task)
    return pattern == task or fnmatchcase(task, pattern) or fnmatchcase(f"/{task}", pattern)


def composed(name: str) -> str:
    """A name in the one of its Unicode forms by which names are compared: file systems and keyboards disagree on it."""
    return unicodedata.normalize("NFC", name)


def name_problem(name: str) -> str | None:
    """Why the workflow cannot take a folder of this name; None where it can."""
    if name in _OURS:
        return "a file of the workflow has this name: rename it"
    if periodic := _PERIODIC.search(name):
        return f"its name ends in '{periodic[1]}' twenty times, which Snakemake takes for an endless loop: rename it"
    if not _PATTERN.search(name):
        return None
    what = "a line break" if re.search(r"[\r\n]", name) else "{braces}"
    return f"its name has {what}, which Snakemake would take for a pattern: rename the folder"


def refuse_left_out(groups: Iterable[Iterable[str]], left_out: Mapping[str, str], where: str) -> None:
    """Refuse a dataset that names a task which is not taken; else the message would be that no such task exists.

    Args:
        groups: The patterns of a dataset.
        left_out: Task -> why it is not taken.
        where: The place to name in the message.

    Raises:
        ConfigError: The dataset names such a task.
    """
    reasons = {composed(task): why for task, why in left_out.items()}
    for pattern in (pattern for group in groups for pattern in group):
        if composed(pattern) in reasons:
            raise ConfigError(
                where,
                given=f"task '{pattern}', which is left out: {reasons[composed(pattern)]}",
                do="choose another task, or take it in again",
            )
