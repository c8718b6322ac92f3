import json
import resource
from contextlib import contextmanager

import pytest

from bridgelib.errors import DataError
from bridgelib.training.metrics import Metrics, read_metrics


def test_lines_are_sorted_json_with_clock_values_apart(tmp_path):
    metrics = Metrics(tmp_path / "m.jsonl")
    metrics.write(3, "train", {"loss": 0.5, "a": 1}, {"seconds": 9.0})
    metrics.close()
    assert (tmp_path / "m.jsonl").read_text() == (
        '{"a": 1.0, "kind": "train", "loss": 0.5, "step": 3, "time": {"seconds": 9.0}}\n'
    )


def test_what_follows_the_position_is_cut_off_and_written_again(tmp_path):
    path = tmp_path / "m.jsonl"
    metrics = Metrics(path)
    metrics.write(1, "train", {"loss": 1}, {})
    position = metrics.position()
    metrics.write(2, "train", {"loss": 2}, {})
    metrics.close()
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"half')
    resumed = Metrics(path, position)
    assert path.stat().st_size == position
    resumed.write(2, "train", {"loss": 2}, {})
    assert resumed.position() == len(whole)
    assert path.read_bytes() == whole


def test_nan_is_never_written(tmp_path):
    metrics = Metrics(tmp_path / "m.jsonl")
    with pytest.raises(ValueError):
        metrics.write(1, "train", {"loss": float("nan")}, {})
    assert (tmp_path / "m.jsonl").read_bytes() == b""


def test_file_shorter_than_its_checkpoint_is_refused(tmp_path):
    (tmp_path / "m.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match="3 bytes, where the checkpoint knows of 10"):
        Metrics(tmp_path / "m.jsonl", 10)


def test_a_disk_that_takes_no_more_is_told_once_and_what_it_took_is_cut_off_later(tmp_path):
    path = tmp_path / "m.jsonl"
    metrics = Metrics(path)
    metrics.write(1, "train", {"loss": 1}, {})
    position = metrics.position()
    with files_of_at_most(position + 10), pytest.raises(DataError, match="ulimit"):
        metrics.write(2, "train", {"loss": 2}, {})
    metrics.close()  # as the loop does on its way out: nothing is left that it could fail to write
    assert path.stat().st_size == position + 10
    assert [line["step"] for line in read_metrics(path)] == [1]
    resumed = Metrics(path, position)
    resumed.write(2, "train", {"loss": 2}, {})
    assert [line["step"] for line in read_metrics(path)] == [1, 2]


@contextmanager
def files_of_at_most(size: int):
    """As a full disk would: a write takes what fits, the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_reading_leaves_out_a_last_line_that_is_not_whole_and_names_a_broken_one(tmp_path):
    path = tmp_path / "m.jsonl"
    lines = [{"step": 1, "kind": "train"}, {"step": 1, "kind": "validation"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 2, "ki')
    assert list(read_metrics(path)) == lines
    assert list(read_metrics(path, "validation")) == lines[1:]
    path.write_text('{"step": 2, "ki\n{}\n')
    with pytest.raises(DataError, match="line 1"):
        list(read_metrics(path))
