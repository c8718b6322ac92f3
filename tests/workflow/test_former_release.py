"""What an earlier version converted, trained and evaluated is not made again by this one; see `former_release`."""

import re
import shutil
from pathlib import Path

import pytest

from tests.workflow.former_release import TASK, WORDS, unpacked

ARCHIVE = Path(__file__).with_name("former_release.tar.xz")
TABLES = (
    "all",
    "evaluate_all",
    "report",
)  # targets; a table is printed whenever it is asked for, the report came later


@pytest.fixture
def lab(tmp_path, repository):
    return unpacked(ARCHIVE, tmp_path, repository)


def jobs(lab, *words):
    return {rule: count for rule, count in lab.jobs(*words, *WORDS).items() if rule not in TABLES}


def remembered(lab):
    """The rules whose jobs Snakemake remembers there."""
    records = (path.read_text() for path in (lab.folder / ".snakemake" / "metadata").rglob("*") if path.is_file())
    return {found[1] for record in records if (found := re.search(r'"rule": "(\w+)"', record))}


def test_nothing_of_it_is_made_again(lab, repository):
    sources = [path.read_text() for path in (repository / "rules").glob("*.smk")]
    rules = {rule for source in sources for rule in re.findall(r"rule (\w+):", source)}
    without_results = {"environment", "environment_with_wheels", "doctor", "forecast", "status", "trace", "verify"}
    assert remembered(lab) == rules - without_results - {"verify_records", "report"}
    assert jobs(lab) == {}


def test_nor_where_snakemake_remembers_nothing(lab):
    shutil.rmtree(lab.folder / ".snakemake")
    assert jobs(lab) == {}


def test_what_is_asked_for_otherwise_is(lab):
    assert jobs(lab, "split_seed=1") == {
        **{"numpy_to_tfrecord": 1, "data_report": 1, "embed_language": 1, "train_policy": 2, "evaluate_policy": 2},
        **{"rollout_policy": 2, "rollout_references": 1, "success": 1},
    }
    (report,) = (lab.folder / "tfrecord" / TASK).glob("report.json")
    report.write_text("{}")
    assert jobs(lab)["numpy_to_tfrecord"] == 1
