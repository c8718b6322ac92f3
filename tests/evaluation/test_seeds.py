"""Means over seeds, against numbers worked out by hand and against scipy."""

import math

import pytest

from bridgelib.evaluation.intervals import wilson
from bridgelib.evaluation.results import task_result
from bridgelib.evaluation.seeds import mean_with_margin, rate_over_seeds, student
from bridgelib.evaluation.table import as_text, success_summary
from tests.evaluation.test_results import episodes


def test_student_agrees_with_scipy():
    distribution = pytest.importorskip("scipy.stats").t
    for freedom in (*range(1, 40), 99, 1000):
        assert student(freedom) == pytest.approx(distribution.ppf(0.975, freedom), rel=1e-9)


def test_student_agrees_with_the_printed_table():
    assert [round(student(freedom), 3) for freedom in (1, 2, 3, 4, 9, 30)] == [
        12.706,
        4.303,
        3.182,
        2.776,
        2.262,
        2.042,
    ]


def test_the_margin_of_a_mean():
    """1, 2, 3: mean 2, deviation 1, so 4.303 / sqrt(3) to either side."""
    assert mean_with_margin([1, 2, 3]) == (2, pytest.approx(4.302653 / math.sqrt(3), rel=1e-6))
    assert mean_with_margin([5, 5]) == (5, 0)


def result(outcomes):
    return task_result(episodes(outcomes))


def test_seeds_that_differ_are_as_unsure_as_they_differ():
    """0.5, 0.6, 0.7: mean 0.6, deviation 0.1; pooled, 180 of 300 would be surer than three seeds allow."""
    found = rate_over_seeds([result("s" * n + "f" * (100 - n)) for n in (50, 60, 70)])
    margin = 4.302653 * 0.1 / math.sqrt(3)
    assert found["seeds"] == 3 and found["rate"] == pytest.approx(0.6)
    assert found["interval"] == pytest.approx([0.6 - margin, 0.6 + margin])
    assert found["interval"][0] < wilson(180, 300)[0] and found["interval"][1] > wilson(180, 300)[1]


def test_seeds_that_agree_are_no_surer_than_their_episodes():
    found = rate_over_seeds([result("s" * 5 + "f" * 5)] * 3)
    assert found["interval"] == pytest.approx(list(wilson(15, 30)))
    assert rate_over_seeds([result("s" * 9)] * 2)["interval"] == [pytest.approx(wilson(18, 18)[0]), 1.0]


def test_a_rate_stays_a_rate():
    assert rate_over_seeds([result("s" * 10), result("f" * 10)]) == {"seeds": 2, "rate": 0.5, "interval": [0.0, 1.0]}


REFERENCES = {"references": {"random": {"tasks": {"put": result("f" * 10)}}}}


def rolled_out(outcomes, **more):
    return {"policy": {"blind": False}, "tasks": {"put": result(outcomes)}, **more}


def test_the_success_table_has_a_row_for_the_seeds_beside_the_single_ones():
    found = {"x_s0": rolled_out("ssff"), "x_s1": rolled_out("sfff"), "other": rolled_out("ssss")}
    summary = success_summary(REFERENCES, found, {"x": ["x_s0", "x_s1", "x_s2"], "y": ["other"]})
    (row,) = summary["seeds"]["put"]  # x_s2 was not rolled out, and one seed has no interval
    assert (row["name"], row["seeds"], row["rate"]) == ("x", 2, 0.375)
    assert [row["name"] for row in summary["tasks"]["put"]] == ["random", "x_s0", "x_s1", "other"]
    lines = as_text(summary).splitlines()
    (line,) = [line for line in lines if "x, 2 seeds" in line]
    assert "mean 38%" in line and "0% to 100%" in line and lines.index(line) == 5
    assert "Student's over the seeds" in as_text(summary)


def test_other_words_have_a_mean_of_their_own():
    told = {"held_out_tasks": {"put": result("ffff")}}
    found = {"x_s0": rolled_out("ssff", **told), "x_s1": rolled_out("sfff", **told)}
    rows = success_summary(REFERENCES, found, {"x": list(found)})["seeds"]["put"]
    assert [(row["name"], row["rate"]) for row in rows] == [("x", 0.375), ("x, other words", 0.0)]


def test_without_seeds_the_table_says_nothing_of_them():
    summary = success_summary(REFERENCES, {"x": rolled_out("ss")})
    assert summary["seeds"] == {"put": []} and "seeds" not in as_text(summary)
