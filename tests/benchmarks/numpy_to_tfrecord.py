"""What numpy shards -> TFRecords takes, beside TensorFlow's own writer in the predecessor's way (tensorflow_writer.py).

    python -m tests.benchmarks.numpy_to_tfrecord

The same synthetic trajectories in both kinds of numpy files. Ours is a process per task, as the workflow starts it, and
does all that it does; the other way is one process for all, and makes nothing but the TFRecords. Prints seconds
of processor time, their ratio and the peak memory of the largest process, the runs by turns; then how ours grows with
the number of trajectories. Exits 1 above the goals.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import tests
from tests.processes import Took, took

REPOSITORY = Path(tests.__file__).parents[1]
GOAL_RATIO = 0.35  # of the other way's processor time, 2 tasks of 30 trajectories
GOAL_MEMORY = 120e6
TASKS, DATE = ("open_the_drawer", "put_the_pot_on_the_stove"), "2022-03-04_05-06-07"
SIZE, LENGTH = 256, 40


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        trajectories: In each of the tasks.
        megabytes: Of TFRecords.
        ours: What the processes took together; of memory, what the largest did.
        reference: The same of the other way; None where only ours was measured.
    """

    trajectories: int
    megabytes: float
    ours: Took
    reference: Took | None = None

    @property
    def ratio(self) -> float | None:
        """Processor time, ours divided by the other way's."""
        return self.ours.processor / self.reference.processor if self.reference else None


def main():
    options = parse_arguments()
    print("trajectories  TFRecords   processor         peak memory       other way         peak memory   ratio")
    ratios, peaks = [], []
    for row in rows(options.trajectories, options.unit, options.rounds, options.python):
        peaks.append(row.ours.memory)
        line = f"{len(TASKS)} x {row.trajectories:<8} {row.megabytes:6.0f} MB {row.ours.processor:9.2f} s"
        line += f" {row.ours.memory / 1e6:16.0f} MB"
        if row.reference:
            ratios.append(row.ratio)
            line += f" {row.reference.processor:12.2f} s {row.reference.memory / 1e6:16.0f} MB {row.ratio:10.2f}"
        print(line, flush=True)
    missed = [f"ratio {GOAL_RATIO}"] * (ratios[0] > GOAL_RATIO)
    missed += [f"{GOAL_MEMORY / 1e6:.0f} MB"] * (max(peaks) > GOAL_MEMORY)
    print(f"\ngoals: {'MISSED ' + ', '.join(missed) if missed else 'met'}")
    return int(bool(missed))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--trajectories", type=int, default=30, help="in each task, where both ways are measured (default: 30)")
    add("--unit", type=int, default=4, help="in each task, of which growth takes 0, 1, 4 and 16 (default: 4)")
    add("--rounds", type=int, default=3, help="of which the median is told (default: 3)")
    add("--python", default=sys.executable, help="that of the environment `convert`, or this one (default)")
    return parser.parse_args()


def rows(trajectories: int, unit: int, rounds: int, python: str = sys.executable) -> Iterator[Row]:
    """Both ways with so many trajectories; then ours with 0, 1, 4 and 16 units of them."""
    yield measured(trajectories, rounds, python, reference=True)
    for times in (0, 1, 4, 16):
        yield measured(times * unit, rounds, python)


def measured(trajectories: int, rounds: int, python: str = sys.executable, reference: bool = False) -> Row:
    """One row; the files are removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        numpy, pickled, made = (Path(folder, name) for name in ("numpy", "pickled", "made"))
        # In a process of its own: what this one has held would count as memory of those that it starts.
        writing = [sys.executable, "-m", "tests.benchmarks.numpy_files", numpy, *([pickled] if reference else [])]
        subprocess.run([*map(str, writing), "--trajectories", str(trajectories)], cwd=REPOSITORY, check=True)
        ours, theirs, size = [], [], 0
        for _ in range(rounds):
            shutil.rmtree(made, ignore_errors=True)
            if reference:
                theirs.append(
                    took([sys.executable, "-m", "tests.benchmarks.tensorflow_writer", pickled, made], REPOSITORY)
                )
                shutil.rmtree(made)
            ours.append(converted(numpy, made, python))
            size = sum(path.stat().st_size for path in made.rglob("out.tfrecord"))
        return Row(trajectories, size / 1e6, middle(ours), middle(theirs) if reference else None)


def converted(numpy: Path, made: Path, python: str) -> Took:
    """All tasks converted as the workflow does it: what their processes took together, and the most of one."""
    script = REPOSITORY / "workflow_scripts" / "numpy_to_tfrecord.py"
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    commands = [[python, script, "--shards", numpy / task, "--output", made / task] for task in TASKS]
    each = [took([*command, "--im_size", SIZE], REPOSITORY, variables) for command in commands]
    return Took(max(one.memory for one in each), sum(one.processor for one in each))


def middle(runs: list[Took]) -> Took:
    return Took(round(median(run.memory for run in runs)), median(run.processor for run in runs))


if __name__ == "__main__":
    sys.exit(main())
