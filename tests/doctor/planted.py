"""Faults to plant on fake machines: what the check must say of each, and its cure."""

from collections.abc import Callable
from dataclasses import dataclass

from bridgelib.doctor.check import Status
from tests.doctor.laboratory import Laboratory


@dataclass(frozen=True)
class Fault:
    """A fault on a machine that is well otherwise."""

    plant: Callable[[Laboratory], None]
    machine: Callable[[Laboratory], None]
    check: str
    status: Status
    found: str
    cure: str


class Faults(dict):
    """Name -> fault, as they are defined."""

    def on(self, machine, check, found, cure, status=Status.ERROR):
        """Register a function that plants one: which check must say `found` of it, and `cure`."""

        def registered(plant):
            self[plant.__name__] = Fault(plant, machine, check, status, found, cure)
            return plant

        return registered


def must_be_named_with_its_cure(laboratory: Laboratory, fault: Fault):
    """The check is content before the fault is planted, and names it afterwards."""
    fault.machine(laboratory)
    assert all(finding.status < fault.status for finding in laboratory.asked(fault.check)), "not healthy before"
    fault.plant(laboratory)
    findings = [finding for finding in laboratory.asked(fault.check) if finding.status == fault.status]
    said = "\n".join(f"{finding.found}\n  -> {finding.cure}" for finding in findings)
    assert findings and fault.found in said and fault.cure in said, said or laboratory.asked(fault.check)
    assert "{" not in said
