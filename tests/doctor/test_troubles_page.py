"""The page of the doctor says what the code does, and the code has nothing that the page leaves out."""

import re
import string

import pytest

from bridgelib.doctor.checks import CHECKS
from bridgelib.doctor.signatures import KNOWN_BY_LOG
from bridgelib.doctor.troubles import TROUBLES
from bridgelib.doctor.troubles_page import as_markdown


def test_the_page_is_made_from_the_code(repository):
    page = (repository / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert page == as_markdown(), "run: python -m bridgelib.doctor --reference > docs/doctor.md"


def test_every_trouble_can_be_found_and_every_check_is_known():
    assert CHECKS.keys() | KNOWN_BY_LOG == TROUBLES.keys()


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_trouble_says_why_it_matters_and_what_to_do(trouble):
    assert re.fullmatch(r"[a-z][a-z-]*[a-z]", trouble.id)
    assert trouble.title and trouble.why.endswith(".") and trouble.cure
    fields = {name for _, name, _, _ in string.Formatter().parse(trouble.cure) if name is not None}
    assert all(fields), "every field has a name"
