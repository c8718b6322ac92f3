"""Which result a file or folder belongs to: the seal that lists it says so, else its origin, else its place."""

from collections.abc import Callable, Iterator
from pathlib import Path

from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.layout import DONE, LANGUAGE, PAGE, REPORT, ROLLOUTS, SEAL, latest_path, metadata_path, seal_path
from bridgelib.origins import origin_in
from bridgelib.seals import Seal
from bridgelib.tracing.step import Step
from bridgelib.tracing.trace import Trace
from bridgelib.versions import MODULES

_DEPTH = 3  # folders between a file and the main file of its result, at most


def traced(path: Path, trace: Trace) -> Step:
    """The chain that leads to a file or folder.

    Args:
        path: Anything that the workflow made, or the name of an experiment; of demonstrations the session's folder.
        trace: Where the results lie.

    Raises:
        DataError: Nothing of the kind is there.
    """
    given = path if path.exists() or len(path.parts) > 1 else trace.runs / path
    given = given if given.name else given.absolute()  # `.` has no name
    if not given.exists():
        raise DataError(path, given="nothing there", allowed="a result, or the name of an experiment", do="correct it")
    for places in (_main_file_by_seal, _main_file_by_place):
        for main in places(given):
            if (step := _step(main, trace)) is not None:
                return step
    if (raw := given.absolute()).is_relative_to(trace.raw.absolute()):
        return _of_demonstrations(raw.relative_to(trace.raw.absolute()).parts, trace)
    raise DataError(
        path,
        given="nothing that tells from what it was made",
        allowed="a policy, done.json, evaluation, rollouts or picture, a success table, TFRecords, a shard, a session",
        do="name the result that it belongs to",
    )


def _main_file_by_seal(path: Path) -> Iterator[Path]:
    """The main file of the result whose seal is, or lists, this file."""
    folders = list(path.parents)[:_DEPTH] if path.is_file() else []
    seals = [path] if path.name.endswith(SEAL) else [seal for each in folders for seal in each.glob(f"*{SEAL}")]
    for file in seals:
        try:
            seal = Seal.load(file)
        except DataError:
            continue
        if path == file or path in seal.files:
            yield from (main for main in seal.files if seal_path(main) == file)


def _main_file_by_place(path: Path) -> Iterator[Path]:
    """Files that are, or may be, the main file of the result that a file belongs to, or a folder is."""
    if not path.name:
        return
    yield path
    yield path.with_suffix(".json")
    stem = path.name.removesuffix(".report.json").removesuffix(".npz")
    yield path.with_name(f"{stem}.npz")
    for folder in [path, latest_path(path), *list(path.parents)[:_DEPTH]]:
        names = [ROLLOUTS] if path.suffix == ".webp" else ["policy.json", "config.json", DONE, REPORT, Path(PAGE).name]
        yield from (folder / name for name in names)


def _step(main: Path, trace: Trace) -> Step | None:
    """The chain of a main file; None where it is none."""
    if not main.is_file():
        return None
    if main.name == "policy.json":
        return trace.policy(main.parent.resolve())
    if main.name == DONE:
        return trace.train_policy(main.parent / read_json(main)["run"])
    if main.name == "config.json":
        return trace.train_policy(main.parent.resolve()) if "identity" in read_json(main) else None
    if main.name == Path(PAGE).name:
        return trace.report(main)
    if main.name == LANGUAGE:
        return trace.embed_language(main)
    if main.suffix == ".npz":
        return trace.raw_to_numpy(main) if main.with_suffix(".report.json").exists() else None
    return _by_origin(main, trace)


def _by_origin(main: Path, trace: Trace) -> Step | None:
    """The chain of a JSON result, whose origin shows by the versions in it which rule made it."""
    origin = origin_in(main) or {}
    modules = set(origin.get("versions", ()))
    steps = [step for step, known in MODULES.items() if modules == set(known)]
    if "rollout_policy" in steps:
        steps = ["rollout_policy" if "policy" in origin else "rollout_references"]
    if steps == ["numpy_to_tfrecord"]:
        return trace.numpy_to_tfrecord(main.parent)
    if steps == ["simulate_demonstrations"]:
        return _of_demonstrations((origin["task"], origin["date"]), trace)
    follow: Callable[[Path], Step] | None = getattr(trace, steps[0], None) if steps else None
    return follow(main) if follow else None


def _of_demonstrations(parts: tuple[str, ...], trace: Trace) -> Step:
    """The chain of a collection session, of which a trajectory or file may be named; the shard has its content ids."""
    folder = trace.raw.joinpath(*parts)
    below = [folder, *folder.parents][: len(parts)]
    sessions = [each for each in below if (each / "raw").is_dir() or metadata_path(each).exists()]
    if not sessions:
        raise DataError(folder, given="no collection session", do="name <raw>/<task>/<date> or something in it")
    task, date = sessions[0].parent.relative_to(trace.raw).as_posix(), sessions[0].name
    made = trace.raw_to_numpy(trace.numpy / task / f"{date}.npz")
    ids = {name: content_id for name, content_id in made.all_content_ids().items() if f"{task}/{date}/" in name}
    return trace.demonstrations(task, date, ids)
