"""What was trained on what, and whether it works: every experiment, the ladder of sanity, rollouts to look at."""

from collections.abc import Iterator, Sequence

from bridgelib.errors import DataError
from bridgelib.report.bounds import FILM_COUNT, FILMS, SHOWN, bounded
from bridgelib.report.markup import Markup, element
from bridgelib.report.pictures import film
from bridgelib.report.reading import Facts, Result
from bridgelib.report.runs import Run
from bridgelib.report.tables import Cell, chip, number, percent, span, table
from bridgelib.report.texts import said
from bridgelib.text import duration

STATES = {"trained": "good", "outdated": "warn", "failed": "bad", "begun": "warn", "absent": "quiet"}
"""The state of an experiment -> its colour."""

_HEAD = (("experiment", False), ("state", False))
_SUCCESS = (("success", True), ("interval", False))  # only where something was rolled out
_NUMBERS = (("error", True), ("of_mean", True), ("algorithm", False), ("data", False), ("steps", True), ("time", True))
_LADDER = ("expert", "replay", "relabelled", "nearest", "random")
_HEIGHT = 120  # of a film, pixels


def results(facts: Facts) -> Iterator[Markup]:
    """The section."""
    yield from _headline(facts)
    if facts.runs:
        order = sorted(facts.runs, key=_merit)
        success = _SUCCESS if any(run.rate for run in order) else ()
        rows = [[*_about(facts, run), *(_success(run) if success else ()), *_numbers(run)] for run in order]
        kinds = ["blind" if run.blind else "" for run in order]
        yield table(said("results.caption"), (*_HEAD, *success, *_NUMBERS), rows, kinds)
        yield element("p", said("results.error_means"), class_="dim")
    yield from _ladders(facts)
    yield from _films(facts)


def _merit(run: Run) -> tuple:
    """Best first: by success, then by error relative to that of the mean action; what is not trained last."""
    rate, error = run.rate, run.error
    relative = error / run.course.of_mean if error is not None and run.course.of_mean else 9e9
    return (run.done is None, -(rate[0] if rate else -1), relative, run.name)


def _headline(facts: Facts) -> Iterator[Markup]:
    runs = facts.runs
    trained = [run for run in runs if run.done]
    said_first = said("results.trained", trained=len(trained), all=len(runs)) if runs else said("results.none")
    sentences = [said_first]
    rated = [run for run in sorted(trained, key=_merit) if run.rate and not run.blind]
    if rated:
        best, (rate, low, high) = rated[0], rated[0].rate or (0, 0, 0)
        numbers = {"rate": percent(rate), "low": percent(low), "high": percent(high)}
        sentences.append(said("results.best_success", name=best.name, **numbers))
        judged = [looks for run in rated if (looks := facts.looks(run)) is not None]
        if judged:
            sentences.append(said("results.looking", looking=sum(judged), judged=len(judged)))
    elif validated := [run for run in trained if run.error is not None and run.course.of_mean]:
        better = [run for run in validated if (run.error or 0) < (run.course.of_mean or 0)]
        sentences.append(said("results.better_than_mean", better=len(better), validated=len(validated)))
    yield element("p", [[sentence, " "] for sentence in sentences], class_="headline")


def _about(facts: Facts, run: Run) -> list[Cell]:
    doubt = [" ", chip("state.not_looking", "warn")] if facts.looks(run) is False else None
    blind = [" ", chip("state.blind", "quiet")] if run.blind else None
    return [
        Cell([run.name, blind], run.name),
        Cell([chip(f"state.{run.state}", STATES[run.state]), doubt], run.state),
    ]


def _success(run: Run) -> list[Cell]:
    if run.rate is None:
        return [Cell("–", ""), Cell("–", "")]
    rate, low, high = run.rate
    return [Cell(percent(rate), rate), Cell(span(low, high, rate), low)]


def _numbers(run: Run) -> list[Cell]:
    dataset = run.experiment.dataset.name
    tasks = [element("br"), element("span", said("tasks", count=len(run.tasks)), class_="dim")]
    steps = said("of", part=f"{run.step:,}", all=f"{run.experiment.config['num_steps']:,}")
    return [
        number(run.error, ".3f"),
        number(run.course.of_mean, ".3f"),
        Cell(run.experiment.algorithm),
        Cell([dataset, tasks if len(run.tasks) > 1 else None], dataset),
        Cell(steps, run.step),
        Cell(duration(run.done["seconds"]), run.done["seconds"]) if run.done else Cell("–", ""),
    ]


def _ladders(facts: Facts) -> Iterator[Markup]:
    """Task by task: references, what is blind, and policies, on one scale."""
    rolled_out = [run for run in sorted(facts.runs, key=_merit) if run.rollouts]
    tasks = list(dict.fromkeys(task for run in rolled_out for task in (run.rollouts or {})["tasks"]))
    if not tasks:
        return
    yield element("h3", said("ladder.title"))
    yield element("p", said("ladder.means"), class_="dim")
    head = (("who", False), ("interval", False), ("success", True), ("steps_to_success", True), ("left", True))
    for task in bounded(tasks, SHOWN)[0]:
        rows = list(_rungs(facts, rolled_out, task))
        cells = [[Cell(name), *_result(result)] for _, name, result in rows]
        yield table(Markup(element("b", task)), head, cells, [kind for kind, _, _ in rows])


def _rungs(facts: Facts, runs: Sequence[Run], task: str) -> Iterator[tuple[str, Markup | str, Result]]:
    """Kind, name and result of each rung, from the best reference to the policies."""
    for name in _LADDER:
        if task in facts.references.get(name, {}):
            yield "reference", said(f"ladder.{name}"), facts.references[name][task]
    having = [run for run in runs if task in (run.rollouts or {})["tasks"]]
    for run in [run for run in having if run.blind] + list(bounded([run for run in having if not run.blind], SHOWN)[0]):
        rollouts = run.rollouts or {}
        kind = "blind" if run.blind else "policy"
        yield kind, run.name, rollouts["tasks"][task]
        if task in rollouts.get("held_out_tasks", {}):
            yield kind, said("ladder.other_words", name=run.name), rollouts["held_out_tasks"][task]


def _result(result: Result) -> list[Cell]:
    low, high = result["interval"]
    counts = said("of", part=result["successes"], all=result["episodes"])
    steps = result["steps_to_success"]
    return [
        Cell(span(low, high, result["rate"]), result["rate"]),
        Cell(counts, result["rate"]),
        number(steps[1] if steps else None, ".0f"),
        number(result["distance"][1], ".1f", 100),
    ]


def _films(facts: Facts) -> Iterator[Markup]:
    """Some episodes: of each policy in turn a success and a failure, as many as the page may hold."""
    filmed, taken, troubles = list[Markup](), 0, list[str]()
    for run, name in _turns([run for run in sorted(facts.runs, key=_merit) if run.rollouts and not run.blind]):
        try:
            source, frames, ratio = film(facts.subject.runs / run.name / "rollouts" / name, _HEIGHT)
        except DataError as error:
            troubles.append(str(error))
            continue
        taken += len(source)
        if taken > FILMS or len(filmed) == FILM_COUNT:
            break
        filmed.append(_film(run, name, source, frames, ratio))
    if filmed:
        yield element("h3", said("films.title"))
        yield element(
            "p", element("button", said("films.all"), type="button", data_play_all=True, aria_pressed="false")
        )
        yield element("div", filmed, class_="films")
    yield from (element("pre", trouble) for trouble in troubles[:SHOWN])


def _turns(runs: Sequence[Run]) -> Iterator[tuple[Run, str]]:
    """The pictures of all policies: the first success and failure of each in each task, then the second, and so on."""
    ranked = []
    for place, run in enumerate(runs):
        seen: dict[str, int] = {}
        for name in (run.rollouts or {}).get("pictures", ()):
            kind = name.rpartition("-")[0]
            seen[kind] = seen.get(kind, 0) + 1
            ranked.append((seen[kind], place, "-failure-" in name, name))
    return ((runs[place], name) for _, place, _, name in sorted(ranked))


def _film(run: Run, name: str, source: str, frames: int, ratio: float) -> Markup:
    task, outcome, seed = name.removesuffix(".webp").rsplit("-", 2)
    size = {"width": round(_HEIGHT * ratio) * frames, "height": _HEIGHT}
    shown = element("img", src=source, alt=f"{run.name}, {task}, {seed}", decoding="async", **size)
    style = f"--frames:{frames};--at:{frames - 1}"
    told = [chip(f"films.{outcome}", "good" if outcome == "success" else "bad"), " ", run.name, element("br"), task]
    button = element("button", shown, type="button", class_="film", style=style, aria_pressed="false")
    return element("figure", button, element("figcaption", told))
