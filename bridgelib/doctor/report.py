"""How findings are shown, and the exit code they make."""

import json
import textwrap
from collections import Counter
from collections.abc import Sequence

from bridgelib.doctor.check import Finding, Status
from bridgelib.doctor.troubles import FAMILIES

_WIDTH = 118
_SHOUTED = {Status.WARNING: "WARNING", Status.ERROR: "ERROR"}


def as_text(findings: Sequence[Finding], heading: str, verbose: bool = False) -> str:
    """One line per finding, by family; why it matters and the cure below those that are not well.

    Args:
        findings: What was found.
        heading: The first line.
        verbose: Whether details are shown.
    """
    lines = [heading]
    width = max((len(finding.trouble.id) for finding in findings), default=0)
    for family, title in FAMILIES.items():
        own = [finding for finding in findings if finding.trouble.family == family]
        if own:
            lines += ["", title]
            lines += [line for alike in _together(own) for line in _lines(alike, width, verbose)]
    return "\n".join([*lines, "", summary(findings)]) + "\n"


def _together(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Neighbours that say the same, such as that the environment is not built, become one entry."""
    groups: list[list[Finding]] = []
    for finding in findings:
        last = groups[-1][-1] if groups else None
        alike = last is not None and (last.status, last.found) == (finding.status, finding.found) and not finding.cure
        if alike:
            groups[-1].append(finding)
        else:
            groups.append([finding])
    return groups


def _lines(alike: Sequence[Finding], width: int, verbose: bool) -> list[str]:
    finding = alike[0]
    word = _SHOUTED.get(finding.status, finding.status.word)
    head = f"  {word:<11}  {finding.trouble.id:<{width}}  "
    if len(alike) > 1:
        names = ", ".join(entry.trouble.id for entry in alike)
        return textwrap.wrap(
            f"{names}: {finding.found}", _WIDTH, initial_indent=f"  {word:<11}  ", subsequent_indent=" " * 15,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    lines = textwrap.wrap(
        finding.found, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]  # fmt: skip
    if finding.status >= Status.WARNING:
        lines += _labelled("why", finding.trouble.why)
    if finding.cure:
        # Not wrapped: a command must be copied whole.
        lines.append(f"{'':15}cure: {finding.cure}")
    if verbose:
        lines += [f"{'':15}{line}" for line in finding.details]
    return lines


def _labelled(label: str, text: str) -> list[str]:
    head = f"{'':15}{label + ':':<6}"
    return textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)


def summary(findings: Sequence[Finding]) -> str:
    """Such as `21 ok, 1 note, 0 warnings, 2 errors, 5 not checked`."""
    counts = Counter(finding.status for finding in findings)

    def counted(status: Status, word: str) -> str:
        return f"{counts[status]} {word}{'' if counts[status] == 1 else 's'}"

    told = [f"{counts[Status.OK]} ok", counted(Status.NOTE, "note"), counted(Status.WARNING, "warning")]
    told += [counted(Status.ERROR, "error"), f"{counts[Status.NOT_CHECKED]} not checked"]
    return ", ".join(told)


def as_json(findings: Sequence[Finding]) -> str:
    """A list of findings, the worst status and the counts."""
    worst = max((finding.status for finding in findings), default=Status.OK)
    content = {
        "worst": worst.word,
        "exit_code": exit_code(findings),
        "findings": [finding.as_dict() for finding in findings],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def exit_code(findings: Sequence[Finding]) -> int:
    """0: nothing worse than a note; 1: warnings; 2: errors."""
    worst = max((finding.status for finding in findings), default=Status.OK)
    return {Status.ERROR: 2, Status.WARNING: 1}.get(worst, 0)
