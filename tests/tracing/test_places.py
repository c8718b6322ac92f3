"""What cannot be traced is refused in words, wherever one stands and whatever one names."""

from pathlib import Path

import pytest

from bridgelib.errors import DataError
from bridgelib.tracing.places import traced
from bridgelib.tracing.trace import Trace


@pytest.fixture
def trace(tmp_path):
    """A machine with demonstrations that were never converted; `raw` is also the name of its root."""
    (tmp_path / "raw" / "task" / "2021-08-02_10-00-00" / "raw" / "traj_group0").mkdir(parents=True)
    return Trace(*(tmp_path / root for root in ("raw", "numpy", "tfrecord", "runs")))


@pytest.mark.parametrize("place", [".", "/", "..", "raw", "raw/task"])
def test_a_folder_of_no_result_is_refused(trace, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="given"):
        traced(Path(place), trace)


@pytest.mark.parametrize("place", ["raw/task/2021-08-02_10-00-00", "raw/task/2021-08-02_10-00-00/raw/traj_group0"])
def test_a_session_is_found_by_anything_in_it(trace, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    step = traced(Path(place), trace)
    assert step.name == "raw" and step.file.name == "2021-08-02_10-00-00"
