"""HTML as text: elements, in which everything that is not markup already is escaped."""

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is HTML already."""


Child: TypeAlias = "str | int | float | Iterable[Child] | None"
"""What may stand in an element."""

_VOID = {"img", "meta", "br"}


def element(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element of HTML or SVG.

    Args:
        name: Its name.
        children: What stands in it, one after the other; None stands for nothing.
        attributes: `class_` is the attribute `class`, `data_value` is `data-value`; None and False are left out.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    return Markup(f"<{name}{head}>" if name in _VOID else f"<{name}{head}>{joined(children)}</{name}>")


def joined(children: Child) -> Markup:
    """Children one after the other."""
    if children is None:
        return Markup()
    if isinstance(children, Markup):
        return children
    if isinstance(children, str | int | float):
        return Markup(escape(str(children), quote=False))
    return Markup("".join(joined(child) for child in children))


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
