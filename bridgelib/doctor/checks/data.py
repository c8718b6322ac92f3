"""Raw demonstrations and TFRecords: are they there, laid out as they should be, whole, and with instructions."""

import mmap
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.subject import REFUSED, Subject
from bridgelib.errors import BridgeError, DataError
from bridgelib.formats.framing import records
from bridgelib.formats.protobuf import Malformed
from bridgelib.language.settings import needs_language
from bridgelib.layout import portable_path
from bridgelib.mistaken import kind_of_file
from bridgelib.raw.language import has_instruction
from bridgelib.raw.tree import find_tasks, trajectory_names

_PARTS = {"images0": "pictures", "obs_dict.pkl": "states", "policy_out.pkl": "actions"}
_LOOKED_AT = 5  # trajectories whose parts are looked for
_COUNTED = 300  # trajectories whose instruction is looked for
_RECORDS = 1500  # whose framing is walked: each is a read somewhere in a large file
# What other downloads and steps look like, by a file somewhere below their root.
_OTHER_LAYOUTS = (
    ("*.zip", "an archive that was not unpacked", "unzip {found} -d {folder}"),
    ("**/train/out.npy", "the predecessor's numpy files", None),
    ("**/train/out.tfrecord", "TFRecords, as they come out of the conversion", None),
    ("**/features.json", "an RLDS (TFDS) copy, which has no raw trajectories", None),
    ("**/dataset_info.json", "an RLDS (TFDS) copy, which has no raw trajectories", None),
    ("**/meta/info.json", "a LeRobot copy, which has no raw trajectories", None),
    ("traj_group*", "the inside of a dated folder", "snakemake {{set}} raw={above}"),
    ("raw/traj_group*", "a dated folder itself", "snakemake {{set}} raw={above}"),
)


@check("raw-layout")
def raw_layout(subject: Subject) -> Answer:
    """Are there tasks with dated folders below the raw root?"""
    if subject.machine is None:
        return not_checked(REFUSED)
    raw = Path(subject.machine.raw)
    if subject.machine.simulation is not None:
        return ok(f"demonstrations are simulated into {portable_path(raw)}")
    try:
        tree = find_tasks(raw, "auto")
    except DataError as problem:
        layout = _recognised(raw)
        return error(
            f"{portable_path(raw)}: {problem.given}{f'; it looks like {layout[0]}' if layout else ''}", *layout[1:]
        )
    except BridgeError as problem:  # several depths, or a task itself
        return error(f"{portable_path(raw)}: {problem.given}", cure=problem.do)
    dates = sum(len(task.dates) for task in tree.tasks)
    passed = f"; passed over: {len(tree.passed_over)} entries" if tree.passed_over else ""
    return ok(f"{portable_path(raw)}: {len(tree.tasks)} tasks, {dates} dated folders{passed}")


def _recognised(raw: Path) -> tuple[str, str | None] | tuple[()]:
    """What a folder without dated folders looks like, and what to do; nothing where it is not known."""
    for pattern, name, cure in _OTHER_LAYOUTS if os.access(raw, os.R_OK | os.X_OK) else ():
        found = next(islice(raw.glob(pattern), 1), None)
        if found is not None:
            above = raw.parents[2] if pattern == "raw/traj_group*" and len(raw.parents) > 2 else raw.parent
            return name, cure.format(
                found=portable_path(found), folder=portable_path(raw), above=above
            ) if cure else None
    return ()


@check("raw-depth")
def raw_depth(subject: Subject) -> Answer:
    """Is the profile's depth the tree's?"""
    if subject.machine is None:
        return not_checked(REFUSED)
    if subject.machine.simulation is not None:
        return ok("demonstrations are simulated")
    raw, given = Path(subject.machine.raw), subject.machine.depth
    try:
        right = find_tasks(raw, "auto").depth
    except BridgeError:
        return not_checked("no dated folders to measure it by")
    if given not in ("auto", right):
        return error(f"the profile says depth {given}, and the dated folders lie at depth {right}", depth=right)
    return ok(f"{right}{' (found by itself)' if given == 'auto' else ''}")


@check("raw-content")
def raw_content(subject: Subject) -> Answer:
    """Do trajectories have pictures, states and actions?"""
    if subject.machine is not None and subject.machine.simulation is not None:
        return ok("demonstrations are simulated")
    if subject.machine is None:
        return not_checked(REFUSED)
    trajectories = _trajectories(subject, _LOOKED_AT)
    if not trajectories:
        return not_checked("there are no raw trajectories to look at")
    for part, what in _PARTS.items():
        lacking = [path for path in trajectories if not (path / part).exists()]
        if len(lacking) == len(trajectories):
            return error(f"no {what}: {part} is missing in {portable_path(lacking[0])} and all others looked at")
    lacking = [path for path in trajectories if not all((path / part).exists() for part in _PARTS)]
    if lacking:
        first = portable_path(lacking[0])
        found = f"{len(lacking)} of {len(trajectories)} lack something and will be rejected, such as {first}"
        return note(found, cure="")
    return ok(f"pictures, states and actions in all {len(trajectories)} trajectories looked at")


@check("language")
def language(subject: Subject) -> Answer:
    """How many trajectories have an instruction, and does an experiment need them?"""
    readers = [entry.name for entry in subject.experiments if needs_language(entry)]
    if subject.machine is not None and subject.machine.simulation is not None:
        return ok("demonstrations are simulated, with instructions")
    if subject.machine is None:
        return not_checked(REFUSED)
    trajectories = _trajectories(subject, _COUNTED)
    if not trajectories:
        return not_checked("there are no raw trajectories to look at")
    share = sum(has_instruction(path / "lang.txt") for path in trajectories) / len(trajectories)
    found = f"{share:.0%} of {len(trajectories)} trajectories looked at have instructions"
    if readers and share == 0:
        return error(f"{found}, and '{readers[0]}' learns from them")
    if readers and share < 0.5:
        return warning(f"{found}, and '{readers[0]}' learns from them alone")
    return ok(f"{found}{f'; {len(readers)} experiments learn from them' if readers else ''}")


@check("tfrecords")
def tfrecords(subject: Subject) -> Iterator[Answer]:
    """Are the TFRecords whole, and made by this workflow?"""
    if subject.machine is None:
        yield not_checked(REFUSED)
        return
    root = Path(subject.machine.tfrecord)
    files = sorted(root.glob("**/out.tfrecord"))
    if not files:
        yield ok(f"none in {portable_path(root)} yet")
        return
    damaged, walked, left = [], 0, _RECORDS
    for path in files:
        count = _counted(path, walk=left > 0)
        walked += left > 0
        left -= count or 0
        if count is None:
            damaged.append(path)
    yield from map(_of_damaged, damaged)
    foreign = sorted({path.parent.parent for path in files if not _reported(path)})
    if foreign:
        yield note(
            f"{len(foreign)} tasks were made elsewhere and would be replaced, such as {portable_path(foreign[0])}"
        )
    if not damaged and not foreign:
        told = "all whole" if walked == len(files) else f"the {walked} that were looked at are whole"
        yield ok(f"{len(files)} files in {portable_path(root)}, {told}")


def _of_damaged(path: Path) -> Answer:
    place, kind = portable_path(path), kind_of_file(path)
    if kind is not None:
        return error(f"{place} is {kind.name}", cure=kind.cure(Path(place)))
    return error(f"{place} ends in the middle of a record", cure=f"rm {place}; snakemake tfrecords{{config}}")


def _reported(path: Path) -> bool:
    return (path.parent.parent / "report.json").exists()


def _counted(path: Path, walk: bool) -> int | None:
    """Records of a TFRecord, 1 for one that is not walked through; None where it is damaged.

    An empty one is whole where the task's report accounts for it: a side may hold nothing, and so may a task.
    """
    if path.stat().st_size == 0:
        return 0 if _reported(path) else None
    return count_records(path) if walk else 1


def count_records(path: Path) -> int | None:
    """Records of a TFRecord; None where they do not follow each other to its very end."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return sum(1 for _ in records(content))
    except (Malformed, ValueError):
        return None


def _trajectories(subject: Subject, most: int) -> Sequence[Path]:
    """Some of the raw trajectories, spread evenly over the dated folders."""
    if subject.machine is None or subject.machine.simulation is not None:
        return []
    raw = Path(subject.machine.raw)
    try:
        tree = find_tasks(raw, "auto")
    except BridgeError:
        return []
    folders = [raw / task.name / date for task in tree.tasks for date in task.dates]
    folders = folders[:: -(-len(folders) // most)]
    found = []
    for folder in folders:
        try:
            names = trajectory_names(folder)
        except DataError:
            continue
        share = max(1, most // len(folders))
        found += [folder / name for name in names[:: max(1, len(names) // share)][:share]]
    return found[:most]
