"""The page: its sections in one file, which needs nothing from elsewhere."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bridgelib.layout import portable_path
from bridgelib.report.markup import Markup, element
from bridgelib.report.reading import Facts
from bridgelib.report.sections.attention import attention
from bridgelib.report.sections.costs import costs
from bridgelib.report.sections.curves import curves
from bridgelib.report.sections.data import data
from bridgelib.report.sections.evaluation import evaluation
from bridgelib.report.sections.provenance import provenance
from bridgelib.report.sections.results import results
from bridgelib.report.texts import LANGUAGES, said

VERSION = 1

SECTIONS: Mapping[str, Callable[[Facts], Iterable[Markup]]] = {
    "results": results,
    "attention": attention,
    "curves": curves,
    "data": data,
    "evaluation": evaluation,
    "costs": costs,
    "provenance": provenance,
}
"""Most important first."""

_HERE = Path(__file__).parent
# No request leaves the page, whatever the data hold.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'"


def page(facts: Facts, origin: Mapping[str, Any], made: datetime) -> str:
    """The page as HTML.

    Args:
        facts: What it says.
        origin: What it was made from.
        made: When.
    """
    sections = [
        element("section", element("h2", said(f"{name}.title")), list(section(facts)), id=name)
        for name, section in SECTIONS.items()
    ]
    links = [element("li", element("a", said(f"{name}.link"), href=f"#{name}")) for name in SECTIONS]
    body = [
        element("header", _heading(facts, made)),
        element("nav", element("ul", links), aria_label="sections"),
        element("main", sections),
        element("footer", element("p", said("footer"))),
        element("script", _file("page.js")),
    ]
    text = element("html", _head(facts, origin), element("body", body), lang="en", data_language="en")
    return f"<!doctype html>\n{text}\n"


def _head(facts: Facts, origin: Mapping[str, Any]) -> Markup:
    # On a line of its own, by which `origin.origin_in_page` finds it; `<` would end the script.
    told = json.dumps(origin, sort_keys=True).replace("<", "\\u003c")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{facts.subject.machine.name} · report · 报告"),
        Markup("\n"),
        element("script", Markup(told), type="application/json", id="origin"),
        Markup("\n"),
        element("style", _file("page.css")),
    )


def _heading(facts: Facts, made: datetime) -> list[Markup]:
    machine = facts.subject.machine
    languages = [element("button", name, type="button", data_language=key, lang=key) for key, name in LANGUAGES.items()]
    theme = element("button", said("theme"), type="button", data_theme=True)
    return [
        element("h1", said("title", machine=machine.name)),
        element("p", said("made", when=f"{made:%Y-%m-%d %H:%M}", runs=portable_path(Path(machine.runs)))),
        element("div", languages, theme, class_="switches"),
    ]


def _file(name: str) -> Markup:
    return Markup((_HERE / name).read_text(encoding="utf-8"))
