"""How long a dry run takes on a tree as large as BridgeData V2: python -m tests.benchmarks.dry_run

Makes 60,000 trajectory folders in 2,000 dated folders of 100 tasks, and dry-runs the users' machines' profiles on it.
The ratio is to the same call on a tree of one trajectory: what is left is Snakemake's own start. With --made, all is
converted already, as far as shards, TFRecords and their reports tell, and Snakemake has no metadata of it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bridgelib.conversion.data_origins import records_origin, shard_origin
from bridgelib.layout import task_paths
from bridgelib.origins import digest_of
from bridgelib.raw.tree import find_tasks, trajectory_names

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def make_tree(raw: Path, tasks: int, dates: int, trajectories: int) -> None:
    """Empty trajectory folders, as a dry run sees them."""
    for task in range(tasks):
        for date in range(dates):
            group = raw / f"task_{task:03d}" / f"2022-01-{1 + date:02d}_12-00-00" / "raw" / "traj_group0"
            for trajectory in range(trajectories):
                (group / f"traj{trajectory}").mkdir(parents=True)


def pretend_made(raw: Path, made: Path) -> None:
    """Empty shards and TFRecords with reports that say that they were made from this tree, as `tasl` has it."""
    rejected = [{"trajectory": "a trajectory", "reason": "broken_image", "detail": "images0/im_1.jpg"}] * 10
    for task in find_tasks(raw, 2).tasks:
        contents = {}
        for date in task.dates:
            origin = shard_origin(256, (0,), "none", "auto", trajectory_names(raw / task.name / date))
            contents[date] = digest_of([task.name, date])
            report = {"origin": origin, "content": contents[date], "rejected": rejected}
            write(made / "numpy" / task.name / f"{date}.report.json", json.dumps(report))
            write(made / "numpy" / task.name / f"{date}.npz", "")
        settings = {"im_size": 256, "train_proportion": 0.9, "seed": 0, "image_encoding": "raw"}
        folder = made / "tfrecord" / task.name
        for path in task_paths(folder).values():
            write(path, "{}")
        report = {"origin": records_origin(settings, "none", contents), "rejected": 20 * rejected, "instructed": 1}
        write(folder / "report.json", json.dumps(report))


def write(path: Path, text: str) -> None:
    """A file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def seconds_of_dry_run(machine: str, raw: Path, made: Path, target: str) -> float:
    """The time of one `snakemake -n`."""
    roots = [f"{root}={made / root}" for root in ("numpy", "tfrecord", "runs")]
    command = [sys.executable, "-m", "snakemake", "-s", str(REPOSITORY / "Snakefile"), "-n", "--quiet", "all"]
    command += ["--config", f"machine={machine}", f"raw={raw}", *roots, "--", target]
    started = time.perf_counter()
    subprocess.run(command, cwd=made, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="all", help="what to ask for (default: all)")
    parser.add_argument("--made", action="store_true", help="on a tree that is converted already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large, small, made = (Path(folder) / name for name in ("large", "small", "made"))
        made.mkdir()
        make_tree(large, tasks=100, dates=20, trajectories=30)
        make_tree(small, tasks=1, dates=1, trajectories=1)
        if options.made:
            pretend_made(large, made)
        for machine in ("tasl",) if options.made else ("tasl", "lira"):
            few = seconds_of_dry_run(machine, small, made, options.target)
            many = seconds_of_dry_run(machine, large, made, options.target)
            print(f"{machine}: {many:.1f} s for 60,000 trajectories, {many / few:.1f} times that of one ({few:.1f} s)")


if __name__ == "__main__":
    main()
