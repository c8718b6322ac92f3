"""Everything the page says, read from the results: each only once, and no more of it than is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bridgelib.errors import BridgeError
from bridgelib.files import read_json
from bridgelib.layout import REFERENCES
from bridgelib.progress import Progress
from bridgelib.report import forms
from bridgelib.report.costs import Cost, costs
from bridgelib.report.forms import require
from bridgelib.report.runs import Run, runs_of
from bridgelib.report.subject import Subject
from bridgelib.report.tasks import TaskLook, look_at

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """What was read.

    Attributes:
        subject: What it is about.
        runs: The experiments.
        references: Reference -> task -> its result in the simulator; empty where nothing is simulated.
        tasks: The tasks that were converted.
        costs: What jobs took, and what was forecast.
        troubles: What could not be read.
    """

    subject: Subject
    runs: Sequence[Run]
    references: Mapping[str, Mapping[str, Result]]
    tasks: Sequence[TaskLook]
    costs: Sequence[Cost]
    troubles: Sequence[str] = ()

    @cached_property
    def sightless(self) -> Mapping[str, float]:
        """Task -> the highest upper end of the intervals of what does not look: blind policies and random actions."""
        found: dict[str, float] = {}
        blind = [run.rollouts["tasks"] for run in self.runs if run.blind and run.rollouts]
        for results in [*blind, self.references.get("random", {})]:
            for task, result in results.items():
                found[task] = max(found.get(task, 0.0), result["interval"][1])
        return found

    def looks(self, run: Run) -> bool | None:
        """Whether a policy succeeds more often, in some task, than what does not look; None where that is not known."""
        if run.blind or not run.rollouts:
            return None
        known = [
            (result, self.sightless[task]) for task, result in run.rollouts["tasks"].items() if task in self.sightless
        ]
        return any(result["interval"][0] > other for result, other in known) if known else None


def read_facts(subject: Subject) -> Facts:
    """Read everything; what cannot be read is among the troubles."""
    troubles = list(subject.troubles)
    reports = subject.tree.tasks if subject.tree else ()
    progress = Progress(len(reports), "tasks", "looking at demonstrations", brief=True)
    looks = []
    for report in reports:
        looks.append(look_at(report, subject.records, len(reports)))
        progress.advance()
    runs = list(runs_of(subject))
    troubles += [trouble for run in runs for trouble in run.troubles]
    return Facts(subject, runs, _references(subject, troubles), looks, costs(subject), troubles)


def _references(subject: Subject, troubles: list[str]) -> dict[str, dict[str, Result]]:
    path = subject.runs / REFERENCES
    try:
        if not path.is_file():
            return {}
        require(content := read_json(path), forms.REFERENCES, path)
        return {
            name: {
                task: {key: result[key] for key in result if key != "scenes"} for task, result in one["tasks"].items()
            }
            for name, one in content["references"].items()
        }
    except BridgeError as error:
        troubles.append(str(error))
        return {}
