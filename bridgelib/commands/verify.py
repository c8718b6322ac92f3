"""Read every byte of results and demonstrations, and name the files that are not as they were written."""

import argparse

from bridgelib.capacity import available_cores
from bridgelib.commands._numbers import positive
from bridgelib.commands._paths import path

EXAMPLES = """\
everything of a machine, and the demonstrations too:
  snakemake verify --config machine=demo
  verify.py demo/numpy demo/tfrecord demo/runs --raw demo/raw

one run; one task:
  snakemake verify --config machine=demo of=demo/runs/bc_demo
  verify.py demo/tfrecord/put_red_cube_on_plate

Each result has a seal beside it (.seal.json) with the checksum of each of its files, and a shard's has those of the
demonstrations that it was made from. Of results that older releases made, TFRecords, shards, checkpoints and weights
are checked by checksums of their own; the rest is counted as not known. What is made again meanwhile is passed over.
Exit code 0: all as written; 1: the files named are not; 2: there is nothing to read.
"""

CURE = """\
To do: a demonstration or a policy: copy it again from where it came. A shard, TFRecord or evaluation: remove the named
file and run the workflow, which makes it again. A checkpoint: remove it and its .json; training resumes from the one
before it. What stands in a damaged result is not to be relied on."""


def main(argv: list[str] | None = None) -> int:
    """Verify; print each damaged file, then a line of counts."""
    options = parse_arguments(argv)
    from bridgelib.tracing.verify import Verification

    verification, damaged = Verification.of(options.results, options.raw), 0
    for damage in verification.damage(options.workers):
        print(f"DAMAGED {damage}", flush=True)
        damaged += 1
    print(f"{verification.files} files: {f'{damaged} are not as they were written' if damaged else 'all as written'}")
    print(*filter(None, [verification.unknown_in_words(), CURE if damaged else ""]), sep="\n")
    return 1 if damaged else 0


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("results", type=path, nargs="+", metavar="PATH", help="roots, tasks, runs or single results")
    add("--raw", type=path, help="the raw root, to read the demonstrations too that the shards were made from")
    workers = available_cores()
    add("--workers", type=positive, default=workers, help="files that are read at a time (default: one per core)")
    return parser.parse_args(argv)
