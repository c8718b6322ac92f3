"""All checks, one file per family, in the order in which they are asked and shown."""

from collections.abc import Sequence

from bridgelib.doctor.check import CHECKS, Finding
from bridgelib.doctor.checks import (  # noqa: F401 (they register)
    compilers,
    data,
    gpus,
    libraries,
    packages,
    resources,
    settings,
)
from bridgelib.doctor.subject import Subject
from bridgelib.doctor.troubles import TROUBLES


def examined(subject: Subject) -> Sequence[Finding]:
    """Ask every check, in the order of the table of troubles."""
    return [finding for id in TROUBLES if id in CHECKS for finding in CHECKS[id].run(subject)]
