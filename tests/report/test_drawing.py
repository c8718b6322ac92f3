"""Curves, axes, bands: numbers worked out by hand."""

import json

import numpy as np
import pytest

from bridgelib.report.course import course_of, thinned
from bridgelib.report.drawing import Axis, Line, chart, histogram, short
from bridgelib.report.markup import Markup, element


def test_ticks_are_round_and_within():
    assert Axis(0, 400, 0, 1).ticks() == [0, 100, 200, 300, 400]
    assert Axis(10.4, 10.83, 0, 1).ticks() == pytest.approx([10.4, 10.6, 10.8])
    assert Axis(0.02, 3, 0, 1, logarithmic=True).ticks() == pytest.approx([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2])


def test_places_go_from_end_to_end():
    assert [Axis(0, 10, 100, 0).place(value) for value in (0, 5, 10)] == [100, 50, 0]
    assert [Axis(1, 100, 0, 2, logarithmic=True).place(value) for value in (1, 10, 100)] == pytest.approx([0, 1, 2])


def test_a_wide_range_is_logarithmic_and_one_value_has_room():
    assert Axis.over(np.array([0.1, 10]), 0, 1).logarithmic and not Axis.over(np.array([0, 10]), 0, 1).logarithmic
    alone = Axis.over(np.array([0.0]), 0, 1)
    assert alone.low < 0 < alone.high


def test_a_long_curve_becomes_means_between_its_ends():
    curve = [(float(step), float(step % 2)) for step in range(1001)]
    short_curve = thinned(curve, 102)
    assert len(short_curve) <= 102 and short_curve[0] == curve[0] and short_curve[-1] == curve[-1]
    assert {value for _, value in short_curve[1:-2]} == {0.5}
    assert thinned(curve[:50], 102) == curve[:50]


def test_where_a_training_was_resumed_is_read(tmp_path):
    lines = [
        {"kind": "validation", "step": 0, "mse": 2.0, "mse_of_mean_action": 1.5, "transitions": 70, "time": {}},
        {"kind": "train", "step": 10, "loss": 1.0, "time": {"steps_per_second": 4.0}},
        {"kind": "train", "step": 20, "loss": 0.5, "time": {"steps_per_second": 6.0, "resumed_from": 10}},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"torn')
    course = course_of(tmp_path / "metrics.jsonl")
    assert (course.resumed, course.step, course.rate, course.of_mean, course.transitions) == ([10], 20, 6.0, 1.5, 70)
    assert course.training == [(10, 1.0), (20, 0.5)]
    assert course_of(tmp_path / "absent.jsonl").step == 0


def test_a_chart_has_a_line_a_band_and_a_mark_for_what_it_is_given():
    line = Line("<seeds>", [(0, 1.0), (10, 2.0)], 0.0, [(0, 0.5), (10, 1.5)], [(0, 1.5), (10, 2.5)], [5])
    drawn = chart([line, Line("alone", [(0, 1.0)])], "title")
    assert (drawn.count('class="line"'), drawn.count('class="band"'), drawn.count('class="mark"')) == (2, 1, 1)
    assert "&lt;seeds&gt;" in drawn and "nan" not in drawn


def test_a_histogram_counts_what_lies_beyond_to_its_ends():
    drawn = histogram(np.array([-9.0, 0.1, 9.0]), np.ones(3), -1, 1, "name")
    assert drawn.split('d="')[1].startswith("M0 60V0.0h5V60.0h5")


def test_markup_is_escaped_once():
    assert element("p", "a < b", Markup("<b>"), None, [1, " & "], class_="x", hidden=False, title='"') == (
        '<p class="x" title="&quot;">a &lt; b<b>1 &amp; </p>'
    )


@pytest.mark.parametrize(
    ("value", "told"), [(0, "0"), (1500, "1.5k"), (2e6, "2M"), (0.00123, "0.00123"), (-3e9, "-3G")]
)
def test_numbers_in_few_characters(value, told):
    assert short(value) == told
