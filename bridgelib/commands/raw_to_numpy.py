"""Convert raw BridgeData demonstrations to numpy shards: one dated folder, or a whole tree."""

import argparse

from bridgelib.capacity import available_cores
from bridgelib.commands._paths import path
from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder, convert_tree
from bridgelib.errors import ConfigError
from bridgelib.raw.tree import find_tasks

EXAMPLES = """\
a whole tree, as <numpy>/<task>/<date>.npz with <date>.report.json beside it:
  raw_to_numpy.py --raw bdv2 --numpy bdv2_numpy --depth 2 --im_size 256 --workers 8

one dated folder, as the workflow does it:
  raw_to_numpy.py --raw bdv2 --dated-folder bdv2/task/2021-08-02_10-00-00 --shard out.npz --report out.report.json

What is complete is left alone, so a second run resumes where the first was killed.
"""


def main(argv: list[str] | None = None) -> None:
    """Convert, and print what became of the trajectories."""
    options = parse_arguments(argv)
    settings = Settings(options.im_size, tuple(options.cameras), options.gaze, options.latency_shift)
    if options.dated_folder is not None:
        job = DatedFolder(options.raw, options.dated_folder, options.shard, options.report)
        report = convert_dated_folder(job, settings, options.workers, options.overwrite)
    else:
        tree = find_tasks(options.raw, options.depth)
        report = convert_tree(tree, options.numpy, settings, options.workers, options.overwrite)
    print(report.as_text())


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """The options; refuses a mixture of the two forms."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--raw", "--input_path", type=path, required=True, help="the raw root")
    add("--im_size", type=int, default=256, help="height and width of the frames (default: 256)")
    add("--cameras", type=int, nargs="+", default=[0], help="camera numbers to keep, 0 among them (default: 0)")
    add("--gaze", "--bbox_source", default="none", help="gaze boxes to keep: none, filter or no_filter (default: none)")
    add("--latency_shift", default="auto", help="0 or 1: first frames to leave out, else as dates say (default: auto)")
    add("--workers", "--num_workers", type=int, default=available_cores(), help="threads (default: one per core)")
    add("--overwrite", action="store_true", help="convert also what is complete")
    add("--train_proportion", help=argparse.SUPPRESS)
    tree = parser.add_argument_group("a whole tree")
    tree.add_argument("--numpy", "--output_path", type=path, help="the root of the shards")
    tree.add_argument("--depth", default="auto", help="levels from the raw root to the dated folders (default: auto)")
    folder = parser.add_argument_group("one dated folder")
    folder.add_argument("--dated-folder", type=path, help="the folder, below the raw root")
    folder.add_argument("--shard", type=path, help="the .npz to write")
    folder.add_argument("--report", type=path, help="the .report.json to write")
    options = parser.parse_args(argv)
    if options.train_proportion is not None:
        raise ConfigError(
            "--train_proportion",
            given=options.train_proportion,
            do="give it to numpy_to_tfrecord.py: a task is split there, the same way on every machine",
        )
    one = (options.dated_folder, options.shard, options.report)
    if (options.numpy is None) == (one == (None, None, None)) or (options.numpy is None and None in one):
        parser.error("give either --numpy, or --dated-folder with --shard and --report")
    options.depth = int(options.depth) if options.depth.isdecimal() else options.depth
    if options.latency_shift.isdecimal():
        options.latency_shift = int(options.latency_shift)
    return options
