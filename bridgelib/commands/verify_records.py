"""Read every byte of TFRecords and name the records that are not what was written: file, record, byte."""

import argparse

from bridgelib.commands._paths import path

EXAMPLES = """\
all tasks:
  verify_records.py --data bdv2_tfrecord

one task, one file:
  verify_records.py --data bdv2_tfrecord/put_carrot_on_plate
  verify_records.py --data bdv2_tfrecord/put_carrot_on_plate/train/out.tfrecord

Every checksum is compared when an index is built, so this is for later: after a copy over several machines, when a
disk grows old, before data is given away. Exit code 0: all as written; 1: the records named are not;
2: there is nothing to read.
"""


def main(argv: list[str] | None = None) -> int:
    """Verify; print each damaged record, then a line of counts."""
    options = parse_arguments(argv)
    from bridgelib.formats.verify import find_tfrecords, verified

    files = find_tfrecords(options.data)
    damaged = 0
    for damage in verified(files):
        print(damage, flush=True)
        damaged += 1
    cure = "remove these files, then make or copy them again, unless a line above says otherwise"
    print(f"{len(files)} files: {f'{damaged} damaged records: {cure}' if damaged else 'all as written'}")
    return 1 if damaged else 0


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=path, required=True, metavar="PATH", help="a TFRecord, or a folder of such")
    return parser.parse_args(argv)
