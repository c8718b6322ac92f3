"""What TensorFlow reads otherwise than we do is named; faults are planted in all that it is compared with."""

import os
from dataclasses import replace

import numpy as np
import pytest

from bridgelib.commands import verify_records
from bridgelib.conversion import second_reading as module
from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.second_reading import second_reading
from bridgelib.conversion.task_shards import Settings
from bridgelib.files import read_json, write_json
from bridgelib.formats.index import load_index
from bridgelib.formats.shard import Shard, ShardWriter
from bridgelib.formats.tfrecord import tfrecord_writer
from bridgelib.layout import index_path
from tests.formats.foreign import foreign_features, write_foreign
from tests.trajectories import make_trajectory, write_shard

DATE = "2021-08-02_10-00-00"
FEW = [make_trajectory(number, 3 + number, languages=("open it", "öffne es")[: number % 3]) for number in range(6)]


@pytest.fixture(params=["raw", "jpeg"])
def converted(request, tmp_path):
    """A task, converted; gives the TFRecord of its training split."""
    trajectories = [replace(each, languages=each.languages or ("",)) for each in FEW]
    write_shard(tmp_path / "numpy" / "task", DATE, trajectories)
    settings = Settings(8, 0.7, image_encoding=request.param)
    convert_task([tmp_path / "numpy" / "task" / f"{DATE}.npz"], tmp_path / "tfrecord" / "task", settings)
    return tmp_path / "tfrecord" / "task" / "train" / "out.tfrecord"


def found(tfrecord, with_shards=True):
    """What is found otherwise: the record's number and the words."""
    numpy = tfrecord.parents[3] / "numpy" if with_shards else None
    return [(damage.record, damage.what) for damage in second_reading(tfrecord, numpy, lambda count: None)]


def changed_index(tfrecord, **arrays):
    """Save another index, which believes itself to be that of the file."""
    replace(load_index(tfrecord), **arrays).save(tfrecord)


def test_what_we_wrote_is_what_tensorflow_reads(converted):
    advanced = []
    assert list(second_reading(converted, converted.parents[3] / "numpy", advanced.append)) == []
    assert sum(advanced) == converted.stat().st_size and len(advanced) > 2


def test_gaze_maps_are_compared_too(tmp_path):
    path = tmp_path / "out.tfrecord"
    with tfrecord_writer(path, "raw") as append:
        for number in range(2):
            maps = np.random.default_rng(number).random((5, 8, 8, 1), np.float32)
            append(make_trajectory(number), maps)
    assert found(path, with_shards=False) == []
    positions = load_index(path).gaze_position.copy()
    positions[0] += 4
    changed_index(path, gaze_position=positions)
    assert found(path, with_shards=False) == [(0, "TensorFlow reads another gaze than training")]


def test_what_training_would_read_otherwise_is_named(converted):
    index = load_index(converted)
    changed_index(
        converted,
        actions=index.actions + np.eye(len(index.actions), 7, dtype=np.float32) * 1e-3,
        names=(f"{index.names[0]}9", *index.names[1:]),
    )
    told = found(converted, with_shards=False)
    assert told[0] == (0, "TensorFlow reads another actions, name than training")
    assert {words for _, words in told[1:]} <= {"TensorFlow reads another actions than training"}


@pytest.mark.parametrize("place", [0, -1])
def test_a_frame_that_training_would_read_elsewhere_is_named(converted, place):
    index = load_index(converted)
    positions, lengths = index.frame_position.copy(), index.frame_length.copy()
    positions[place], lengths[place] = positions[1], lengths[1]
    changed_index(converted, frame_position=positions, frame_length=lengths)
    number = 0 if place == 0 else len(index) - 1
    assert found(converted, with_shards=False) == [(number, "TensorFlow reads another images than training")]


def test_a_shard_that_holds_something_else_is_named(converted):
    path = converted.parents[3] / "numpy" / "task" / f"{DATE}.npz"
    made = list(Shard(path))
    with ShardWriter(path, 8) as writer:
        for each in made:
            writer.add(replace(each, frames={0: 255 - each.frames[0]}, state=each.state + 1))
    module._opened.cache_clear()
    raw = load_index(converted).encoding == "raw"
    words = f"TensorFlow reads another state{', images' if raw else ''} than {path}"
    assert found(converted) == [(number, words) for number in range(len(load_index(converted)))]
    path.unlink()
    module._opened.cache_clear()
    assert found(converted) == []  # it was removed to save disk


def test_reports_that_count_otherwise_are_named(converted):
    task, count = converted.parents[1], len(load_index(converted))
    report, split = read_json(task / "report.json"), read_json(task / "split.json")
    report["train"]["transitions"] += 1
    split["train"].reverse()
    write_json(task / "report.json", report)
    write_json(task / "split.json", split)
    transitions = report["train"]["transitions"]
    assert found(converted) == [
        (count, f"{transitions - 1} transitions, where {task / 'report.json'} says {transitions}"),
        (count, f"other trajectories than {task / 'split.json'} lists"),
    ]


def test_a_checksum_that_does_not_fit_is_found_by_tensorflow_itself(converted):
    data, changed = bytearray(converted.read_bytes()), converted.stat().st_mtime_ns
    begin = int(load_index(converted).record_position[1])
    data[begin + 400] ^= 1
    converted.write_bytes(data)
    os.utime(converted, ns=(changed, changed))  # so that the index still counts as its own
    ((number, what),) = found(converted)
    assert number == 1 and what.startswith("TensorFlow refuses it: ")


@pytest.mark.parametrize(
    ("change", "told"), [(-1, "finds {} records, where we find {}"), (1, "more records than the {1}")]
)
def test_another_number_of_records_is_named(converted, monkeypatch, change, told):
    whole = list(module.read_by_tensorflow(converted, module._features(load_index(converted))))
    count = len(whole)
    monkeypatch.setattr(module, "read_by_tensorflow", lambda *_: [*whole, whole[0]][: count + change])
    ((_, what),) = found(converted)
    assert told.format(count + change, count) in what


def test_tfrecords_of_others_are_read_as_far_as_their_features_go(tmp_path):
    path = write_foreign(tmp_path / "out.tfrecord", foreign_features(), foreign_features())
    assert found(path, with_shards=False) == []


def test_what_is_no_trajectory_of_ours_is_told(tmp_path):
    broken = foreign_features()
    broken["next_observations/images0"] = broken["observations/images0"]
    ((number, what),) = found(write_foreign(tmp_path / "out.tfrecord", broken), with_shards=False)
    assert number == 0 and what.startswith("we cannot read it: ") and "images0" in what


def test_an_empty_file_has_nothing_that_differs(tmp_path):
    (tmp_path / "out.tfrecord").touch()
    assert found(tmp_path / "out.tfrecord", with_shards=False) == []


def test_the_program_names_what_differs_and_fails(converted, capsys):
    words = ["--data", str(converted.parents[2]), "--tensorflow", "--numpy", str(converted.parents[3] / "numpy")]
    assert verify_records.main(words) == 0
    assert capsys.readouterr().out == "2 files: all as written, and TensorFlow reads in them what was written\n"
    changed_index(converted, state=load_index(converted).state + 1)
    assert verify_records.main(words) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{converted}, record 0, byte 0: TensorFlow reads another state than training"
    assert lines[-1].startswith(f"2 files: {len(load_index(converted))} damaged records: ")
    assert index_path(converted).exists()
