"""What lies in a raw tree: tasks, their dated folders, the trajectories in one of them.

    <raw>/<task>/<date>/raw/traj_group<i>/traj<j>/      a task lies `depth - 1` levels below the raw root

Only folders are listed here; no file is opened. The Snakefile asks while it is being parsed, where there is no numpy.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bridgelib.errors import ConfigError, DataError
from bridgelib.layout import CLAIMS
from bridgelib.raw.remarks import Noticed

DATE_FORMAT = "%Y-%m-%d_%H-%M-%S"
DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}")
TRAJECTORY_PART = re.compile(r"(obs_dict|policy_out|agent_data|filter|no_filter)\.pkl|lang\.txt|images[0-9]+")
DEEPEST = 8  # how far `auto` looks; the deepest release of BridgeData has its dated folders 6 levels down


@dataclass(frozen=True)
class PassedOver:
    """Something in a raw tree that is no trajectory, and why it was not taken for one.

    Attributes:
        path: Relative to the raw root, with forward slashes.
        why: The reason.
        count: How many entries this line stands for.
    """

    path: str
    why: str
    count: int = 1


@dataclass(frozen=True)
class Task:
    """A folder of demonstrations.

    Attributes:
        name: Its path relative to the raw root, with forward slashes.
        dates: The names of its dated folders, sorted.
    """

    name: str
    dates: tuple[str, ...]


@dataclass(frozen=True)
class RawTree:
    """The tasks below a raw root, sorted by name, and what was passed over on the way to them."""

    root: Path
    depth: int
    tasks: tuple[Task, ...]
    passed_over: tuple[PassedOver, ...]

    def misplaced(self, left_out: Callable[[str], bool] = lambda folder: False) -> tuple[Noticed, ...]:
        """A remark for each dated folder at another depth than `depth`, but for those in folders that are left out.

        Lists the tree down to `DEEPEST`.
        """
        elsewhere = {depth: paths for depth, paths in _dated_by_depth(self.root).items() if depth != self.depth}
        return tuple(
            Noticed("dated_folder_elsewhere", f"{path} lies at depth {depth}, not {self.depth}")
            for depth, paths in elsewhere.items()
            for path in paths
            if not left_out(path.rpartition("/")[0])
        )


def recorded_at(date: str) -> datetime | None:
    """When a dated folder was recorded, from its name; None where the name is no date."""
    if not DATE_PATTERN.fullmatch(date):
        return None
    try:
        return datetime.strptime(date, DATE_FORMAT)
    except ValueError:
        return None


def natural_key(name: str) -> tuple:
    """Sorts traj2 before traj10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple(int(part) if number % 2 else part for number, part in enumerate(parts)), name


def find_tasks(raw: Path, depth: int | str = "auto") -> RawTree:
    """Find the tasks and their dated folders; the level of the trajectories is not opened.

    Args:
        raw: The raw root.
        depth: Levels from the raw root down to the dated folders (2 for `<raw>/<task>/<date>`), or "auto".

    Raises:
        ConfigError: The depth is no number of at least 2, is wrong for this tree (the message names the right one),
            or is "auto" where dated folders lie at several depths.
        DataError: The raw root is missing, empty, unreadable, or holds no dated folder.
    """
    raw = Path(raw)
    try:
        there = raw.is_dir()
    except OSError as problem:  # a folder above it is closed, or a network's disk is gone
        advice = "look whether you may read it, and whether its disk is mounted"
        raise DataError(raw, given=problem.strerror, do=advice) from None
    if not there:
        raise DataError(raw, given="no such folder", do="set `raw` of the machine profile to where the raw data lies")
    if depth == "auto":
        return _tree_at(raw, _only_depth(raw, _dated_by_depth(raw)))
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise ConfigError("depth", given=repr(depth), allowed="auto, or a whole number of at least 2")
    tree = _tree_at(raw, depth)
    if depth == 1 or not tree.tasks:
        right = _only_depth(raw, _dated_by_depth(raw), depth)
        raise ConfigError(
            raw,
            given=f"depth {depth}, where no dated folders lie",
            allowed=f"{right}",
            do=f"set `depth: {right}` in the machine profile",
        )
    return tree


def trajectory_names(dated_folder: Path) -> tuple[str, ...]:
    """The trajectories of a dated folder as paths relative to it, in natural order: `raw/traj_group0/traj3`.

    Raises:
        DataError: The folder is missing or cannot be read.
    """
    return list_trajectories(dated_folder)[0]


def list_trajectories(dated_folder: Path) -> tuple[tuple[str, ...], tuple[PassedOver, ...]]:
    """Like `trajectory_names`, and what was passed over, its paths relative to the dated folder too."""
    dated_folder = Path(dated_folder)
    if "raw" not in _entries(dated_folder)[0]:
        return (), (PassedOver("raw", "no folder of this name, so there are no trajectories here"),)
    names, passed_over = [], []
    folders, others = _entries(dated_folder / "raw")
    for group in folders:
        if not group.startswith("traj_group"):
            others.append(group)
            continue
        trajectories, strays = _entries(dated_folder / "raw" / group)
        names += [f"raw/{group}/{name}" for name in trajectories if name.startswith("traj")]
        strays += [name for name in trajectories if not name.startswith("traj")]
        passed_over += [PassedOver(f"raw/{group}/{name}", "not a trajectory folder (traj…)") for name in strays]
    passed_over += [PassedOver(f"raw/{name}", "not a group of trajectories (traj_group…)") for name in others]
    return tuple(sorted(names, key=natural_key)), _sorted(passed_over)


def strays(trajectory: Path) -> tuple[PassedOver, ...]:
    """What lies in a trajectory's folder that is no part of it, paths relative to it; nothing if it cannot be read."""
    try:
        folders, files = _entries(trajectory)
    except DataError:
        return ()
    names = [name for name in folders + files if not TRAJECTORY_PART.fullmatch(name)]
    return tuple(PassedOver(name, "a depth camera" if "depth" in name else "no part of a trajectory") for name in names)


def _tree_at(raw: Path, depth: int) -> RawTree:
    """The tree as it looks when its dated folders are taken to lie at `depth`."""
    passed_over: list[PassedOver] = []
    folders = [""]
    for level in range(1, depth):
        folders = [child for folder in folders for child in _children(raw, folder, level, depth, passed_over)]
    tasks = [task for folder in sorted(folders) if (task := _task(raw, folder, passed_over)) is not None]
    return RawTree(raw, depth, tuple(tasks), _sorted(passed_over))


def _children(raw: Path, folder: str, level: int, depth: int, passed_over: list[PassedOver]) -> list[str]:
    """The folders one level above or at the tasks that lie in `folder`; the rest joins `passed_over`."""
    names, others = _entries(raw / folder)
    passed_over += [_no_folder(raw, _join(folder, name)) for name in others]
    children = []
    for path in (_join(folder, name) for name in names):
        if "lmdb" in path:
            passed_over.append(PassedOver(path, "an lmdb copy"))
        elif recorded_at(path.rpartition("/")[2]):
            passed_over.append(PassedOver(path, f"a dated folder at depth {level}, not {depth}"))
        else:
            children.append(path)
    return children


def _task(raw: Path, folder: str, passed_over: list[PassedOver]) -> Task | None:
    """The task in `folder`, or None where it holds no dated folder; what else it holds joins `passed_over`."""
    names, others = _entries(raw / folder)
    dates = tuple(name for name in names if recorded_at(name))
    if not dates:
        passed_over.append(PassedOver(folder, "no dated folder in it"))
        return None
    passed_over += [_no_folder(raw, _join(folder, name)) for name in others]
    for name in names:
        if name not in dates:
            why = "an lmdb copy" if "lmdb" in name else "not a dated folder (YYYY-MM-DD_hh-mm-ss)"
            passed_over.append(PassedOver(_join(folder, name), why))
    return Task(folder, dates)


def _dated_by_depth(raw: Path) -> dict[int, list[str]]:
    """All dated folders down to `DEEPEST`, by their depth; nothing inside a dated folder or a group is looked at.

    What links lead to is looked at once, where it is least deep.
    """
    found: dict[int, list[str]] = {}
    folders, seen = [""], {os.path.realpath(raw)}
    for depth in range(1, DEEPEST + 1):
        names = ((folder, name) for folder in folders for name in _entries(raw / folder)[0])
        paths = [_join(folder, name) for folder, name in names if "lmdb" not in name and "traj_group" not in name]
        dated = [path for path in paths if recorded_at(path.rpartition("/")[2])]
        if dated:
            found[depth] = dated
        by_place = {os.path.realpath(raw / path): path for path in sorted(set(paths) - set(dated), reverse=True)}
        folders = sorted(path for place, path in by_place.items() if place not in seen)
        seen |= by_place.keys()
    return found


def _only_depth(raw: Path, found: dict[int, list[str]], asked: int | str = "auto") -> int:
    """The one depth at which dated folders lie, of what `_dated_by_depth` found; an error where there is not one."""
    if not found:
        empty = not any(_entries(raw))
        raise DataError(
            raw,
            given="the folder is empty" if empty else f"no dated folder (YYYY-MM-DD_hh-mm-ss) within {DEEPEST} levels",
            allowed="<raw>/<task>/<date>/raw/traj_group<i>/traj<j>",
            do="unpack the raw data there, or set `raw` of the machine profile to where it lies",
        )
    if set(found) == {1}:
        raise ConfigError(
            raw,
            given=f"this folder is itself a task: it holds the dated folder {found[1][0]}",
            do=f"set `raw` to {raw.absolute().parent} and `depth` to 2",
        )
    depths = sorted(depth for depth in found if depth > 1)
    if len(depths) > 1:
        described = "; ".join(f"{len(found[depth])} at depth {depth} (as {found[depth][0]})" for depth in depths)
        raise ConfigError(
            raw,
            given=f"depth {asked}, and dated folders at several depths: {described}",
            allowed=depths,
            do="set `depth` to one of these, or `raw` to a folder further down",
        )
    return depths[0]


def _entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the folders (and links to folders) in a folder, and of everything else, each sorted.

    A folder whose name is not UTF-8 counts as something else: no report could name it. So does a link that leads back
    to where it lies: what is below would be found again and again.
    """
    folders, others = list[str](), list[str]()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == CLAIMS:
                    continue
                name = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
                is_folder = name == entry.name and _is_folder(entry) and not _leads_back(entry)
                (folders if is_folder else others).append(name)
    except OSError as error:
        raise DataError(folder, given=error.strerror, do="check that the folder is there and readable") from error
    return sorted(folders), sorted(others)


def _no_folder(raw: Path, path: str) -> PassedOver:
    leads_back = (raw / path).is_symlink() and (raw / path).is_dir()
    return PassedOver(path, "a link back to a folder that it lies in" if leads_back else "not a folder")


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _leads_back(entry: os.DirEntry) -> bool:
    """Whether it is a link to a folder on the way to it, by whatever links that way goes."""
    if not entry.is_symlink():
        return False
    target = Path(entry.path).resolve()
    return any(folder.resolve().is_relative_to(target) for folder in Path(entry.path).absolute().parents)


def _join(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name


def _sorted(passed_over: Iterable[PassedOver]) -> tuple[PassedOver, ...]:
    return tuple(sorted(passed_over, key=lambda entry: natural_key(entry.path)))
