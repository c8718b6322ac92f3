"""Raw demonstrations and TFRecords: are they there, laid out as they should be, whole, and with instructions."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.needs import recorded
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.unknown import NotKnown
from bridgelib.errors import BridgeError, DataError
from bridgelib.formats.framing import mapped, records
from bridgelib.formats.protobuf import Malformed
from bridgelib.language.processor_settings import needs_language
from bridgelib.layout import RECORDS, REPORT, portable_path
from bridgelib.mistaken import kind_of_file
from bridgelib.raw.language import has_instruction
from bridgelib.raw.tree import find_tasks, trajectory_names

_PARTS = {"images0": "pictures", "obs_dict.pkl": "states", "policy_out.pkl": "actions"}
_LOOKED_AT = 5  # trajectories whose parts are looked for
_COUNTED = 300  # trajectories whose instruction is looked for
_RECORDS = 1500  # records whose framing is read: each costs a read somewhere in a large file
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


@check("raw-layout", needs=recorded)
def _raw_layout(subject: Subject) -> Answer:
    raw = Path(subject.machine.raw)
    try:
        tree = find_tasks(raw, "auto")
    except DataError as problem:
        name, cure = _recognised(raw)
        return error(f"{portable_path(raw)}: {problem.given}{f'; it looks like {name}' if name else ''}", cure)
    dates = sum(len(task.dates) for task in tree.tasks)
    passed = f"; passed over: {len(tree.passed_over)} entries" if tree.passed_over else ""
    return ok(f"{portable_path(raw)}: {len(tree.tasks)} tasks, {dates} dated folders{passed}")


def _recognised(raw: Path) -> tuple[str | None, str | None]:
    """What a folder without dated folders looks like, and what to do; None where it is not known."""
    for pattern, name, cure in _OTHER_LAYOUTS if os.access(raw, os.R_OK | os.X_OK) else ():
        found = next(islice(raw.glob(pattern), 1), None)
        if found is not None:
            above = raw.parents[2] if pattern == "raw/traj_group*" and len(raw.parents) > 2 else raw.parent
            return name, cure.format(
                found=portable_path(found), folder=portable_path(raw), above=above
            ) if cure else None
    return None, None


@check("raw-depth", needs=recorded)
def _raw_depth(subject: Subject) -> Answer:
    raw, given = Path(subject.machine.raw), subject.machine.depth
    try:
        right = find_tasks(raw, "auto").depth
    except BridgeError:
        return not_checked("no dated folders to measure it by")
    if given not in ("auto", right):
        return error(f"the profile says depth {given}, and the dated folders lie at depth {right}", depth=right)
    return ok(f"{right}{' (found by itself)' if given == 'auto' else ''}")


@check("raw-content", needs=recorded)
def _raw_content(subject: Subject) -> Answer:
    trajectories = _trajectories(subject, _LOOKED_AT)
    for part, what in _PARTS.items():
        if not any((path / part).exists() for path in trajectories):
            return error(f"no {what}: {part} is missing in {portable_path(trajectories[0])} and all others looked at")
    lacking = [path for path in trajectories if not all((path / part).exists() for part in _PARTS)]
    if lacking:
        found = f"{len(lacking)} of {len(trajectories)} lack something and will be rejected"
        return note(f"{found}, such as {portable_path(lacking[0])}", cure="")
    return ok(f"pictures, states and actions in all {len(trajectories)} trajectories looked at")


@check("language", needs=recorded)
def _language(subject: Subject) -> Answer:
    readers = [entry.name for entry in subject.experiments if needs_language(entry)]
    trajectories = _trajectories(subject, _COUNTED)
    share = sum(has_instruction(path / "lang.txt") for path in trajectories) / len(trajectories)
    found = f"{share:.0%} of {len(trajectories)} trajectories looked at have instructions"
    if readers and share == 0:
        return error(f"{found}, and '{readers[0]}' learns from them")
    if readers and share < 0.5:
        return warning(f"{found}, and '{readers[0]}' learns from them alone")
    return ok(f"{found}{f'; {len(readers)} experiments learn from them' if readers else ''}")


@check("tfrecords")
def _tfrecords(subject: Subject) -> Iterator[Answer]:
    root = Path(subject.machine.tfrecord)
    files = sorted(root.glob(f"**/{RECORDS}"))
    elsewhere = [path for path in files if not (path.parents[1] / REPORT).exists()]
    # Where a report accounts for it, a split or a whole task may be empty.
    damaged = {path for path in elsewhere if path.stat().st_size == 0}
    walked, left = 0, _RECORDS
    while walked < len(files) and left > 0:
        count = _count(files[walked])
        damaged |= {files[walked]} if count is None else set()
        walked, left = walked + 1, left - (count or 0)
    yield from map(_of_damaged, sorted(damaged))
    if foreign := sorted({path.parents[1] for path in elsewhere}):
        yield note(
            f"{len(foreign)} tasks were made elsewhere and would be replaced, such as {portable_path(foreign[0])}"
        )
    if not files:
        yield ok(f"none in {portable_path(root)} yet")
    elif not damaged and not foreign:
        told = "all whole" if walked == len(files) else f"the {walked} that were looked at are whole"
        yield ok(f"{len(files)} files in {portable_path(root)}, {told}")


def _of_damaged(path: Path) -> Answer:
    place, kind = portable_path(path), kind_of_file(path)
    if kind is not None:
        return error(f"{place} is {kind.name}", cure=kind.cure(Path(place)))
    return error(f"{place} ends in the middle of a record", cure=f"rm {place}; snakemake tfrecords{{config}}")


def _count(path: Path) -> int | None:
    """The number of records of a TFRecord; None where it is damaged or ends in the middle of one."""
    try:
        with mapped(path) as (_, content):
            return sum(1 for _ in records(content))
    except Malformed:
        return None


def _trajectories(subject: Subject, most: int) -> Sequence[Path]:
    """Some of the raw trajectories, spread evenly over the dated folders."""
    raw, found = Path(subject.machine.raw), list[Path]()
    with suppress(BridgeError):
        tree = find_tasks(raw, "auto")
        folders = [raw / task.name / date for task in tree.tasks for date in task.dates]
        folders = folders[:: max(1, -(-len(folders) // most))]
        share = max(1, most // len(folders))
        for folder in folders:
            with suppress(DataError):
                names = trajectory_names(folder)
                found += [folder / name for name in names[:: max(1, len(names) // share)][:share]]
    if not found:
        raise NotKnown("there are no raw trajectories to look at")
    return found[:most]
