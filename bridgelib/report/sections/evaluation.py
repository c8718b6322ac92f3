"""The evaluation on the validation split: each policy beside simple baselines, and what it predicts in examples."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridgelib.report.bounds import EXAMPLES, bounded
from bridgelib.report.drawing import traces
from bridgelib.report.markup import Markup, element
from bridgelib.report.reading import Facts
from bridgelib.report.runs import Run, place_error
from bridgelib.report.tables import Cell, number, table
from bridgelib.report.texts import said

_HEAD = (
    *(("experiment", False), ("evaluated", True), ("place_error", True), ("mean_action", True)),
    *(("previous_action", True), ("nearest_neighbour", True), ("gripper_accuracy", True), ("change_f1", True)),
)
_BASELINES = ("mean_action", "previous_action", "nearest_neighbour")


def evaluation(facts: Facts) -> Iterator[Markup]:
    """The section."""
    evaluated = [run for run in facts.runs if run.evaluation]
    if not evaluated:
        yield element("p", said("evaluation.nothing"))
        return
    yield element("p", said("evaluation.means"), class_="dim")
    scored = sorted((run for run in evaluated if run.place_error() is not None), key=lambda run: run.place_error() or 0)
    if scored:
        yield table(said("evaluation.caption"), _HEAD, [_row(run) for run in scored])
    for run in evaluated:
        if note := (run.evaluation or {})["note"]:
            yield element("p", element("b", run.name), " ", note, class_="warn")
    for place, run in enumerate(bounded(scored, EXAMPLES)[0]):
        parts = [_by_dimension(run), _least_good(run), *_examples(run, place)]
        yield element("details", element("summary", element("b", run.name), said("evaluation.details")), parts)


def _row(run: Run) -> list[Cell]:
    found: Mapping[str, Any] = run.evaluation or {}
    gripper = found["overall"]["policy"]["gripper"]
    return [
        Cell(run.name),
        number(found["validation"]["evaluated"]["transitions"]),
        number(run.place_error(), ".2f", 1000),
        *(number(run.place_error(who), ".2f", 1000) for who in _BASELINES),
        number(gripper["accuracy"]["value"] if gripper["accuracy"] else None, ".1f", 100),
        number(gripper["change_f1"]["value"] if gripper["change_f1"] else None, ".2f"),
    ]


def _by_dimension(run: Run) -> Markup:
    found: Mapping[str, Any] = run.evaluation or {}
    whole = found["overall"]
    who = ("policy", *_BASELINES)
    head = (("dimension", False), *((name, True) for name in who))
    rows = [
        [Cell(f"{entry['name']}, {entry['unit']}"), *(_value(whole[each]["error"].get(entry["name"])) for each in who)]
        for entry in found["dimensions"]
    ]
    return table(said("evaluation.by_dimension"), head, rows)


def _value(entry: Mapping[str, Any] | None) -> Cell:
    """A number with its interval."""
    if not entry or entry["value"] is None:
        return Cell("–", "")
    interval = entry.get("interval")
    between = [" ", element("span", f"{interval[0]:.2g} … {interval[1]:.2g}", class_="dim")] if interval else None
    return Cell([f"{entry['value']:.3g}", between], entry["value"])


def _least_good(run: Run) -> Markup | None:
    tasks = (run.evaluation or {})["by_task"]
    if len(tasks) < 2:
        return None
    head = (("task", False), ("trajectories", True), ("place_error", True), ("mean_action", True))
    rows = [
        [
            Cell(task),
            number(entry["trajectories"]),
            *(number(place_error(entry[who]), ".2f", 1000) for who in ("policy", "mean_action")),
        ]
        for task, entry in tasks.items()
    ]
    return table(said("evaluation.least_good"), head, rows)


def _examples(run: Run, place: int) -> Iterator[Markup]:
    found: Mapping[str, Any] = run.evaluation or {}
    if found["examples"]:
        yield element("p", said("evaluation.examples"), class_="dim")
    for count, example in enumerate(found["examples"]):
        told = f"{example['task']} {example['name']} {example['instruction'] or ''}"
        images = [
            element("img", src=picture["image"], alt=f"{example['task']}, {picture['step']}", decoding="async")
            for picture in example["pictures"]
        ]
        yield element("p", told, element("br"), images, class_="examples")
        tiles = []
        for number_, entry in enumerate(found["dimensions"]):
            name = f"example-{place}-{count}-{number_}"
            shown, predicted = ([row[number_] for row in example[key]] for key in ("demonstrated", "predicted"))
            tiles.append(
                element("figure", traces(shown, predicted, name), element("figcaption", entry["name"], id=name))
            )
        yield element("div", tiles, class_="tiles")
