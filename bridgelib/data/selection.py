"""Which task folders a dataset means: glob patterns in groups, and exclusions."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from bridgelib.config.datasets import Dataset
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.layout import records_path
from bridgelib.raw.chosen import composed, excludes

_SHOWN = 20


def select_tasks(dataset: Dataset, tasks: Sequence[str], where: str) -> tuple[tuple[str, ...], ...]:
    """The task folders of each group of a dataset.

    A pattern of `include` is matched as a shell does, folder by folder: `*` and `?` stop at a slash, `**` stands for
    any number of folders. A pattern of `exclude` is matched against the whole path, as the predecessor does it: there
    `*` also crosses slashes, so `*sweep*` excludes every task with that word anywhere in its path. What is the very
    name of a task means that task, whatever it looks like. In which of its forms Unicode writes the letters of a
    pattern or of a task does not count.

    Args:
        dataset: The dataset; see `bridgelib.config.datasets`.
        tasks: All task folders there are, as posix paths relative to the data root.
        where: Who asks, for messages; for instance the experiment.

    Returns:
        One sorted tuple of distinct task folders per group. A task may stand in several groups.

    Raises:
        ConfigError: A pattern that matches no task, or nothing but excluded ones.
    """
    excluded = {task for pattern in dataset.exclude for task in _matches(excludes, pattern, dataset, tasks, where)}
    groups = []
    for patterns in dataset.include:
        group: set[str] = set()
        for pattern in patterns:
            included = _matches(_includes, pattern, dataset, tasks, where) - excluded
            if not included:
                raise ConfigError(
                    f"{where}, dataset '{dataset.name}', pattern '{pattern}'",
                    given=f"every task it matches is excluded by {list(dataset.exclude)}",
                    do="remove the pattern, or narrow the exclusions",
                )
            group |= included
        groups.append(tuple(sorted(group)))
    return tuple(groups)


def tasks_with_records(data_root: Path) -> list[str]:
    """The task folders that have TFRecords below a data root, as posix paths relative to it, sorted."""
    found = Path(data_root).glob(str(records_path(Path("**"), "train")))
    return [path.as_posix() for path in sorted(path.parent.parent.relative_to(data_root) for path in found)]


def _matches(
    match: Callable[[str, str], bool], pattern: str, dataset: Dataset, tasks: Sequence[str], where: str
) -> set[str]:
    meant = composed(pattern)
    matched = {task for task in tasks if composed(task) == meant.strip("/")}
    matched = matched or {task for task in tasks if match(meant, composed(task))}
    if not matched:
        shown = ", ".join(sorted(tasks)[:_SHOWN]) or "none at all"
        more = f" and {len(tasks) - _SHOWN} more" if len(tasks) > _SHOWN else ""
        raise ConfigError(
            f"{where}, dataset '{dataset.name}', pattern '{pattern}'",
            given="no task matches it",
            allowed=f"the tasks there are: {shown}{more}",
            do=did_you_mean(pattern, tasks) or "correct the pattern, or add the task's data",
        )
    return matched


def _includes(pattern: str, task: str) -> bool:
    return _folders_match(task.split("/"), pattern.strip("/").split("/"))


def _folders_match(folders: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not folders
    if patterns[0] == "**":
        return any(_folders_match(folders[start:], patterns[1:]) for start in range(len(folders) + 1))
    return bool(folders) and fnmatchcase(folders[0], patterns[0]) and _folders_match(folders[1:], patterns[1:])
