"""What deserves attention: what is broken first, then what looks wrong, then what is only odd."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bridgelib.conversion.accounting import TaskReport
from bridgelib.data.dimensions import DIMENSIONS
from bridgelib.data.published import PUBLISHED
from bridgelib.raw.remarks import REMARKS
from bridgelib.report.bounds import SHOWN, bounded
from bridgelib.report.markup import Child, Markup, element
from bridgelib.report.reading import Facts
from bridgelib.report.runs import Run
from bridgelib.report.tables import percent
from bridgelib.report.texts import known, said

FEW = 500
"""Transitions below which a validation says little: about ten demonstrations."""

_ROSE = 1.5  # the last validation error as a multiple of the least
_OVER = 1.5  # times the forecast: what a scheduler is asked for; see `workflow.resources`
_MANY = 0.1  # a share of rejected trajectories
_APART, _TIMES = 2.0, 4.0  # from the published mean, in deviations; of the published deviation
_WORSE = tuple(REMARKS).index(
    "repeated_frames"
)  # remarks before this one tell that training would learn something wrong


@dataclass(frozen=True)
class Finding:
    """Something to look at.

    Attributes:
        grade: `bad`, `warn` or `note`.
        text: What it is.
        details: Where, and what was found.
    """

    grade: str
    text: Markup
    details: Sequence[Child] = ()


def findings(facts: Facts) -> list[Finding]:
    """All of them, the gravest first."""
    found = [
        *_unread(facts),
        *_runs(facts),
        *_tasks(facts),
        *_remarks(facts),
        *_far_from_published(facts),
        *_costs(facts),
    ]
    return sorted(found, key=lambda finding: ("bad", "warn", "note").index(finding.grade))


def attention(facts: Facts) -> Iterator[Markup]:
    """The section."""
    found = findings(facts)
    if not found:
        yield element("p", said("attention.nothing"))
    yield element("ul", [_item(finding) for finding in found], class_="findings") if found else Markup()


def _item(finding: Finding) -> Markup:
    details, left = bounded(finding.details, SHOWN)
    more = said("more", count=left) if left else None
    told = [[detail, element("br")] for detail in details]
    grade = "quiet" if finding.grade == "note" else finding.grade
    return element(
        "li", element("p", finding.text), element("p", told, more, class_="dim") if told else None, class_=grade
    )


def _unread(facts: Facts) -> Iterator[Finding]:
    troubles = [*facts.troubles, *(look.trouble for look in facts.tasks if look.trouble)]
    if troubles:
        yield Finding("bad", said("attention.unread", count=len(troubles)), troubles)


def _runs(facts: Facts) -> Iterator[Finding]:
    def of(grade: str, key: str, chosen: Sequence[tuple[Run, str]]) -> Iterator[Finding]:
        if chosen:
            yield Finding(
                grade, said(f"attention.{key}", count=len(chosen)), [_named(run, told) for run, told in chosen]
            )

    runs, trained = facts.runs, [run for run in facts.runs if run.done]
    validated = [run for run in trained if run.error is not None]
    yield from of("bad", "failed", [(run, run.failure) for run in runs if run.state == "failed"])
    yield from of("bad", "no_better", [(run, _errors(run)) for run in validated if _is_no_better(run)])
    yield from of("bad", "not_looking", [(run, _rates(run)) for run in trained if facts.looks(run) is False])
    yield from of("warn", "outdated", [(run, "; ".join(run.outdated[:2])) for run in trained if run.outdated])
    yield from of("warn", "rising", [(run, _errors(run)) for run in validated if _rises(run)])
    few = [(run, f"{run.course.transitions:,}") for run in trained if run.course.transitions < FEW]
    yield from of("warn", "few_validated", few)
    begun = [(run, f"{run.step:,} / {run.experiment.config['num_steps']:,}") for run in runs if run.state == "begun"]
    yield from of("note", "begun", begun)
    yield from of(
        "note", "resumed", [(run, ", ".join(map(str, run.course.resumed))) for run in runs if run.course.resumed]
    )
    yield from of("note", "unevaluated", [(run, "") for run in trained if not (run.evaluation or run.rollouts)])


def _named(run: Run, told: str) -> Child:
    return [element("b", run.name), f" {told}"]


def _errors(run: Run) -> str:
    values = [value for _, value in run.course.validation]
    mean = f", mean action {run.course.of_mean:.3g}" if run.course.of_mean else ""
    return f"{min(values):.3g} → {values[-1]:.3g}{mean}"


def _rates(run: Run) -> str:
    return ", ".join(f"{task} {percent(result['rate'])}" for task, result in (run.rollouts or {})["tasks"].items())


def _is_no_better(run: Run) -> bool:
    return not run.blind and bool(run.course.of_mean) and (run.error or 0) >= (run.course.of_mean or 0)


def _rises(run: Run) -> bool:
    least = min(value for _, value in run.course.validation)
    return (run.error or 0) > _ROSE * least > 0 and not _is_no_better(run)


def _tasks(facts: Facts) -> Iterator[Finding]:
    tree = facts.subject.tree
    if tree is None:
        return
    unconverted: list[Child] = [[element("b", task), f" {why}"] for task, why in tree.unconverted.items()]
    if unconverted:
        yield Finding("bad", said("attention.unconverted", count=len(unconverted)), unconverted)
    empty = [task for task in tree.tasks if not task.account.kept]
    if empty:
        yield Finding("bad", said("attention.empty", count=len(empty)), [_reasons(task) for task in empty])
    counted = [task for task in tree.tasks if task.account.kept]
    many = [task for task in counted if task.account.rejected.total() > _MANY * task.account.found]
    if many:
        yield Finding(
            "warn", said("attention.rejected", count=len(many), share=percent(_MANY)), [_reasons(task) for task in many]
        )
    unsplit = [task.task for task in counted if not task.account.val]
    if unsplit:
        yield Finding("note", said("attention.no_validation", count=len(unsplit)), unsplit)


def _reasons(task: TaskReport) -> Child:
    counts = task.account.rejected.most_common(3)
    told = [[known("reason", reason), f" ({count}) "] for reason, count in counts]
    return [element("b", task.task), f" {task.account.rejected.total()} / {task.account.found}: ", told]


def _remarks(facts: Facts) -> Iterator[Finding]:
    """Each kind of remark once, in the order in which they worry."""
    entries: dict[str, list] = {}
    for entry in facts.subject.tree.remarks if facts.subject.tree else ():
        entries.setdefault(entry["remark"], []).append(entry)
    order = list(REMARKS)
    for kind in sorted(entries, key=lambda kind: order.index(kind) if kind in order else len(order)):
        of_kind = entries[kind]
        grave = kind in order and order.index(kind) < _WORSE
        told = [f"{entry['trajectory'] or entry['task'] or ''}: {entry['detail']}" for entry in of_kind]
        text = Markup(known("remark", kind) + f" ({len(of_kind):,})")
        yield Finding("warn" if grave or kind in ("angles_straddle", "near_constant") else "note", text, told)


def _far_from_published(facts: Facts) -> Iterator[Finding]:
    """Tasks whose actions are not like those of BridgeData V2; simulated ones need not be."""
    if facts.subject.machine.simulation is not None:
        return
    mean, std = PUBLISHED.action.mean, PUBLISHED.action.std
    told: list[Child] = []
    for look in facts.tasks:
        if (
            look.statistics is None
            or look.statistics.transitions < FEW
            or len(look.statistics.action.mean) != len(mean)
        ):
            continue
        moments = look.statistics.action
        apart, times = np.abs(moments.mean - mean) / std, np.maximum(moments.std, 1e-12) / std
        odd = np.flatnonzero((apart > _APART) | (times > _TIMES) | (times < 1 / _TIMES))
        odd = odd[odd < len(DIMENSIONS) - 1]  # how long a gripper is open is the task's affair
        numbers = [f"{DIMENSIONS[place]} {moments.mean[place]:.3g} ± {moments.std[place]:.3g}" for place in odd]
        if numbers:
            told.append([element("b", look.report.task), " ", ", ".join(numbers)])
    if told:
        usual = ", ".join(f"{name} {m:.2g} ± {s:.2g}" for name, m, s in zip(DIMENSIONS[:6], mean, std, strict=False))
        yield Finding("warn", said("attention.far_from_published", count=len(told), usual=usual), told)


def _costs(facts: Facts) -> Iterator[Finding]:
    over = [
        f"{cost.step}: {cost.memory / 1e9:.2f} GB, {cost.expected.memory / 1e9:.2f} GB"
        for cost in facts.costs
        if cost.memory and cost.expected and cost.expected.memory and cost.memory > _OVER * cost.expected.memory
    ]
    if over:
        yield Finding("note", said("attention.memory", count=len(over)), over)
