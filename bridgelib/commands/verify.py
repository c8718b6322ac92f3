"""Read every byte of results and demonstrations, and name the files that are not as they were written."""

import argparse
from pathlib import Path

from bridgelib.capacity import available_cores
from bridgelib.commands._numbers import positive
from bridgelib.commands._paths import path
from bridgelib.config.schema import read_yaml
from bridgelib.config.settings import load_settings, read_words
from bridgelib.layout import portable_path
from bridgelib.repository import REPOSITORY
from bridgelib.workflow.planned_files import PlannedFiles

EXAMPLES = """\
everything of a machine, and its demonstrations too:
  snakemake verify --config machine=demo
  verify.py --config machine=demo

one run; one task; shards, and the demonstrations that they were made from:
  snakemake verify --config machine=demo of=demo/runs/bc_demo
  verify.py demo/tfrecord/put_red_cube_on_plate
  verify.py demo/numpy --raw demo/raw

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

    results, raw = (options.results, options.raw) if options.results else roots(options.config)
    verification, damaged = Verification.of(results, raw), 0
    for damage in verification.damage(options.workers):
        print(f"DAMAGED {damage}", flush=True)
        damaged += 1
    print(f"{verification.files} files: {f'{damaged} are not as they were written' if damaged else 'all as written'}")
    more = [verification.gone_in_words(), verification.unknown_in_words(), CURE if damaged else ""]
    print(*filter(None, more), sep="\n")
    return 1 if damaged else 0


def roots(words: list[str]) -> tuple[list[Path], Path]:
    """The roots of a machine's results, as far as they are there, and its raw root."""
    config = read_yaml(REPOSITORY / "config" / "config.yaml")
    plan = PlannedFiles(load_settings({**config, **read_words(words)}, REPOSITORY), REPOSITORY)
    machine = plan.machine
    named = dict.fromkeys([machine.numpy, machine.tfrecord, machine.runs, *sorted(plan.data_roots)])
    there = [folder for root in named if (folder := Path(portable_path(root))).is_dir()]
    return there or [Path(machine.runs)], Path(portable_path(machine.raw))


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("results", type=path, nargs="*", metavar="PATH", help="roots, tasks, runs or single results (default: all)")
    add("--config", nargs="+", default=[], metavar="KEY=VALUE", help="settings, as after snakemake --config")
    add("--raw", type=path, help="the raw root, to read the demonstrations too that the shards were made from")
    workers = available_cores()
    add("--workers", type=positive, default=workers, help="files that are read at a time (default: one per core)")
    return parser.parse_args(argv)
