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
        id: Its name, unique; the check of that name (`bridgelib/doctor/checks/`) looks for it in advance.
        family: A key of FAMILIES.
        title: What is looked at, in a few words.
        why: Why it matters, in one sentence.
        cure: The command, or the one change, that cures it.
        log: What a line that tells of it looks like in a log: a regular expression; empty where none does. Its named
            groups are fields of the cure.
        exit_codes: How a job ends of it, where its log tells nothing.
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
    """Further words of a trouble, which weigh less than those of the rows between."""

    id: str
    log: str
