"""Gaze all the way: boxes in raw folders become maps in batches, and nothing changes where they are not asked for."""

import json

import numpy as np
import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.conversion import raw_to_numpy, task_shards
from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.data.batches import ValidationBatches
from bridgelib.data.gaze import gaze_maps
from bridgelib.data.records import Records
from bridgelib.data.samples import Samples
from bridgelib.data.statistics import statistics_of
from bridgelib.errors import ConfigError, DataError
from bridgelib.formats.index import load_index
from bridgelib.formats.shard import VERSION, Shard
from bridgelib.layout import SPLITS
from tests.raw_trees import DATE, save_boxes, write_dated_folder
from tests.results import results_below

SIZE = 16
LATER = "2021-08-03_11-30-00"


def to_shard(raw, date=DATE, gaze="none", size=SIZE):
    out = raw.parent / "numpy"
    shard, report = out / f"{date}.npz", out / f"{date}.report.json"
    job = raw_to_numpy.DatedFolder(raw, raw / "task" / date, shard, report)
    raw_to_numpy.convert_dated_folder(job, raw_to_numpy.Settings(size, gaze=gaze))
    return shard


def to_tfrecords(shards, folder, encoding="raw"):
    """Both sides: a third of the trajectories validates."""
    convert_task(shards, folder, task_shards.Settings(SIZE, 0.67, image_encoding=encoding))
    return [folder / side / "out.tfrecord" for side in SPLITS]


@pytest.fixture
def raw(tmp_path):
    """Three trajectories of four frames; the second frame has one box, the third two, the last three."""
    for folder in write_dated_folder(tmp_path / "raw"):
        boxes = save_boxes(folder)
    assert [len(frame) for frame in boxes] == [0, 1, 2, 3]
    return tmp_path / "raw", boxes


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in results_below(folder)}


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_boxes_become_the_maps_of_batches(raw, tmp_path, encoding):
    raw, boxes = raw
    shard = to_shard(raw, gaze="filter")
    Shard(shard).verify()
    kept = list(Shard(shard))
    assert [[frame.tolist() for frame in trajectory.gaze_boxes] for trajectory in kept] == [boxes] * 3

    files = to_tfrecords([shard], tmp_path / "out", encoding)
    indices = [load_index(file) for file in files]
    records = Records(files, indices)
    maps = gaze_maps(boxes, SIZE)
    # By hand: the box of frame 1 is centred at (0.1, 0.25) of 15 pixels, and sigma is at least a pixel.
    assert np.unravel_index(maps[1].argmax(), maps[1].shape) == (4, 2, 0)
    assert records.has_gaze
    np.testing.assert_array_equal(records.gaze(np.arange(12)), np.concatenate([maps] * 3))

    settings = algorithm_defaults("bc_saliency")["dataset_kwargs"]
    samples = Samples(records, statistics_of(indices), settings, frozenset({"gaze"}))
    batch = ValidationBatches(samples, batch_size=9, seed=0).batch(0)
    np.testing.assert_array_equal(batch["observations"]["gaze"], np.concatenate([maps[:-1]] * 3))


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_without_gaze_boxes_change_no_byte(tmp_path, encoding):
    for name in ("with", "without"):
        for folder in write_dated_folder(tmp_path / name / "raw"):
            if name == "with":
                save_boxes(folder)
        files = to_tfrecords([to_shard(tmp_path / name / "raw")], tmp_path / name / "out", encoding)
    for part in ("numpy", "out"):
        assert contents(tmp_path / "with" / part) == contents(tmp_path / "without" / part)
    assert all((load_index(file).gaze_position == -1).all() for file in files)
    with np.load(to_shard(tmp_path / "with" / "raw")) as members:
        assert not {"gaze_boxes", "gaze_offsets"} & set(members)
        assert json.loads(str(members["meta"])) == {"cameras": [0], "im_size": 16, "version": VERSION}


def test_gaze_changes_nothing_but_gaze(raw, tmp_path):
    plain, gazing = (list(Shard(to_shard(raw[0], gaze=gaze))) for gaze in ("none", "filter"))
    for one, other in zip(plain, gazing, strict=True):
        assert (one.content_id, one.name, one.gaze_boxes) == (other.content_id, other.name, None)
        assert np.array_equal(one.frames[0], other.frames[0]) and np.array_equal(one.state, other.state)


def test_other_boxes_are_converted_anew(raw):
    shard = to_shard(raw[0], gaze="filter")
    before = shard.stat().st_mtime_ns
    assert to_shard(raw[0], gaze="filter").stat().st_mtime_ns == before
    to_shard(raw[0], gaze="none")
    assert Shard(shard).gaze == "none"


def test_a_shard_whose_boxes_do_not_fit_is_damaged(raw, tmp_path):
    with np.load(to_shard(raw[0], gaze="filter")) as members:
        content = {**members}
    for key, told in [
        ("gaze_boxes", "member gaze_boxes has 17 rows"),
        ("gaze_offsets", "member gaze_offsets has 12 r"),
    ]:
        np.savez(tmp_path / "cut.npz", **{**content, key: content[key][:-1]})
        with pytest.raises(DataError, match=told):
            Shard(tmp_path / "cut.npz")


def test_an_empty_shard_knows_its_gaze(tmp_path):
    (tmp_path / "raw" / "task" / DATE).mkdir(parents=True)
    shard = Shard(to_shard(tmp_path / "raw", gaze="no_filter"))
    assert (shard.gaze, list(shard)) == ("no_filter", [])


def test_a_task_of_shards_with_and_without_gaze_is_refused(raw, tmp_path):
    write_dated_folder(raw[0], date=LATER, seed=50)
    shards = [to_shard(raw[0], gaze="filter"), to_shard(raw[0], LATER)]
    with pytest.raises(ConfigError, match=r"(?s)'filter' in .*but 'none' in .*the same --gaze"):
        to_tfrecords(shards, tmp_path / "out")


def test_an_unknown_source_is_refused():
    with pytest.raises(ConfigError, match="none, filter, no_filter"):
        raw_to_numpy.Settings(SIZE, gaze="filtered")
