"""What a check is, and what it can answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from bridgelib.doctor.troubles import TROUBLES, Trouble
from bridgelib.errors import BridgeError

if TYPE_CHECKING:
    from bridgelib.doctor.subject import Subject


class Status(IntEnum):
    """How a check came out; a larger one is worse."""

    OK = 0
    NOT_CHECKED = 1
    NOTE = 2
    WARNING = 3
    ERROR = 4

    @property
    def word(self) -> str:
        """As shown: `ok`, `not checked`, `note`, `warning`, `error`."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Answer:
    """What one check found.

    Attributes:
        status: How bad it is.
        found: What was found, in one sentence.
        cure: Replaces the trouble's own cure, where this finding has a better one; empty where none is needed.
        values: What the fields of the cure stand for, such as `requirement`.
        details: Everything that was seen, a line each; shown on demand.
    """

    status: Status
    found: str
    cure: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    details: tuple[str, ...] = ()


def ok(found: str, details: Iterable[str] = ()) -> Answer:
    """Nothing is wrong."""
    return Answer(Status.OK, found, details=tuple(details))


def not_checked(why: str) -> Answer:
    """It could not be looked at, and why."""
    return Answer(Status.NOT_CHECKED, why)


def note(found: str, cure: str | None = None, **values: object) -> Answer:
    """Worth knowing; nothing needs to be done."""
    return Answer(Status.NOTE, found, cure, values)


def warning(found: str, cure: str | None = None, **values: object) -> Answer:
    """It may cost time or surprise; the workflow can run."""
    return Answer(Status.WARNING, found, cure, values)


def error(found: str, cure: str | None = None, details: Iterable[str] = (), **values: object) -> Answer:
    """A job will fail of it, or compute wrongly."""
    return Answer(Status.ERROR, found, cure, values, tuple(details))


@dataclass(frozen=True)
class Finding:
    """An answer with the trouble it belongs to, its cure filled in.

    Attributes:
        trouble: What was checked.
        status: How bad it is.
        found: What was found.
        cure: The command that cures it; empty where all is well.
        details: Everything that was seen.
    """

    trouble: Trouble
    status: Status
    found: str
    cure: str = ""
    details: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "check": self.trouble.id,
            "family": self.trouble.family,
            "status": self.status.word,
            "found": self.found,
            "why": self.trouble.why,
            "cure": self.cure,
            "details": list(self.details),
        }


Question = Callable[["Subject"], Answer | Iterable[Answer]]


@dataclass(frozen=True)
class Check:
    """One question about the machine, under the id of the trouble it looks for."""

    trouble: Trouble
    question: Question

    def run(self, subject: "Subject") -> list[Finding]:
        """Ask it. A check that fails itself is reported as not checked: one bug must not hide the other findings."""
        try:
            answers = self.question(subject)
            answers = [answers] if isinstance(answers, Answer) else list(answers)
        except BridgeError as problem:
            answers = [error(f"{problem.where}: {problem.given}", cure=problem.do)]
        except OSError as problem:  # such as of a network's disk that is gone
            answers = [not_checked(str(problem))]
        except Exception as problem:
            answers = [not_checked(f"the check itself failed: {type(problem).__name__}: {problem}")]
        return [self._finding(answer, subject) for answer in answers]

    def _finding(self, answer: Answer, subject: "Subject") -> Finding:
        if answer.status in (Status.OK, Status.NOT_CHECKED):
            return Finding(self.trouble, answer.status, answer.found, details=answer.details)
        template = self.trouble.cure if answer.cure is None else answer.cure
        cure = subject.filled(template, answer.values)
        return Finding(self.trouble, answer.status, answer.found, cure, answer.details)


CHECKS: dict[str, Check] = {}


def check(trouble: str) -> Callable[[Question], Question]:
    """Register a function as the check for a trouble of the table."""

    def registered(question: Question) -> Question:
        CHECKS[trouble] = Check(TROUBLES[trouble], question)
        return question

    return registered
