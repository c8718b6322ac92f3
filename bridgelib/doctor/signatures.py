"""Recognise a trouble in the log of a failed job, by the regular expressions of the table of troubles."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bridgelib.doctor.troubles import TABLE, TROUBLES, Trouble

# Id and words, the first that fits wins.
SIGNATURES = tuple((row.id, re.compile(row.log, re.IGNORECASE)) for row in TABLE if row.log)
EXIT_CODES = {code: trouble.id for trouble in TROUBLES.values() for code in trouble.exit_codes}
KNOWN_BY_LOG = {id for id, _ in SIGNATURES} | set(EXIT_CODES.values()) | {"says-itself"}

# Lines that never say why a job failed: XLA's information and warnings, such as that an algorithm which it tried wanted
# more memory than there is, and W&B's own lines.
_NOISE = re.compile(r"^(\d{4}-\d\d-\d\d [\d:.]+: )?[IW](\d{4} | (external|tensorflow|xla)/)|^wandb: ")
_OWN_ERROR = re.compile(r"^(ConfigError|DataError): ")
_TO_DO = re.compile(r"^\s+to do:\s+(.*)")


@dataclass(frozen=True)
class Recognised:
    """A trouble recognised in a log.

    Attributes:
        trouble: What it is.
        line: The line of the log that shows it.
        values: The values for the fields of its cure.
    """

    trouble: Trouble
    line: str
    values: dict[str, str] = field(default_factory=dict)


def recognised(lines: Iterable[str], exit_code: int | None = None) -> Recognised | None:
    """The trouble that a failed job's log shows; None where it shows none that is known.

    Args:
        lines: The log.
        exit_code: How the job ended, where that is known; it counts where the log says nothing.
    """
    lines = [line.rstrip() for line in lines if not _NOISE.match(line)]
    if own := _own_error(lines):
        return own
    for id, words in SIGNATURES:
        for line in lines:
            if match := words.search(line):
                return Recognised(TROUBLES[id], line.strip(), match.groupdict())
    if exit_code in EXIT_CODES:
        return Recognised(TROUBLES[EXIT_CODES[exit_code]], f"it ended with exit code {exit_code}")
    return None


def _own_error(lines: list[str]) -> Recognised | None:
    """The last refusal that a program of this project printed, with its own advice as the cure."""
    begins = [number for number, line in enumerate(lines) if _OWN_ERROR.match(line)]
    if not begins:
        return None
    after = lines[begins[-1] : begins[-1] + 5]
    advice = next((match[1] for line in after if (match := _TO_DO.match(line))), "see the log above")
    return Recognised(TROUBLES["says-itself"], after[0], {"said": advice})
