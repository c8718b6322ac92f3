"""Numpy shards of a whole tree to TFRecords, task by task."""

import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.task_shards import Settings
from bridgelib.errors import ConfigError, DataError
from bridgelib.raw.tree import recorded_at


def find_shards(root: Path, depth: int | str = "auto") -> dict[str, list[Path]]:
    """The shards of each task below a root: `<root>/<task>/<date>.npz`, a task `depth - 1` levels down.

    Raises:
        ConfigError: Shards lie at another depth; the message names it.
        DataError: There is no shard.
    """
    tasks: dict[str, list[Path]] = {}
    for path in sorted(Path(root).glob("**/*.npz")):
        if recorded_at(path.stem):
            tasks.setdefault(path.parent.relative_to(root).as_posix(), []).append(path)
    if not tasks:
        raise DataError(root, given="no shard (<task>/<date>.npz) in it", do="run raw_to_numpy first")
    elsewhere = sorted({len(Path(task).parts) + 1 for task in tasks} - {depth})
    if depth != "auto" and elsewhere:
        where = next(task for task in tasks if len(Path(task).parts) + 1 == elsewhere[0])
        raise ConfigError(
            "depth", given=f"{depth}, but shards lie in {Path(root) / where}", allowed=elsewhere, do="give that depth"
        )
    return tasks


def convert_tree(
    numpy: Path,
    tfrecord: Path,
    settings: Settings,
    depth: int | str = "auto",
    workers: int = 1,
    overwrite: bool = False,
) -> None:
    """Convert every task below a root. A task whose data cannot be converted does not stop the others.

    Args:
        numpy: Root of the shards.
        tfrecord: Root of the TFRecords; gets the same folders.
        settings: The settings of the conversion.
        depth: As for `find_shards`.
        workers: How many tasks are converted at a time.
        overwrite: Convert tasks that are up to date too.

    Raises:
        ConfigError: The shards are of another image size, or at another depth.
        DataError: Some task could not be converted; each reason has been printed.
    """
    tasks = find_shards(numpy, depth)
    jobs = [(shards, Path(tfrecord) / task, settings, overwrite) for task, shards in tasks.items()]
    failures = _in_turn(jobs) if workers == 1 else _at_a_time(jobs, workers)
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        raise DataError(tfrecord, given=f"{len(failures)} of {len(tasks)} tasks were not converted (see above)")


def _in_turn(jobs: Sequence[tuple]) -> list[DataError]:
    failures = []
    for job in jobs:
        try:
            convert_task(*job)
        except DataError as error:
            failures.append(error)
    return failures


def _at_a_time(jobs: Sequence[tuple], workers: int) -> list[DataError]:
    # Not forked from this process, whose threads they would not have.
    processes = get_context("forkserver")
    processes.set_forkserver_preload([convert_task.__module__])
    with ProcessPoolExecutor(workers, mp_context=processes) as pool:
        futures: dict[Future, Path] = {pool.submit(convert_task, *job): job[1] for job in jobs}
        failures = []
        for future in as_completed(futures):
            try:
                future.result()
            except DataError as error:
                failures.append(error)
            except ConfigError:
                pool.shutdown(cancel_futures=True)
                raise
            except BrokenProcessPool:
                given = "a worker died, perhaps for want of memory"
                failures.append(DataError(futures[future], given=given, do="run again with fewer workers"))
    return failures
