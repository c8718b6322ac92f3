"""Which sessions are shifted: by their date, or as the profile says."""

import pytest

from bridgelib.raw.latency import latency_shift, odd_date

BEFORE, AFTER = "2021-07-22_23-59-59", "2021-07-23_00-00-00"


@pytest.mark.parametrize(
    ("date", "setting", "shift"),
    [(BEFORE, "auto", 1), (AFTER, "auto", 0), (BEFORE, 0, 0), (BEFORE, 1, 1), (AFTER, 0, 0), (AFTER, 1, 1)],
)
def test_the_date_decides_unless_the_profile_does(date, setting, shift):
    assert latency_shift(date, setting) == shift
    assert [noticed.remark for noticed in odd_date(date, setting)] == ["latency_shift"] * shift


@pytest.mark.parametrize("date", ["1970-01-01_00-00-00", "2000-01-01_08-00-00", "2019-12-31_23-59-59"])
def test_a_date_before_the_project_is_odd_whatever_the_profile_says(date):
    remarks = {setting: [noticed.remark for noticed in odd_date(date, setting)] for setting in ("auto", 0, 1)}
    both = ["impossible_date", "latency_shift"]
    assert remarks == {"auto": both, 0: both[:1], 1: both}
