"""Why jobs failed: their logs are found in Snakemake's own log of the run, and matched against known signatures.

Snakemake writes, for each job that failed,

    Error in rule train_policy:
        message: None
        jobid: 3
        output: runs/bc_all/done.json
        log: logs/train_policy/bc_all.log (check log file(s) for error details)

and before it the command with its exit code, or the signal that ended it.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgelib.capacity import available_cores
from bridgelib.doctor.check import Status
from bridgelib.doctor.checks import CHECKS
from bridgelib.doctor.signatures import Recognised, recognised
from bridgelib.doctor.subject import ROOT_OF, Subject
from bridgelib.layout import portable_path

_ERROR = re.compile(r"^Error in rule (\w+)[^\n]*:\n((?:[ \t]+[^\n]*\n)*)", re.MULTILINE)
_LOGS = re.compile(r"^\s+log: (.*)$", re.MULTILINE)
_HINT = "(check log file(s) for error details)"
_ENDED = r"(?:returned non-zero exit status (?P<status>\d+)|died with <Signals\.\w+: (?P<signal>\d+)>)"
_COMMAND = re.compile(rf"Command '(?P<command>.*?)' {_ENDED}", re.DOTALL)
_JOB = re.compile(r"^\s+jobid: (\d+)$", re.MULTILINE)
_FINISHED = re.compile(r"^Finished jobid: (\d+)\b", re.MULTILINE)
_TAIL = 200_000  # bytes at the end of a job's log that are read
_RUN_TAIL = 50_000_000  # and of a run's: what failed first may stand far above
_WIDTH = 118
_SHOWN = 10  # jobs that failed for one reason
_QUIET = """
With `--quiet all` Snakemake does not tell which jobs failed. To have a job's log explained:
    python -m bridgelib.doctor --explain logs/RULE/NAME.log
"""


@dataclass(frozen=True)
class Failure:
    """A job that failed.

    Attributes:
        rule: The rule of the job.
        logs: The logs of the job: the rule's own first, then those that a cluster adds.
        said: What Snakemake says of the failure; on a cluster with the scheduler's reason.
        exit_code: How its command ended; None where Snakemake does not say.
    """

    rule: str
    logs: tuple[str, ...]
    said: str
    exit_code: int | None

    def __str__(self) -> str:
        return self.logs[0] if self.logs else self.rule


def failures(run: str) -> list[Failure]:
    """The jobs that failed for good, each once, in the order of their first failure, from Snakemake's log of a run."""
    ends = [(match["command"], int(match["status"] or 128 + int(match["signal"]))) for match in _COMMAND.finditer(run)]
    finished = {match[1]: match.start() for match in _FINISHED.finditer(run)}
    found: dict[tuple[str, tuple[str, ...]], Failure] = {}
    for match in _ERROR.finditer(run):
        job = _JOB.search(match[2])
        if job and finished.get(job[1], -1) > match.start():
            continue  # a later attempt succeeded
        named = _LOGS.search(match[2])
        logs = tuple(entry.strip() for entry in named[1].replace(_HINT, "").split(",")) if named else ()
        # The last attempt counts, as its log is the one that is left.
        code = next((code for command, code in reversed(ends) if logs and logs[0] in command), None)
        found[match[1], logs] = Failure(match[1], logs, match[2], code)
    return list(found.values())


def explanation(runs: Iterable[Path | str], subject: Subject) -> str:
    """What to print below Snakemake's own error, from its logs of the run; empty where no job failed."""
    try:
        return _explanation([tail(Path(path), _RUN_TAIL) for path in runs], subject)
    except Exception as problem:  # it must not hide Snakemake's own error
        return f"\nThe doctor cannot explain it: {type(problem).__name__}: {problem}\n"


def _explanation(runs: Sequence[str], subject: Subject) -> str:
    if not any(run.strip() for run in runs):
        return _QUIET
    every = [failure for run in runs for failure in failures(run)]
    failed = [failure for failure in every if failure.rule != "doctor"]
    if not failed:
        return "\nThe doctor found what is marked ERROR above; each has its cure below it.\n" if every else ""
    # Ten trainings that failed for one reason are reported once.
    told: dict[tuple[str, ...], tuple[list[str], list[Failure]]] = {}
    for failure in failed:
        lines = [line for log in failure.logs for line in tail(Path(log)).splitlines()]
        key: tuple[str, ...] = ()
        said = ["    nothing in it that the doctor knows; its last lines are above"]
        if found := recognised([*lines, *failure.said.splitlines()], failure.exit_code):
            cure = cure_of(found, subject, failure.rule)
            key, said = (found.trouble.id, cure), as_lines(found, cure)
        told.setdefault(key, (said, []))[1].append(failure)
    known_first = sorted(told.items(), key=lambda entry: not entry[0])
    lines = [line for _, (said, alike) in known_first for line in ("", *_named(alike), *said)]
    more = subject.filled("`snakemake doctor{config}` examines this machine.")
    return "\n".join(["", "Why it failed, as far as the doctor knows:", *lines, "", more]) + "\n"


def cure_of(found: Recognised, subject: Subject, rule: str = "") -> str:
    """The cure: that of the trouble's check, where it finds the trouble now; else the one in the table.

    The job's rule tells which folder it wrote to.
    """
    findings = CHECKS[found.trouble.id].run(subject) if found.trouble.id in CHECKS else []
    worst = max(findings, key=lambda finding: finding.status, default=None)
    if worst is not None and worst.status >= Status.NOTE:
        return f"{worst.cure}   # {worst.found}" if worst.cure else worst.found
    values: dict[str, object] = {"cores": max(1, available_cores() // 2), **found.values}
    if (key := ROOT_OF.get(rule)) and subject.settings:
        values |= {"key": key, "folder": portable_path(Path(getattr(subject.machine, key)))}
    return subject.filled(found.trouble.cure, values)


def as_lines(found: Recognised, cure: str) -> list[str]:
    """The lines to print: the trouble with the log's line, why it matters, and the cure."""
    line = found.line if len(found.line) <= _WIDTH else f"{found.line[: _WIDTH - 1]}…"
    why = textwrap.wrap(found.trouble.why, _WIDTH, initial_indent="    why:  ", subsequent_indent=" " * 10)
    return [f"    {found.trouble.id}: {line}", *why, f"    cure: {cure}"]


def _named(failed: Sequence[Failure]) -> list[str]:
    more = [f"  and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    return [*(f"  {failure}" for failure in failed[:_SHOWN]), *more]


def tail(path: Path, most: int = _TAIL) -> str:
    """The last so many bytes of a file, as text; nothing where it cannot be read."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - most))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
