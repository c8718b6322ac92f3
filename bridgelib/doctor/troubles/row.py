"""A row of the table of troubles."""

from dataclasses import dataclass

FAMILIES = {
    "packages": "Packages of the training environment",
    "libraries": "CUDA libraries and compilers",
    "gpus": "GPUs and their driver",
    "resources": "Disk, memory and limits of this host",
    "data": "Raw demonstrations and TFRecords",
    "settings": "Settings of the workflow",
    "jobs": "What only a failed job shows",
}


@dataclass(frozen=True)
class Trouble:
    """Something that can be wrong.

    Attributes:
        id: A unique name; the check of that name (`bridgelib/doctor/checks/`) looks for the trouble in advance.
        family: A key of FAMILIES.
        title: What is looked at, in a few words.
        why: Why it matters, in one sentence.
        cure: The command, or the one change, that cures it.
        log: A regular expression for the lines of a log that show it; empty where none does. Its named groups are
            fields of the cure.
        exit_codes: Exit codes of a job that show it, where the log shows nothing.
    """

    id: str
    family: str
    title: str
    why: str
    cure: str
    log: str = ""
    exit_codes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sign:
    """A further regular expression for a trouble above, tried only after the rows between."""

    id: str
    log: str
