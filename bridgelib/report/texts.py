"""The catalogue of all words of the page, in its languages: `texts.yaml`.

Each text stands in the page in every language; the style sheet shows one of them. What programs have written into
results, such as the detail of a remark, stays as it is.
"""

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

import yaml

from bridgelib.raw.rejection import REASONS
from bridgelib.raw.remarks import REMARKS
from bridgelib.report.markup import Markup, joined

LANGUAGES = {"en": "English", "zh": "中文"}
"""Language -> its own name."""

CATALOGUE = Path(__file__).with_name("texts.yaml")

_KNOWN = {"remark": REMARKS, "reason": REASONS}
"""Prefixes of keys whose English words stand where they are used: the catalogue has only the other languages."""


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> text."""
    content = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    known = {f"{kind}.{key}": {"en": text} for kind, texts in _KNOWN.items() for key, text in texts.items()}
    return {key: {**known.get(key, {}), **content.get(key, {})} for key in {**known, **content}}


def said(key: str, **values: object) -> Markup:
    """A text in every language.

    Args:
        key: Its key in the catalogue.
        values: What is put into its braces.
    """
    filled = {name: joined(value if isinstance(value, str) else str(value)) for name, value in values.items()}
    texts = {language: _html(text).format(**filled) for language, text in catalogue()[key].items()}
    if len(set(texts.values())) == 1:
        return Markup(next(iter(texts.values())))
    return Markup("".join(f'<span class="{each}" lang="{each}">{text}</span>' for each, text in texts.items()))


def known(kind: str, key: str) -> Markup:
    """What a remark or a reason means; the key itself where an older release wrote another."""
    return said(f"{kind}.{key}") if f"{kind}.{key}" in catalogue() else joined(key)


def _html(text: str) -> str:
    """A text of the catalogue as HTML: `words in these signs` are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
