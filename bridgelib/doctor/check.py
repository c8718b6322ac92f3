"""A check of the doctor, its answers and findings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from bridgelib.doctor.troubles import TROUBLES, Trouble
from bridgelib.doctor.unknown import NotKnown
from bridgelib.errors import BridgeError

if TYPE_CHECKING:
    from bridgelib.doctor.subject import Subject


class Status(IntEnum):
    """How a check came out; a larger one is worse."""

    OK = 0  # nothing is wrong
    NOT_CHECKED = 1  # the question could not be answered
    NOTE = 2  # worth knowing; nothing needs to be done
    WARNING = 3  # it may cost time or surprise; the workflow can run
    ERROR = 4  # a job will fail of it, or compute wrongly

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


def _answer_of(status: Status) -> Callable[..., Answer]:
    def answer(found: str, cure: str | None = None, details: Iterable[str] = (), **values: object) -> Answer:
        return Answer(status, found, cure, values, tuple(details))

    return answer


ok, not_checked, note, warning, error = map(_answer_of, Status)


@dataclass(frozen=True)
class Finding:
    """An answer with the trouble it belongs to, its cure filled in; that is empty where all is well."""

    trouble: Trouble
    status: Status
    found: str
    cure: str = ""
    details: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        told = {"check": self.trouble.id, "family": self.trouble.family, "status": self.status.word}
        return {**told, "found": self.found, "why": self.trouble.why, "cure": self.cure, "details": list(self.details)}


Question = Callable[["Subject"], Answer | Iterable[Answer]]
Need = Callable[["Subject"], Answer | None]


@dataclass(frozen=True)
class Check:
    """One question about the machine, about the trouble that it looks for.

    Attributes:
        trouble: The trouble.
        question: The function that answers it.
        needs: A function that gives the answer where the question cannot or need not be asked, else None.
    """

    trouble: Trouble
    question: Question
    needs: Need | None = None

    def run(self, subject: "Subject") -> list[Finding]:
        """Ask it. A check that fails itself is reported as not checked: one bug must not hide the other findings."""
        return [self._finding(answer, subject) for answer in self._answers(subject)]

    def _answers(self, subject: "Subject") -> Iterator[Answer]:
        try:
            if self.needs and (instead := self.needs(subject)):
                yield instead
                return
            answers = self.question(subject)
            yield from [answers] if isinstance(answers, Answer) else answers
        except BridgeError as refusal:
            yield refused(refusal)
        except (NotKnown, OSError) as problem:  # such as of a network's disk that is gone
            yield not_checked(str(problem))
        except Exception as problem:
            yield not_checked(f"the check itself failed: {type(problem).__name__}: {problem}")

    def _finding(self, answer: Answer, subject: "Subject") -> Finding:
        if answer.status in (Status.OK, Status.NOT_CHECKED):
            return Finding(self.trouble, answer.status, answer.found, details=answer.details)
        template = self.trouble.cure if answer.cure is None else answer.cure
        cure = subject.filled(template, answer.values)
        return Finding(self.trouble, answer.status, answer.found, cure, answer.details)


def refused(refusal: BridgeError) -> Answer:
    """A refusal in its own words."""
    allowed = f" (allowed: {refusal.allowed})" if refusal.allowed else ""
    cure = refusal.do.replace("{", "{{").replace("}", "}}") if refusal.do else None
    return error(f"{refusal.where}: {refusal.given}{allowed}", cure)


def check(trouble: str, needs: Need | None = None) -> Callable[[Question], Check]:
    """Make a function the check for a trouble of the table, whose title says what it looks at."""
    return lambda question: Check(TROUBLES[trouble], question, needs)
