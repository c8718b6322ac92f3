"""No false alarm: four machines on which all is well."""

import pytest

from bridgelib.doctor.check import Status
from bridgelib.doctor.checks import CHECKS
from tests.doctor.laboratory import HEALTHY, ChosenSystem


def test_the_gpus_and_the_memory_of_a_login_node_do_not_count(laboratory):
    HEALTHY["cuda12"](laboratory)
    (laboratory.programs / "nvidia-smi").unlink()
    laboratory.system = ChosenSystem(there=1 << 30, limit=64)
    assert max(finding.status for finding in laboratory.findings()) == Status.ERROR
    laboratory.elsewhere = True
    findings = {finding.trouble.id: finding for finding in laboratory.findings()}
    assert max(finding.status for finding in findings.values()) < Status.WARNING
    for check in ("driver", "gpu-choice", "gpu-memory", "memory", "open-files"):
        assert findings[check].status == Status.NOT_CHECKED and "srun" in findings[check].found


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
