"""What there is of each experiment: its training, its evaluation, its rollouts; each as far as it has come."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bridgelib.config.experiments import Experiment
from bridgelib.errors import BridgeError
from bridgelib.evaluation.intervals import wilson
from bridgelib.files import read_json
from bridgelib.layout import DONE, EVALUATION, ROLLOUTS, latest_path
from bridgelib.report import forms
from bridgelib.report.course import Course, course_of
from bridgelib.report.forms import require
from bridgelib.report.subject import Subject

T = TypeVar("T")

_ERROR = re.compile(r"^\w*(Error|Interrupted|Killed)\b.*", re.MULTILINE)
_TAIL = 20_000  # bytes of a log in which its error is looked for


@dataclass(frozen=True)
class Run:
    """One experiment.

    Attributes:
        experiment: What is to be trained.
        tasks: The folders of its tasks.
        done: What done.json holds; None where it is not trained.
        config: What config.json of the latest run holds; None where none has begun.
        course: Its learning curves.
        evaluation: What evaluation.json holds, without what is not shown; None where it was not evaluated.
        rollouts: What rollouts.json holds; None where it was not rolled out.
        outdated: What its results would be made from otherwise now.
        failure: The error at the end of the log of a training that is not done.
        troubles: Files of it that cannot be read.
    """

    experiment: Experiment
    tasks: Sequence[Path]
    done: Mapping[str, Any] | None
    config: Mapping[str, Any] | None
    course: Course
    evaluation: Mapping[str, Any] | None
    rollouts: Mapping[str, Any] | None
    outdated: Sequence[str] = ()
    failure: str = ""
    troubles: Sequence[str] = field(default=())

    @property
    def name(self) -> str:
        """The experiment's."""
        return self.experiment.name

    @property
    def state(self) -> str:
        """How far it has come: trained, outdated, failed, begun or absent."""
        if self.done:
            return "outdated" if self.outdated else "trained"
        return "failed" if self.failure else "begun" if self.config else "absent"

    @property
    def step(self) -> int:
        """Steps that were made."""
        return int(self.done["step"]) if self.done else self.course.step

    @property
    def error(self) -> float | None:
        """The last squared error on the validation split."""
        return self.course.validation[-1][1] if self.course.validation else None

    @property
    def blind(self) -> bool:
        """Whether it is a baseline that sees nothing."""
        return bool(self.experiment.config["agent_kwargs"].get("blind"))

    @property
    def success(self) -> tuple[int, int] | None:
        """Successes and episodes over all tasks; None without rollouts."""
        results = list(self.rollouts["tasks"].values()) if self.rollouts else []
        if not results:
            return None
        return sum(each["successes"] for each in results), sum(each["episodes"] for each in results)

    @property
    def rate(self) -> tuple[float, float, float] | None:
        """How often it succeeds over all tasks, and the 95 % interval of that (Wilson)."""
        return (self.success[0] / self.success[1], *wilson(*self.success)) if self.success else None

    def place_error(self, who: str = "policy") -> float | None:
        """The error of the policy, or of a baseline, in x, y and z, as it was evaluated; metres."""
        overall = (self.evaluation or {}).get("overall")
        return place_error(overall[who]) if overall else None


def runs_of(subject: Subject) -> Iterator[Run]:
    """Every experiment of the subject, as far as it has come."""
    for name, experiment in subject.experiments.items():
        yield _run(subject, name, experiment)


def _run(subject: Subject, name: str, experiment: Experiment) -> Run:
    folder, troubles = subject.runs / name, list[str]()
    latest = latest_path(folder)

    def read(file: Path, form: Any, reduced: Callable[[Any], T]) -> T | None:
        try:
            if not file.is_file():
                return None
            require(content := read_json(file), form, file)
            return reduced(content)
        except (BridgeError, ValueError) as error:
            troubles.append(str(error) if isinstance(error, BridgeError) else f"{file}: {error}")
            return None

    try:
        course = course_of(latest / "metrics.jsonl")
    except BridgeError as error:
        course = Course()
        troubles.append(str(error))
    done = read(folder / DONE, forms.DONE, _done)
    return Run(
        experiment=experiment,
        tasks=subject.tasks.get(name, ()),
        done=done,
        config=read(latest / "config.json", forms.CONFIG, dict),
        course=course,
        evaluation=read(folder / EVALUATION, forms.EVALUATION, _evaluation),
        rollouts=read(folder / ROLLOUTS, forms.ROLLOUTS, _rollouts),
        outdated=subject.outdated.get(name, ()),
        failure="" if done else failure_in(subject.work / "logs" / "train_policy" / f"{name}.log"),
        troubles=troubles,
    )


def failure_in(log: Path) -> str:
    """The last error in a log, with what follows it; empty where there is none, or no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    found = list(_ERROR.finditer(text))
    return "\n".join(text[found[-1].start() :].splitlines()[:6])[:600] if found else ""


def _done(content: Mapping[str, Any]) -> dict[str, Any]:
    return {**content, "step": int(content["step"]), "seconds": float(content["seconds"])}


def _evaluation(content: Mapping[str, Any]) -> dict[str, Any]:
    """Without the sessions, of which there may be thousands, and with few examples."""
    kept = {key: content[key] for key in ("note", "step", "told", "dimensions", "validation", "overall")}
    return {**kept, "by_task": _least_good(content["by_task"]), "examples": content["examples"][:2]}


def _least_good(by_task: Mapping[str, Any], most: int = 5) -> dict[str, Any]:
    """The tasks with the largest errors of the policy, relative to those of the mean action."""

    def ratio(task: str) -> float:
        policy, mean = (place_error(by_task[task][who]) for who in ("policy", "mean_action"))
        return policy / mean if policy and mean else 0.0

    return {task: by_task[task] for task in sorted(by_task, key=ratio, reverse=True)[:most]}


def place_error(score: Mapping[str, Any]) -> float | None:
    """The mean of a score's errors in x, y and z, metres; None where there is none."""
    values = [entry["value"] for axis in "xyz" if (entry := score["error"].get(axis))]
    return sum(values) / len(values) if values and None not in values else None


def _rollouts(content: Mapping[str, Any]) -> dict[str, Any]:
    """Without the scenes.

    Raises:
        ValueError: There are more successes than episodes.
    """
    for task, result in content["tasks"].items():
        if not 0 <= result["successes"] <= result["episodes"] > 0:
            raise ValueError(f"{task}: {result['successes']} successes in {result['episodes']} episodes")

    def brief(results: Mapping[str, Any]) -> dict[str, Any]:
        return {task: {key: result[key] for key in result if key != "scenes"} for task, result in results.items()}

    tables = {key: brief(content[key]) for key in ("tasks", "held_out_tasks") if key in content}
    return {**tables, "policy": content["policy"], "pictures": content.get("pictures", [])}
