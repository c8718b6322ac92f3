"""The release in what results say of themselves: it stands there, and makes nothing stale."""

import json
import tomllib

import pytest

import bridgelib
from bridgelib import origins
from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder
from bridgelib.conversion.task_shards import Settings as TaskSettings
from bridgelib.formats.report import Report
from bridgelib.origins import digest_in, origin_in
from bridgelib.training.provenance import versions
from tests.raw_trees import DATE, write_dated_folder


def test_there_is_one_number_and_the_citation_has_it(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"] and "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "bridgelib/__init__.py"
    citation = repository / "CITATION.cff"
    if citation.exists():
        assert f"\nversion: {bridgelib.__version__}\n" in citation.read_text(encoding="utf-8")


@pytest.fixture
def convert(tmp_path):
    """Converts a small task as far as it is not converted, and tells when its files were written."""
    write_dated_folder(tmp_path / "raw", "task", DATE, trajectories=3)
    job = DatedFolder(
        tmp_path / "raw", tmp_path / "raw" / "task" / DATE, tmp_path / "a.npz", tmp_path / "a.report.json"
    )

    def convert():
        convert_dated_folder(job, Settings(16))
        convert_task([job.shard], tmp_path / "out", TaskSettings(16, 0.9))
        files = [path for path in (job.shard, job.report, *(tmp_path / "out").rglob("*")) if path.is_file()]
        return {path: path.stat().st_mtime_ns for path in files}

    return convert


def test_another_release_finds_what_lies_converted_as_good_as_its_own(convert, tmp_path, monkeypatch):
    before = convert()
    reports = [tmp_path / "a.report.json", tmp_path / "out" / "report.json"]
    for path in reports:
        assert json.loads(path.read_text())["origin"]["bridgelib"] == bridgelib.__version__
        assert "bridgelib" not in origin_in(path)
    identities = [digest_in(path) for path in reports]
    report = Report.load(reports[0])
    monkeypatch.setattr(origins, "__version__", "99.0")
    assert convert() == before
    report.save(reports[0])
    assert json.loads(reports[0].read_text())["origin"]["bridgelib"] == "99.0"
    assert [digest_in(path) for path in reports] == identities and Report.load(reports[0]) == report


def test_a_run_says_it_among_the_versions_it_was_made_with():
    assert versions()["bridgelib"] == bridgelib.__version__
