"""The index finds every frame, in our TFRecords and others', and knows when it is out of date."""

import io
import os
import random
import time
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from bridgelib.formats.framing import records
from bridgelib.formats.index import RecordIndex, load_index
from bridgelib.formats.record import Record
from bridgelib.layout import index_path
from tests.formats.foreign import foreign_features, write_foreign
from tests.trajectories import make_trajectory, write_tfrecord

TRAJECTORIES = [
    make_trajectory(0, length=4, languages=("open", "öffne")),
    make_trajectory(1, length=1, languages=("",)),
    make_trajectory(2, length=7),
]


@pytest.fixture
def write(tmp_path):
    """Write trajectories into the test's folder and give the path."""

    def written(trajectories=TRAJECTORIES, encoding="raw", name="out.tfrecord"):
        return write_tfrecord(tmp_path / name, trajectories, encoding)

    return written


def frames_of(path, index: RecordIndex) -> list[bytes]:
    data = path.read_bytes()
    pairs = zip(index.frame_position.tolist(), index.frame_length.tolist(), strict=True)
    return [data[position : position + length] for position, length in pairs]


def assert_same(left: RecordIndex, right: RecordIndex):
    for key in RecordIndex.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(left, key), getattr(right, key), err_msg=key)


# what it holds


def test_every_frame_and_array_is_found(write):
    path = write()
    index = RecordIndex.build(path)
    assert (len(index), index.encoding, index.image_shape) == (3, "raw", (8, 8, 3))
    assert index.frame_offsets.tolist() == [0, 5, 7, 15]
    assert index.action_offsets.tolist() == [0, 4, 5, 12]
    assert index.language_offsets.tolist() == [0, 2, 3, 4]
    assert list(index.languages) == ["open", "öffne", "", "open the drawer"]
    assert list(index.names) == [trajectory.name for trajectory in TRAJECTORIES]
    assert list(index.identities) == [trajectory.content_id for trajectory in TRAJECTORIES]
    np.testing.assert_array_equal(index.state, np.concatenate([trajectory.state for trajectory in TRAJECTORIES]))
    np.testing.assert_array_equal(index.actions, np.concatenate([trajectory.actions for trajectory in TRAJECTORIES]))
    frames = np.concatenate([trajectory.frames[0] for trajectory in TRAJECTORIES])
    assert frames_of(path, index) == [frame.tobytes() for frame in frames]
    for (state, actions), trajectory in zip(index.trajectories(), TRAJECTORIES, strict=True):
        np.testing.assert_array_equal(state, trajectory.state)
        np.testing.assert_array_equal(actions, trajectory.actions)


def test_jpeg_frames_are_found_and_close(write):
    """Smooth frames come back within a few grey levels; noise would not survive any JPEG."""
    ramp = np.linspace(0, 255, 32, dtype=np.uint8)
    smooth = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(90)), axis=-1)
    trajectory = make_trajectory(0, length=3, size=32)
    trajectory.frames[0][:] = [smooth, smooth[::-1], smooth[:, ::-1], smooth // 2]
    path = write([trajectory, make_trajectory(1, size=32)], encoding="jpeg")
    index = RecordIndex.build(path)
    assert (index.encoding, index.image_shape) == ("jpeg", (32, 32, 3))
    assert index.frame_offsets.tolist() == [0, 4, 9]
    for data, frame in zip(frames_of(path, index), trajectory.frames[0], strict=False):
        decoded = np.asarray(Image.open(io.BytesIO(data)), np.int16)
        assert np.abs(decoded - frame).max() <= 8


def test_an_empty_file_is_an_index_without_trajectories(write):
    index = load_index(write([]))
    assert len(index) == len(index.state) == len(index.actions) == len(index.languages) == 0
    assert index.frame_offsets.tolist() == [0]
    assert_same(index, load_index(write([])))


# TFRecords made elsewhere


def test_no_language_no_names_no_terminals(tmp_path):
    values = foreign_features()
    del values["terminals"], values["truncates"]
    index = RecordIndex.build(write_foreign(tmp_path / "out.tfrecord", values, values))
    assert index.languages == index.names == index.identities == ("", "")
    assert (index.gaze_position == -1).all()


def test_gaze_maps_are_found(tmp_path):
    values = foreign_features(length=3, size=4)
    gaze = np.arange(4 * 16, dtype=np.float32).reshape(4, 4, 4, 1)
    values |= {"observations/gaze": gaze[:-1], "next_observations/gaze": gaze[1:]}
    path = write_foreign(tmp_path / "out.tfrecord", foreign_features(), values)
    index, data = RecordIndex.build(path), path.read_bytes()
    assert index.gaze_position[:4].tolist() == [-1] * 4
    found = [np.frombuffer(data, np.float32, 16, position) for position in index.gaze_position[4:].tolist()]
    np.testing.assert_array_equal(found, gaze.reshape(4, 16))


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_tiny_and_constant_tensors(tmp_path, length, dtype):
    values = foreign_features(length) | {"actions": np.full((length, 7), 0.5, dtype)}
    index = RecordIndex.build(write_foreign(tmp_path / "out.tfrecord", values))
    assert index.actions.dtype == np.float32
    np.testing.assert_array_equal(index.actions, np.full((length, 7), 0.5))


def test_the_predecessors_own_tfrecords(shared):
    for path in sorted(shared.glob("golden/peer_tfrecord_64/*/*/out.tfrecord")):
        index = RecordIndex.build(path)
        examples = [tf.train.Example.FromString(data.numpy()) for data in tf.data.TFRecordDataset(str(path))]
        assert len(index) == len(examples) > 0
        frames = frames_of(path, index)
        for number, example in enumerate(examples):
            tensors = {key: value.bytes_list.value[0] for key, value in example.features.feature.items()}
            first, last = index.frame_offsets[number : number + 2]
            for key, mine in (
                ("observations", frames[first : last - 1]),
                ("next_observations", frames[first + 1 : last]),
            ):
                images = tf.io.parse_tensor(tensors[f"{key}/images0"], tf.uint8).numpy()
                assert mine == [image.tobytes() for image in images]
            state = tf.io.parse_tensor(tensors["observations/state"], tf.float32).numpy()
            np.testing.assert_array_equal(index.state[first : last - 1], state)
            begin, end = index.language_offsets[number : number + 2]
            texts = tf.io.parse_tensor(tensors["language"], tf.string).numpy()
            assert list(index.languages[begin:end]) == [text.decode() for text in texts]


def test_texts_that_say_nothing_are_no_instructions(write):
    """As TFRecords made elsewhere have them."""
    texts = [("None",), ("nan", "open"), ("N/A", "\u200b")]
    index = RecordIndex.build(write([make_trajectory(number, languages=each) for number, each in enumerate(texts)]))
    assert index.language_offsets.tolist() == [0, 1, 3, 5]
    assert list(index.languages) == ["", "", "open", "", ""]


# when it is read and when it is rebuilt


def test_saved_and_read_again(write):
    path = write()
    built = load_index(path)
    bytes_before = index_path(path).read_bytes()
    assert_same(load_index(path), built)
    assert_same(built, RecordIndex.build(path))
    index_path(path).unlink()
    load_index(path)
    assert index_path(path).read_bytes() == bytes_before


def test_an_up_to_date_index_is_not_rebuilt(write, monkeypatch):
    path = write()
    built = load_index(path)
    monkeypatch.setattr(RecordIndex, "build", lambda path: pytest.fail("rebuilt"))
    assert_same(load_index(path), built)


def test_rebuilt_when_older(write):
    """Here size and tail are the same: only the first of three trajectories is another."""
    path = write([make_trajectory(number) for number in (0, 1, 2)])
    load_index(path)
    others = [make_trajectory(number) for number in (5, 1, 2)]
    path.write_bytes(write(others, name="other").read_bytes())
    os.utime(path, (time.time() + 10, time.time() + 10))
    assert list(load_index(path).identities) == [trajectory.content_id for trajectory in others]


@pytest.mark.parametrize("other", [[make_trajectory(9)], [make_trajectory(number) for number in (0, 1, 5)]])
def test_rebuilt_when_it_describes_other_bytes_whatever_the_times(write, other):
    """A copy that keeps its times may bring in an older file; even one of the same size is noticed."""
    path = write([make_trajectory(number) for number in (0, 1, 2)])
    load_index(path)
    path.write_bytes(write(other, name="other").read_bytes())
    os.utime(path, (0, 0))
    assert list(load_index(path).identities) == [trajectory.content_id for trajectory in other]


def test_rebuilt_when_damaged_anywhere(write):
    path = write()
    built = load_index(path)
    whole = index_path(path).read_bytes()
    dice = random.Random(0)
    for _ in range(150):
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        damaged = bytes(data[: dice.randrange(len(data))]) if dice.random() < 0.3 else bytes(data)
        index_path(path).write_bytes(damaged)
        assert_same(load_index(path), built)


class Trap:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_an_index_with_pickled_objects_is_rebuilt_and_executes_nothing(write, tmp_path):
    path = write()
    built = load_index(path)
    with np.load(index_path(path)) as archive:
        arrays = dict(archive)
    np.savez(index_path(path), **{**arrays, "names": np.array([Trap(tmp_path / "sprung")], dtype=object)})
    assert_same(load_index(path), built)
    assert not (tmp_path / "sprung").exists()


def test_in_a_folder_that_cannot_be_written_it_stays_in_memory(write, monkeypatch):
    path = write()

    def refused(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("bridgelib.files.lock_when_free", refused)
    with pytest.warns(UserWarning, match="kept in memory.*Read-only"):
        index = load_index(path)
    assert len(index) == 3
    assert not index_path(path).exists()


def test_no_warning_when_all_is_well(write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_index(write())


class Counting(bytes):
    """Bytes that count how many of them are read."""

    read = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        self.read += 1 if isinstance(found, int) else len(found)
        return found


@pytest.mark.parametrize(("encoding", "share"), [("raw", 1.002), ("jpeg", 0.05)])
def test_nothing_is_read_twice_and_of_jpeg_frames_only_their_places(write, encoding, share):
    path = write([make_trajectory(number, length=30, size=128) for number in range(3)], encoding)
    counting = Counting(path.read_bytes())
    found = [Record.read(counting, begin, end) for begin, end in records(counting)]
    assert len(found) == 3
    assert counting.read < share * len(counting)


def test_one_long_instruction_takes_its_own_room_only(write):
    """numpy's own strings would take four times its length for each of the hundred."""
    long = "put the pot " * 100_000
    path = write([make_trajectory(number, 1, languages=(long if number else "open",)) for number in (*[0] * 99, 1)])
    load_index(path)
    assert long in load_index(path).languages
    assert index_path(path).stat().st_size < 1.1 * len(long)
