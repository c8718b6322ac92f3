"""Convert numpy shards to TFRecords with index, split, statistics and report: one task, or a whole tree.

One task:      numpy_to_tfrecord.py --shards A.npz B.npz --output TFRECORD/TASK --im_size 256
A whole tree:  numpy_to_tfrecord.py --input_path NUMPY --output_path TFRECORD --depth 2 --im_size 256
"""

import argparse
from pathlib import Path

import _repository  # noqa: F401  (makes bridgelib importable)

from bridgelib.errors import run_program


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--shards", type=Path, nargs="+", metavar="NPZ", help="the shards of one task")
    source.add_argument("--input_path", type=Path, metavar="NUMPY", help="root of the shards of all tasks")
    parser.add_argument(
        "--output", "--output_path", type=Path, required=True, metavar="FOLDER", help="the task's folder, or the root"
    )
    parser.add_argument(
        "--depth",
        type=lambda text: text if text == "auto" else int(text),
        default="auto",
        help="levels below the root at which shards lie: 2 for NUMPY/TASK/DATE.npz (default: auto)",
    )
    parser.add_argument("--im_size", type=int, required=True, help="image size, the same as in raw_to_numpy")
    parser.add_argument("--train_proportion", type=float, default=0.9, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the split (default: %(default)s)")
    parser.add_argument("--image_encoding", choices=("raw", "jpeg"), default="raw", help="default: %(default)s")
    parser.add_argument(
        "--workers", "--num_workers", type=int, default=1, help="tasks converted at a time (default: %(default)s)"
    )
    parser.add_argument("--overwrite", action="store_true", help="convert again what is up to date")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Convert what the command line asks for."""
    options = parse_arguments(argv)
    # Not before the arguments are read: these load TensorFlow, which takes seconds.
    from bridgelib.conversion.numpy_to_tfrecord import convert_task
    from bridgelib.conversion.task_shards import Settings
    from bridgelib.conversion.tfrecord_tree import convert_tree

    settings = Settings(options.im_size, options.train_proportion, options.seed, options.image_encoding)
    if options.shards:
        convert_task(options.shards, options.output, settings, options.overwrite)
    else:
        convert_tree(options.input_path, options.output, settings, options.depth, options.workers, options.overwrite)


if __name__ == "__main__":
    run_program(main)
