"""Read every byte of TFRecords and name the records that are not what was written: file, record, byte."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bridgelib.commands._paths import path

if TYPE_CHECKING:
    from bridgelib.formats.verify import Damage

EXAMPLES = """\
all tasks:
  verify_records.py --data bdv2_tfrecord

one task, one file:
  verify_records.py --data bdv2_tfrecord/put_carrot_on_plate
  verify_records.py --data bdv2_tfrecord/put_carrot_on_plate/train/out.tfrecord

and have TensorFlow read them, in the environment `verify`:
  snakemake verify_records --config machine=tasl
  verify_records.py --data bdv2_tfrecord --tensorflow --numpy bdv2_numpy

Every checksum is compared when an index is built, so this is for later: after a copy over several machines, when a
disk grows old, before data is given away. With --tensorflow, TensorFlow's own reader reads every record too, which
others will read them with, and what it finds is compared with what training reads, with the shards that are still
there, and with the reports. Exit code 0: all as written; 1: the records named are not; 2: there is nothing to read.
"""


def main(argv: list[str] | None = None) -> int:
    """Verify; print each damaged record, then a line of counts."""
    options = parse_arguments(argv)
    from bridgelib.formats.verify import find_tfrecords, verified

    files = find_tfrecords(options.data)
    damaged, told = _printed(verified(files)), "all as written"
    if options.tensorflow:
        whole = [file for file in files if file not in {damage.file for damage in damaged}]
        damaged += _printed(_read_again(whole, options.numpy))
        told += ", and TensorFlow reads in them what was written"
    count = len({(damage.file, damage.record) for damage in damaged})
    cure = "remove these files, then make or copy them again, unless a line above says otherwise"
    print(f"{len(files)} files: {f'{count} damaged records: {cure}' if damaged else told}")
    return 1 if damaged else 0


def _printed(found: Iterable["Damage"]) -> list["Damage"]:
    """The damages, each printed when it is found."""
    damages = []
    for damage in found:
        print(damage, flush=True)
        damages.append(damage)
    return damages


def _read_again(files: list[Path], numpy: Path | None) -> Iterator["Damage"]:
    """What TensorFlow finds otherwise in files whose records have their checksums; shows progress."""
    from bridgelib.conversion.second_reading import second_reading
    from bridgelib.formats.verify import MEGABYTE
    from bridgelib.progress import Progress

    progress = Progress(sum(file.stat().st_size for file in files), "MB", "read by TensorFlow", scale=MEGABYTE)
    for file in files:
        yield from second_reading(file, numpy, progress.advance)


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=path, required=True, metavar="PATH", help="a TFRecord, or a folder of such")
    add("--tensorflow", action="store_true", help="have TensorFlow read every record too, and compare what it finds")
    add("--numpy", type=path, help="with --tensorflow: the root of the shards, to compare with what is still there")
    return parser.parse_args(argv)
