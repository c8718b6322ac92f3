"""The list of remarks: closed, explained to users, fit for a JSON file."""

import json

import pytest

from bridgelib.raw.remarks import REMARKS, Noticed


def test_every_remark_is_explained_in_the_documentation(repository):
    told = (repository / "docs" / "remarks.md").read_text(encoding="utf-8")
    assert [remark for remark in REMARKS if f"`{remark}`" not in told] == []


def test_a_remark_that_is_not_listed_is_our_own_fault():
    with pytest.raises(AssertionError, match="funny"):
        Noticed("funny", "")


def test_details_are_short_and_fit_for_a_json_file():
    noticed = Noticed("odd_entry", "\ud800" + 5000 * "x")
    assert len(noticed.detail) <= 310 and json.loads(json.dumps(noticed.detail)).encode("utf-8")
