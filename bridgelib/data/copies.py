"""Copies of a demonstration in several tasks of a dataset: training ones are kept out of validation, others reported.

A task's own split is by content, so within it no demonstration is in both. Where a demonstration was copied into
a second task, that task's split may put the copy into the other one; then a policy would be evaluated, and its best
checkpoint chosen, by what it has memorised.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bridgelib.errors import DataError
from bridgelib.formats.index import RecordIndex

Indices = Mapping[str, RecordIndex]
"""Task -> the index of one of its splits."""

_SHOWN = 5


def training_tasks(groups: Sequence[Sequence[str]], weights: Sequence[float] | None) -> list[str]:
    """The tasks that samples are drawn from: those of a group with a weight above 0, sorted."""
    weights = [1.0] * len(groups) if weights is None else weights
    return sorted({task for group, weight in zip(groups, weights, strict=True) if weight > 0 for task in group})


def held_out(train: Indices, val: Indices) -> dict[str, np.ndarray]:
    """Which validation trajectories are left out, since they are in the training split too; prints how many.

    Args:
        train: The training splits that samples are drawn from.
        val: The validation splits.

    Returns:
        Task of `val` -> bool [trajectories].

    Raises:
        DataError: There are validation trajectories, and all of them are in the training split too.
    """
    by_id = _have_ids(train, val)
    trains = _tasks_by_content(train, by_id)
    found = {task: _trained_in(task, contents(index, by_id), trains, by_id) for task, index in val.items()}
    pairs = Counter((task, other) for task, others in found.items() for other in others if other is not None)
    count, total = pairs.total(), sum(map(len, found.values()))
    if count:
        whose = _listed(f"{number} of {task} in {other}" for (task, other), number in pairs.most_common())
        if count == total:
            raise _nothing_left(val, count, whose)
        told = f"{count} of {total} validation trajectories are left out, since the same demonstrations train"
        print(f"ATTENTION: {told}: {whose}", file=sys.stderr)
    return {task: np.array([other is not None for other in others], bool) for task, others in found.items()}


def say_repeated(indices: Indices, split: str) -> None:
    """Report on standard error which demonstrations lie in one split of several tasks, where each copy counts.

    Args:
        indices: The indices of that split.
        split: The name of the split.
    """
    repeated = [tasks for tasks in _tasks_by_content(indices, _have_ids(indices)).values() if len(tasks) > 1]
    if repeated:
        together = Counter(" and ".join(tasks) for tasks in repeated)
        whose = _listed(f"{number} in {tasks}" for tasks, number in together.most_common())
        told = f"{len(repeated)} demonstrations lie in several tasks and count in each"
        print(f"{split} split: {told}: {whose}", file=sys.stderr)


def contents(index: RecordIndex, by_id: bool) -> list[str]:
    """An identifier of each trajectory's content: its content id, or a digest of its states and actions."""
    if by_id:
        return list(index.identities)
    return [hashlib.sha256(b"".join(map(_bytes, arrays))).hexdigest() for arrays in index.trajectories()]


def _have_ids(*splits: Indices) -> bool:
    """Whether all have content ids. TFRecords that were made elsewhere have none; beside these, copies in ours are
    recognised by their states and actions too."""
    return all(all(index.identities) for split in splits for index in split.values())


def _bytes(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def _tasks_by_content(indices: Indices, by_id: bool) -> dict[str, list[str]]:
    tasks: dict[str, list[str]] = {}
    for task, index in indices.items():
        for content in dict.fromkeys(contents(index, by_id)):
            tasks.setdefault(content, []).append(task)
    return tasks


def _trained_in(
    task: str, trajectories: Iterable[str], tasks: Mapping[str, list[str]], by_id: bool
) -> list[str | None]:
    """The task that each of these trajectories trains in; None where it does not train."""
    found: list[str | None] = []
    for content in trajectories:
        # Our own split has no content twice in a task. What was made elsewhere may.
        others = (each for each in tasks.get(content, ()) if each != task or not by_id)
        found.append(next(others, None))
    return found


def _listed(entries: Iterable[str]) -> str:
    entries = list(entries)
    more = f" and {len(entries) - _SHOWN} more pairs of tasks" if len(entries) > _SHOWN else ""
    return ", ".join(entries[:_SHOWN]) + more


def _nothing_left(val: Indices, count: int, whose: str) -> DataError:
    filled = [task for task, index in val.items() if len(index)]
    return DataError(
        f"validation split of {_listed(filled)}",
        given=f"{count} trajectories, and the same demonstrations all train: {whose}",
        allowed="at least one demonstration that does not train",
        do="keep one copy of each demonstration (split.json of a task has the names and content ids), leave one of the "
        "tasks out of the dataset, or take another split: --config split_seed=1",
    )
