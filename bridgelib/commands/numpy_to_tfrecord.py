"""Convert numpy shards to TFRecords with index, split, statistics and report: one task, or a whole tree."""

import argparse

from bridgelib.commands._paths import path
from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.task_shards import Settings, shards_of
from bridgelib.conversion.tfrecord_tree import convert_tree

EXAMPLES = """\
a whole tree, as <tfrecord>/<task>/{train,val}/out.tfrecord:
  numpy_to_tfrecord.py --numpy bdv2_numpy --tfrecord bdv2_tfrecord --depth 2 --im_size 256 --train_proportion 0.9

one task; --raw leaves aside shards whose dated folder was removed:
  numpy_to_tfrecord.py --shards bdv2_numpy/task --raw bdv2/task --output bdv2_tfrecord/task --im_size 256

What is complete is left alone, so a second run resumes where the first was killed.
"""


def main(argv: list[str] | None = None) -> None:
    """Convert what the command line asks for."""
    options = parse_arguments(argv)
    settings = Settings(options.im_size, options.train_proportion, options.seed, options.image_encoding)
    if options.shards:
        folder = options.shards[0] if len(options.shards) == 1 and options.shards[0].is_dir() else None
        shards = options.shards if folder is None else shards_of(folder, options.raw, options.count)
        convert_task(shards, options.output, settings, options.overwrite)
    else:
        convert_tree(options.numpy, options.output, settings, options.depth, options.workers, options.overwrite)


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--numpy", "--input_path", type=path, help="root of the shards of all tasks")
    source.add_argument("--shards", type=path, nargs="+", metavar="NPZ", help="the shards of one task, or their folder")
    add = parser.add_argument
    add("--raw", type=path, metavar="FOLDER", help="with a folder: only shards of dated folders in this one count")
    add("--count", type=int, help="with a folder: how many shards there must be")
    add(
        "--output",
        "--tfrecord",
        "--output_path",
        type=path,
        required=True,
        metavar="FOLDER",
        help="with --numpy the root of the TFRecords, with --shards the folder of the task",
    )
    add("--depth", default="auto", help="levels from the root to the shards, 2 for <task>/<date>.npz (default: auto)")
    add("--im_size", type=int, default=256, help="size of the images, as given to raw_to_numpy.py (default: 256)")
    add("--train_proportion", type=float, default=0.9, help="share of the trajectories that train (default: 0.9)")
    add("--seed", type=int, default=0, help="seed of the split (default: 0)")
    add(
        "--image_encoding", choices=("raw", "jpeg"), default="raw", help="jpeg: each frame once, as JPEG (default: raw)"
    )
    add("--workers", "--num_workers", type=int, default=1, help="tasks converted at a time (default: 1)")
    add("--overwrite", action="store_true", help="convert also what is complete")
    options = parser.parse_args(argv)
    options.depth = int(options.depth) if options.depth.isdecimal() else options.depth
    return options
