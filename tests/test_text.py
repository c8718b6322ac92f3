"""Numbers and tables for people."""

import pytest

from bridgelib.text import WIDEST, aligned, duration, readable_bytes, shortened


def test_one_long_entry_does_not_widen_every_line():
    lines = [("a", "1"), ("b" * 3000, "2"), ("c", "3")]
    text = aligned(("task", "found"), lines)
    assert sorted(map(len, text.splitlines()))[-2:] == [WIDEST + 2 + len("found"), 3000 + 2 + len("found")]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_999, "1.0 MB"), (860e9, "860.0 GB")],
)
def test_readable_bytes(size, text):
    assert readable_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (3599, "0:59:59"), (90_061, "25:01:01")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_what_is_too_long_loses_its_middle():
    name = "simulate_demonstrations put_red_cube_on_plate 2021-08-02_10-00-00"
    assert shortened(name, 54) == "simulate_demonstrations put_red_cu…2021-08-02_10-00-00"
    assert shortened(name, len(name)) == name
    assert all(len(shortened(name, width)) == width for width in range(8, len(name)))
