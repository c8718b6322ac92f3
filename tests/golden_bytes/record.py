"""The record: module -> version -> hash of what it wrote then. What is recorded once stays."""

import json
from collections.abc import Mapping
from pathlib import Path

from bridgelib.files import write_json
from bridgelib.versions import file_of, version_of

RECORD = Path(__file__).parent / "record.json"
COMMAND = "python -m tests.golden_bytes"

Recorded = Mapping[str, Mapping[str, str]]


def read() -> Recorded:
    """The record as it is."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def fault(recorded: Recorded, module: str, version: int, written: str) -> str | None:
    """What is to be done where a module's bytes are not those that are recorded for its version; None where they are.

    Args:
        recorded: The record.
        module: Of `bridgelib`.
        version: That it declares.
        written: The hash of what it writes.
    """
    known, file = recorded.get(module, {}), file_of(module).relative_to(file_of("versions").parent.parent)
    if str(version) not in known:
        return f"version {version} of {module} is not recorded yet: {COMMAND}"
    if known[str(version)] == written:
        return None
    following = max(map(int, known)) + 1
    return (
        f"what {module} writes has changed, and what was made before would be taken for the same: "
        f"bump VERSION in {file} to {following}, then: {COMMAND}; or undo the change"
    )


def with_new(recorded: Recorded, written: Mapping[str, str]) -> tuple[Recorded, list[str]]:
    """The record with the versions that are new, and the faults of the others, which stay as they were recorded.

    Args:
        recorded: The record.
        written: Module -> hash of what it writes now.
    """
    result, faults = {module: dict(versions) for module, versions in recorded.items()}, []
    for module, digest in written.items():
        version = version_of(module)
        result.setdefault(module, {}).setdefault(str(version), digest)
        if (found := fault(result, module, version, digest)) is not None:
            faults.append(found)
    return result, faults


def save(recorded: Recorded) -> None:
    """Write the record."""
    write_json(RECORD, recorded)
