"""Record what each module writes under a VERSION that is new: python -m tests.golden_bytes

What is recorded is never replaced: where the bytes of a recorded version have changed, it says which VERSION to raise.
"""

import sys
import tempfile
from pathlib import Path

from tests.golden_bytes import record
from tests.golden_bytes.written import WRITTEN, digest


def main() -> int:
    """Record, and return the exit status: 0 where all that is written is as recorded."""
    written = {}
    for module, write in WRITTEN.items():
        with tempfile.TemporaryDirectory() as folder:
            written[module] = digest(write(Path(folder)))
    before = record.read()
    after, faults = record.with_new(before, written)
    record.save(after)
    for module, versions in after.items():
        for version in versions.keys() - before.get(module, {}).keys():
            print(f"recorded: {module}, version {version}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
