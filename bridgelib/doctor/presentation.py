"""How findings are shown, and the exit code they make."""

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from bridgelib.doctor.check import Finding, Status
from bridgelib.doctor.troubles import FAMILIES

_WIDTH = 118
_SHOUTED = {Status.WARNING: "WARNING", Status.ERROR: "ERROR"}


def as_text(findings: Sequence[Finding], heading: str, verbose: bool = False) -> str:
    """One line per finding, by family; why it matters and the cure below those that are not well."""
    lines = [heading]
    width = max((len(finding.trouble.id) for finding in findings), default=0)
    for family, title in FAMILIES.items():
        own = [finding for finding in findings if finding.trouble.family == family]
        lines += ["", title] if own else []
        # Neighbours that say the same, such as that the environment is not built, become one entry.
        for _, alike in groupby(own, lambda each: id(each) if each.cure else (each.status, each.found)):
            lines += _lines(list(alike), width, verbose)
    return "\n".join([*lines, "", summary(findings)]) + "\n"


def _lines(alike: Sequence[Finding], width: int, verbose: bool) -> list[str]:
    finding = alike[0]
    word = _SHOUTED.get(finding.status, finding.status.word)
    if len(alike) > 1:
        return _wrapped(f"  {word:<11}  ", f"{', '.join(entry.trouble.id for entry in alike)}: {finding.found}")
    lines = _wrapped(f"  {word:<11}  {finding.trouble.id:<{width}}  ", finding.found)
    if finding.status >= Status.WARNING:
        lines += _wrapped(f"{'':15}why:  ", finding.trouble.why)
    if finding.cure:
        # Not wrapped: a command must be copied whole.
        lines.append(f"{'':15}cure: {finding.cure}")
    return lines + [f"{'':15}{line}" for line in finding.details if verbose]


def _wrapped(head: str, text: str) -> list[str]:
    """Lines of a paragraph behind its head; paths and options stay whole."""
    below = " " * len(head)
    lines = textwrap.wrap(
        text, _WIDTH, initial_indent=head, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
    return lines or [head.rstrip()]


def summary(findings: Sequence[Finding]) -> str:
    """Such as `21 ok, 1 note, 0 warnings, 2 errors, 5 not checked`."""
    counts = Counter(finding.status for finding in findings)
    counted = [f"{counts[status]} {status.word}{'s' * (counts[status] != 1)}" for status in list(Status)[2:]]
    return ", ".join([f"{counts[Status.OK]} ok", *counted, f"{counts[Status.NOT_CHECKED]} not checked"])


def as_json(findings: Sequence[Finding]) -> str:
    """A list of findings, the worst status and the exit code."""
    told = {"worst": _worst(findings).word, "exit_code": exit_code(findings)}
    content = {**told, "findings": [finding.as_dict() for finding in findings]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def exit_code(findings: Sequence[Finding]) -> int:
    """0: nothing worse than a note; 1: warnings; 2: errors."""
    return {Status.ERROR: 2, Status.WARNING: 1}.get(_worst(findings), 0)


def _worst(findings: Sequence[Finding]) -> Status:
    return max((finding.status for finding in findings), default=Status.OK)
