"""Shards come back as they were written, in the same bytes each time, mapped and not loaded; damage is named."""

import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridgelib.errors import DataError
from bridgelib.formats.shard import Shard, ShardWriter
from bridgelib.raw.trajectory import Trajectory
from tests.raw_trees import LFS_POINTER
from tests.trajectories import make_trajectory


def write(path, trajectories, cameras=(0,), im_size=8):
    with ShardWriter(path, im_size, cameras) as shard:
        for trajectory in trajectories:
            shard.add(trajectory)
    return path


def two_cameras(number):
    one = make_trajectory(number)
    return Trajectory(**{**vars(one), "frames": {0: one.frames[0], 3: 255 - one.frames[0]}})


def assert_same(read, written):
    assert (read.name, read.content_id, read.languages) == (written.name, written.content_id, written.languages)
    assert read.frames.keys() == written.frames.keys()
    for camera, frames in written.frames.items():
        assert read.frames[camera].dtype == np.uint8
        assert np.array_equal(read.frames[camera], frames)
    for key in ("state", "time_stamp", "actions"):
        assert getattr(read, key).dtype == getattr(written, key).dtype
        assert np.array_equal(getattr(read, key), getattr(written, key))


LENGTHS = st.lists(
    st.tuples(st.integers(1, 5), st.lists(st.sampled_from(["", "put", "Tür", "锅"]), min_size=1)), max_size=5
)


@settings(max_examples=25, deadline=None)
@given(LENGTHS)
def test_what_is_written_is_read(tmp_path_factory, lengths):
    written = [
        make_trajectory(number, length, languages=tuple(languages))
        for number, (length, languages) in enumerate(lengths)
    ]
    shard = Shard(write(tmp_path_factory.mktemp("shard") / "a.npz", written))
    assert len(shard) == len(written)
    for read, expected in zip(shard, written, strict=True):
        assert_same(read, expected)


def test_further_cameras_are_kept(tmp_path):
    written = [two_cameras(number) for number in range(3)]
    shard = Shard(write(tmp_path / "a.npz", written, cameras=(0, 3)))
    assert (shard.cameras, shard.im_size) == ((0, 3), 8)
    for read, expected in zip(shard, written, strict=True):
        assert_same(read, expected)


def test_numpy_reads_the_members(tmp_path):
    written = [make_trajectory(0, 2, languages=("a", "b")), make_trajectory(1, 3)]
    with np.load(write(tmp_path / "a.npz", written), allow_pickle=False) as members:
        assert {key: (members[key].dtype.str[1], members[key].shape) for key in members} == {
            "images0": ("u", (7, 8, 8, 3)),
            "state": ("f", (7, 7)),
            "time_stamp": ("f", (7,)),
            "actions": ("f", (5, 7)),
            "languages": ("u", (17,)),
            "languages_ends": ("i", (3,)),
            "names": ("u", (92,)),
            "names_ends": ("i", (2,)),
            "identities": ("u", (64,)),
            "identities_ends": ("i", (2,)),
            "frame_offsets": ("i", (3,)),
            "action_offsets": ("i", (3,)),
            "language_offsets": ("i", (3,)),
            "meta": ("U", ()),
        }
        assert members["frame_offsets"].tolist() == [0, 3, 7]
        assert members["action_offsets"].tolist() == [0, 2, 5]
        assert members["language_offsets"].tolist() == [0, 2, 3]
        assert members["languages"].tobytes() == b"abopen the drawer"
        assert members["languages_ends"].tolist() == [1, 2, 17]
        assert str(members["meta"]) == '{"cameras": [0], "im_size": 8, "version": 2}'


def test_the_same_trajectories_give_the_same_bytes(tmp_path):
    written = [make_trajectory(number) for number in range(3)]
    first = write(tmp_path / "a.npz", written).read_bytes()
    assert write(tmp_path / "elsewhere" / "b.npz", written).read_bytes() == first
    assert write(tmp_path / "c.npz", written[::-1]).read_bytes() != first


def test_members_are_stored_without_a_date(tmp_path):
    with zipfile.ZipFile(write(tmp_path / "a.npz", [make_trajectory(0)])) as archive:
        for info in archive.infolist():
            assert (info.compress_type, info.date_time) == (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))


def test_frames_are_mapped_and_cannot_be_changed(tmp_path):
    frames = Shard(write(tmp_path / "a.npz", [make_trajectory(0)])).trajectory(0).frames[0]
    assert not frames.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        frames[0] = 0


def test_an_empty_shard_is_a_shard(tmp_path):
    shard = Shard(write(tmp_path / "a.npz", []))
    shard.verify()
    assert (len(shard), list(shard), shard.names, shard.im_size) == (0, [], (), 8)


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), ShardWriter(tmp_path / "a.npz", 8) as shard:
        shard.add(make_trajectory(0))
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_former_shard(tmp_path):
    before = write(tmp_path / "a.npz", [make_trajectory(0)]).read_bytes()
    with pytest.raises(RuntimeError), ShardWriter(tmp_path / "a.npz", 8) as shard:
        shard.add(make_trajectory(1))
        raise RuntimeError
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_missing_shard_is_told(tmp_path):
    with pytest.raises(DataError, match="no such shard"):
        Shard(tmp_path / "a.npz")


def test_a_shard_cut_anywhere_is_damaged(tmp_path):
    content = write(tmp_path / "a.npz", [make_trajectory(0)]).read_bytes()
    for length in range(0, len(content), 97):
        (tmp_path / "a.npz").write_bytes(content[:length])
        with pytest.raises(DataError, match=r"damaged shard[^\0]*rm .*a\.npz"):
            Shard(tmp_path / "a.npz")


def test_a_changed_byte_is_found_by_verify(tmp_path):
    content = bytearray(write(tmp_path / "a.npz", [make_trajectory(0)]).read_bytes())
    content[400] ^= 1  # among the pixels
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"images0\.npy does not have its checksum"):
        Shard(tmp_path / "a.npz").verify()


def test_a_file_of_numpys_own_making_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", names=np.array(["x"]))
    with pytest.raises(DataError, match="damaged shard"):
        Shard(tmp_path / "a.npz")


def replaced(tmp_path, **arrays):
    """A shard of which some members were replaced."""
    with np.load(write(tmp_path / "a.npz", [make_trajectory(0), make_trajectory(1)])) as members:
        content = {**members, **arrays}
    np.savez(tmp_path / "b.npz", **content)
    return tmp_path / "b.npz"


def test_members_that_contradict_each_other_are_refused(tmp_path):
    with pytest.raises(DataError, match="member actions has 7 rows, the others imply 8"):
        Shard(replaced(tmp_path, actions=np.zeros((7, 7), np.float32)))
    with pytest.raises(DataError, match="member identities has 1 rows, the others imply 2"):
        Shard(replaced(tmp_path, identities_ends=np.array([64])))
    with pytest.raises(DataError, match="member images0 is not the array its header says"):
        Shard(replaced(tmp_path, images0=np.zeros((10, 8, 8, 3), np.uint16)))


def test_a_compressed_shard_cannot_be_mapped(tmp_path):
    with np.load(write(tmp_path / "a.npz", [make_trajectory(0)])) as members:
        np.savez_compressed(tmp_path / "b.npz", **members)
    with pytest.raises(DataError, match="member images0 is compressed"):
        Shard(tmp_path / "b.npz")


def test_frames_that_end_before_their_header_says_are_refused(tmp_path):
    with (
        zipfile.ZipFile(write(tmp_path / "a.npz", [make_trajectory(0)])) as whole,
        zipfile.ZipFile(tmp_path / "b.npz", "w") as short,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            short.writestr(name, content[:-1] if name == "images0.npy" else content)
    with pytest.raises(DataError, match="member images0 is not the array its header says"):
        Shard(tmp_path / "b.npz")


def test_another_version_is_refused(tmp_path):
    meta = np.array('{"cameras": [0], "im_size": 8, "version": 1}')
    with pytest.raises(DataError, match=r"a shard of version 1[^\0]*version 2[^\0]*again: rm .*b\.npz"):
        Shard(replaced(tmp_path, meta=meta))


def test_texts_that_contradict_where_they_end_are_refused(tmp_path):
    for ends in (np.array([40, 30]), np.array([-1, 92]), np.array([46, 93]), np.array([46.0, 92.0])):
        with pytest.raises(DataError, match="where they end contradict"):
            Shard(replaced(tmp_path, names_ends=ends))


def test_one_long_instruction_takes_its_own_room_only(tmp_path):
    """numpy's own strings would take four times its length for each of the hundred."""
    long = "put the pot " * 100_000
    written = [make_trajectory(number, 1, languages=(long if number == 7 else "open",)) for number in range(100)]
    path = write(tmp_path / "a.npz", written)
    without = write(tmp_path / "b.npz", [make_trajectory(number, 1, languages=("open",)) for number in range(100)])
    assert path.stat().st_size - without.stat().st_size == len(long) - len("open")
    tracemalloc.start()
    shard = Shard(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * len(long)
    assert shard.trajectory(7).languages == (long,) and shard.trajectory(8).languages == ("open",)


def test_a_pointer_in_place_of_a_shard_is_told(tmp_path):
    (tmp_path / "a.npz").write_bytes(LFS_POINTER)
    with pytest.raises(DataError, match=r"a pointer of Git LFS[^\0]*git lfs pull"):
        Shard(tmp_path / "a.npz")


def test_pickled_objects_are_not_read(tmp_path):
    with pytest.raises(DataError, match="damaged shard"):
        Shard(replaced(tmp_path, names=np.array(["x", None], dtype=object)))
