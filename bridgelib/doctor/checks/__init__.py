"""All checks, one file per family or two, in the order in which they are asked and shown."""

from collections.abc import Sequence

from bridgelib.doctor.check import Check, Finding
from bridgelib.doctor.checks import compilers, conflicts, data, gpus, libraries, packages, resources, workflow_settings
from bridgelib.doctor.subject import Subject

_FILES = (packages, conflicts, libraries, compilers, gpus, resources, data, workflow_settings)
CHECKS = {entry.trouble.id: entry for file in _FILES for entry in vars(file).values() if isinstance(entry, Check)}


def examined(subject: Subject) -> Sequence[Finding]:
    """Ask every check."""
    return [finding for check in CHECKS.values() for finding in check.run(subject)]
