"""What the work took in time, memory and disk, beside what was forecast."""

from collections.abc import Iterator

from bridgelib.report.costs import Cost
from bridgelib.report.markup import Markup, element
from bridgelib.report.reading import Facts
from bridgelib.report.tables import Cell, table
from bridgelib.report.texts import said
from bridgelib.text import duration, readable_bytes

_HEAD = (
    *(("step", False), ("jobs", True), ("time", True), ("time_forecast", True), ("longest_job", True)),
    *(("memory", True), ("memory_forecast", True), ("disk", True), ("disk_forecast", True)),
)


def costs(facts: Facts) -> Iterator[Markup]:
    """The section."""
    if not facts.costs:
        yield element("p", said("costs.nothing"))
        return
    yield table(said("costs.caption"), _HEAD, [_row(cost) for cost in facts.costs])


def _row(cost: Cost) -> list[Cell]:
    forecast = cost.expected
    return [
        Cell(element("code", cost.step), cost.step),
        Cell(f"{cost.jobs:,}", cost.jobs),
        Cell(duration(cost.seconds), cost.seconds) if cost.jobs else Cell("–", ""),
        Cell(duration(forecast.seconds), forecast.seconds) if forecast and forecast.seconds else Cell("–", ""),
        Cell(duration(cost.longest), cost.longest) if cost.jobs else Cell("–", ""),
        _bytes(cost.memory),
        _bytes(forecast.memory if forecast else None),
        _bytes(forecast.there if forecast and forecast.there else None),
        _bytes(forecast.disk if forecast else None),
    ]


def _bytes(size: float | None) -> Cell:
    return Cell("–", "") if size is None else Cell(readable_bytes(round(size)), size)
