"""No false alarm: four machines on which all is well."""

import pytest

from bridgelib.doctor.check import CHECKS, Status
from tests.doctor.laboratory import HEALTHY


@pytest.mark.parametrize("machine", HEALTHY)
def test_the_doctor_finds_nothing(laboratory, machine):
    HEALTHY[machine](laboratory)
    findings = laboratory.findings()
    alarms = [finding for finding in findings if finding.status >= Status.WARNING]
    assert not alarms, "\n".join(f"{finding.trouble.id}: {finding.found}" for finding in alarms)
    answered = {finding.trouble.id for finding in findings if finding.status in (Status.OK, Status.NOTE)}
    # It has looked, and does not only say that it could not.
    unanswered = CHECKS.keys() - answered
    assert unanswered <= {"lock", "libcuda", "shm", "nvjitlink"}, unanswered
