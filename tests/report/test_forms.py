"""What the page is made from has the form that it needs, or is told of: no page is lost by a changed byte."""

import json
import math
import re
import shutil
from datetime import datetime

import pytest

from bridgelib.errors import DataError
from bridgelib.report.forms import require
from bridgelib.report.page import page
from bridgelib.report.reading import read_facts
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.reporting import subject_of
from tests.conftest import REPOSITORY
from tests.report.laboratory import PLATE, Size, write_laboratory

FORM = {"name": str, "rate?": float, "ends": (None, [float, float]), "by": {...: [float]}, "film": re.compile(r"a\d")}
SOUND = {"name": "x", "ends": None, "by": {"task": [1, 2.5]}, "film": "a1", "more": [{}]}


@pytest.mark.parametrize("changed", [{}, {"rate": 0.5}, {"ends": [0, 1]}, {"by": {}}, {"by": {"a?": []}}])
def test_what_has_the_form_passes(changed):
    require({**SOUND, **changed}, FORM, "here")


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"name": 3}, "name is '3'"),
        ({"rate": math.nan}, "rate is 'nan'"),
        ({"rate": True}, "rate is 'True'"),
        ({"ends": [1]}, "ends is '[1]'"),
        ({"ends": [1, "x"]}, "ends[1] is 'x'"),
        ({"by": {"task": [1, None]}}, "by.task[1] is 'None'"),
        ({"by": 3}, "by is '3'"),
        ({"film": "b1"}, "film is 'b1'"),
    ],
)
def test_the_first_place_that_has_another_is_named(changed, place):
    with pytest.raises(DataError) as refused:
        require({**SOUND, **changed}, FORM, "here")
    assert place in str(refused.value) and "here" in str(refused.value)
    with pytest.raises(DataError, match="lacks name"):
        require({key: SOUND[key] for key in SOUND.keys() - {"name"}}, FORM, "here")
    with pytest.raises(DataError, match="all of it is"):
        require([], FORM, "here")


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """One trained experiment on two tasks, in small."""
    folder = tmp_path_factory.mktemp("forms")
    return folder, write_laboratory(folder, Size(2, 4, 8, 16, 4), {"matrix": {"algos": ["bc"], "tasks": ["all"]}})


DAMAGES = [
    ("runs/bc_all/done.json", '"seconds"', '"secands"'),
    ("runs/bc_all/latest/config.json", '"host": "lab"', '"host": [1]'),
    ("runs/bc_all/latest/metrics.jsonl", '"mse": ', '"mse": NaN, "m": '),
    ("runs/bc_all/latest/metrics.jsonl", '"kind"', '"kine"'),
    ("runs/bc_all/latest/metrics.jsonl", '"step": ', '"step": "", "s": '),
    ("runs/bc_all/evaluation.json", '"value"', '"valve"'),
    ("runs/bc_all/evaluation.json", '"by_task"', '"by_task2"'),
    ("runs/bc_all/rollouts.json", '"interval"', '"intervak"'),
    ("runs/bc_all/rollouts.json", '"successes": ', '"successes": 9'),
    ("runs/bc_all/rollouts.json", "-success-", "-sucdess-"),
    ("runs/references.json", '"distance"', '"distancd"'),
    (f"tfrecord/{PLATE}/statistics.json", '"transitions": ', '"transitions": "x", "t": '),
]


@pytest.mark.parametrize(("name", "before", "after"), DAMAGES)
def test_a_damaged_result_is_told_of_and_the_page_is_made(laboratory, monkeypatch, name, before, after):
    folder, settings = laboratory
    monkeypatch.chdir(folder)
    file = folder / name
    shutil.copy(file, whole := folder / "whole")
    text = file.read_text()
    assert before in text
    try:
        file.write_text(text.replace(before, after, 1))
        facts = read_facts(subject_of(WorkflowPlan(settings, REPOSITORY), {}))
        troubles = [*facts.troubles, *(look.trouble for look in facts.tasks if look.trouble)]
        assert len(troubles) == 1 and file.name in troubles[0]
        assert file.name in page(facts, {}, datetime(2024, 5, 1))
    finally:
        shutil.copy(whole, file)


@pytest.mark.parametrize("content", ["[]", '{"trainings": 3}', '{"conversion": {"raw_to_numpy": "x"}}'])
def test_a_damaged_forecast_is_left_aside(laboratory, monkeypatch, content):
    folder, settings = laboratory
    monkeypatch.chdir(folder)
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "logs" / "forecast.json").write_text(content)
    expected = subject_of(WorkflowPlan(settings, REPOSITORY), {}).expected
    assert json.dumps([each.seconds for each in expected]) == "[null, null, null]"
