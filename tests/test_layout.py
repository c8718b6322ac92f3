"""Names of files that users, other programs and older results rely on; and paths as they are written."""

from pathlib import Path

import pytest

from bridgelib import layout
from bridgelib.errors import ConfigError
from bridgelib.layout import absolute_path, portable_path

NOWHERE = ["$NOT_SET_HERE/data", "${NOT_SET_HERE}/data", "/data/$NOT_SET_HERE", "$EMPTY/data", "~nobody-at-all/data"]
NOWHERE += ["${HOME:-/x}/data"]


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("LAB", "/lab")
    monkeypatch.setenv("HOME", "/home/me")


def test_what_a_task_leaves_is_called_as_it_always_was():
    names = {name: str(path) for name, path in layout.task_paths(Path("t")).items()}
    assert names == {
        **{"train": "t/train/out.tfrecord", "train_index": "t/train/out.index.npz"},
        **{"val": "t/val/out.tfrecord", "val_index": "t/val/out.index.npz"},
        **{"split": "t/split.json", "statistics": "t/statistics.json", "report": "t/report.json"},
    }


def test_names_are_patterns_where_a_rule_asks():
    shard = layout.shard_path("numpy", "{task}", "{date}")
    assert (str(shard), str(layout.shard_report_path(shard))) == (
        *("numpy/{task}/{date}.npz", "numpy/{task}/{date}.report.json"),
    )
    assert str(layout.table_paths("runs", "success")["json"]) == "runs/success.json"
    assert str(layout.policy_path(layout.latest_path(Path("runs/x")))) == "runs/x/latest/policy"


def test_a_dot_in_a_task_s_name_is_no_suffix():
    assert str(layout.shard_path("n", "v1.5", "2021-08-02_10-00-00")) == "n/v1.5/2021-08-02_10-00-00.npz"
    assert layout.index_path(layout.records_path(Path("v1.5"), "val")) == Path("v1.5/val/out.index.npz")


def test_a_path_below_the_working_directory_is_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert portable_path(tmp_path / "runs" / "x") == "runs/x"
    assert portable_path(str(tmp_path.parent)) == str(tmp_path.parent)
    assert portable_path("runs") == "runs"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("$LAB/data", "/lab/data"),
        ("${LAB}_old/data", "/lab_old/data"),
        ("~/data", "/home/me/data"),
        ("data/../other/", "/base/other"),
        ("data/~x", "/base/data/~x"),
        ("./~x", "/base/~x"),
        ("costs 5$", "/base/costs 5$"),
    ],
)
def test_variables_and_homes_are_expanded(given, path):
    assert str(absolute_path(given, Path("/base"), "here")) == path


@pytest.mark.parametrize("given", NOWHERE)
def test_what_stands_for_nothing_is_refused_by_name(tmp_path, given):
    with pytest.raises(ConfigError) as refused:
        absolute_path(given, tmp_path, "here")
    assert refused.value.where == "here" and given in refused.value.given and refused.value.do
