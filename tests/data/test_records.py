"""The pool of records: which bytes come back, from one file or thousands, and what happens when they are not there."""

import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridgelib.data.records import OPEN_FILES, Records
from bridgelib.errors import DataError
from bridgelib.raw.trajectory import Trajectory
from tests.conftest import REPOSITORY
from tests.data.synthetic import frame, number_of, write_file, write_records


def test_trajectories_are_numbered_through(tmp_path):
    records = write_records(tmp_path, [[3, 1], [2]])
    assert len(records) == 3
    assert records.lengths.tolist() == [3, 1, 2]
    assert records.first_frame.tolist() == [0, 4, 6]
    assert records.first_action.tolist() == [0, 3, 4]
    assert records.file_of.tolist() == [0, 0, 1]
    assert records.state[:, 0].tolist() == list(range(9))
    assert records.actions[:, 0].tolist() == [0.5, 1.5, 2.5, 4.5, 6.5, 7.5]
    assert records.image_shape == (4, 4, 3)


def test_every_frame_comes_back_byte_for_byte(tmp_path):
    records = write_records(tmp_path, [[3, 1], [2], [5, 5]])
    images = records.images(np.arange(21))
    np.testing.assert_array_equal(images, np.stack([frame(number) for number in range(21)]))
    assert images.dtype == np.uint8


def test_frames_come_in_the_asked_shape_and_order(tmp_path):
    records = write_records(tmp_path, [[3, 1], [2]])
    frames = np.array([[8, 0, 8], [5, 3, 4]])
    assert number_of(records.images(frames)).tolist() == frames.tolist()
    assert records.images(np.empty((0, 2), np.int64)).shape == (0, 2, 4, 4, 3)


@pytest.mark.parametrize("threads", [1, 3, 16])
def test_the_number_of_threads_changes_nothing(tmp_path, threads):
    records = write_records(tmp_path, [[40]] * 5, threads=threads)
    frames = np.random.default_rng(0).integers(0, 205, 300)
    assert number_of(records.images(frames)).tolist() == frames.tolist()


def test_gaze_maps_come_back(tmp_path):
    records = write_records(tmp_path, [[3], [2]], gaze=True)
    assert records.has_gaze
    gaze = records.gaze(np.array([6, 0, 3]))
    assert gaze.shape == (3, 4, 4, 1)
    assert gaze.dtype == np.float32
    assert gaze[:, 0, 0, 0].tolist() == [6, 0, 3]
    assert not write_records(tmp_path / "without", [[3]]).has_gaze


def test_files_without_trajectories_are_left_aside(tmp_path):
    records = write_records(tmp_path, [[], [2], []])
    assert records.files == (tmp_path / "task1" / "out.tfrecord",)
    assert number_of(records.images(np.array([2]))).tolist() == [2]
    with pytest.raises(DataError, match="no trajectory at all"):
        write_records(tmp_path, [[], []])


def test_images_of_two_sizes_are_refused(tmp_path):
    files = [tmp_path / "a.tfrecord", tmp_path / "b.tfrecord"]
    indices = [write_file(files[0], [2]), write_file(files[1], [2], side=8)]
    with pytest.raises(DataError) as caught:
        Records(files, indices)
    assert "b.tfrecord" in str(caught.value)
    assert "(8, 8, 3)" in str(caught.value)
    assert "(4, 4, 3), as in" in str(caught.value)


def test_a_file_cut_short_under_us_is_an_error_not_a_crash(tmp_path):
    file = tmp_path / "out.tfrecord"
    index = write_file(file, [3])
    records = Records([file], [index])
    assert number_of(records.images(np.arange(4))).tolist() == [0, 1, 2, 3]
    os.truncate(file, index.frame_position[3] + 1)
    assert number_of(records.images(np.arange(3))).tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="ends before byte"):
        records.images(np.arange(4))


def test_a_file_that_vanished_is_named(tmp_path):
    records = write_records(tmp_path, [[3]])
    records.files[0].unlink()
    with pytest.raises(DataError, match=r"task0/out\.tfrecord"):
        records.images(np.arange(2))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_more_files_than_descriptors(tmp_path):
    """Three thousand files, of which only a few are open at a time, also while many threads push each other out."""
    count = 3000
    path = tmp_path / "one.tfrecord"
    index = write_file(path, [1])
    files = []
    for number in range(count):
        files.append(tmp_path / f"{number}.tfrecord")
        os.link(path, files[-1])
    before = open_descriptors()
    records = Records(files, [index] * count, threads=16)
    frames = np.random.default_rng(0).permutation(2 * count)
    with ThreadPoolExecutor(2) as pool:
        for images in pool.map(records.images, [frames, frames[::-1]]):
            assert set(number_of(images)) == {0, 1}
    assert open_descriptors() - before <= OPEN_FILES + 2
    del records
    assert open_descriptors() - before <= 2


def anonymous_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc to measure memory")
def test_memory_does_not_grow_with_what_is_read(tmp_path):
    """Sixty batches, forty times the memory that is allowed to be in use beyond one batch."""
    side, batch = 64, 64
    records = write_records(tmp_path, [[256], [256]], side=side, threads=2)
    frames = np.random.default_rng(0)
    size = batch * side * side * 3
    records.images(frames.integers(0, 514, batch))
    before, peak = anonymous_bytes(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(60):
        records.images(frames.integers(0, 514, batch))
    assert anonymous_bytes() - before < 1.5 * size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 3 * size / 1024


@pytest.fixture(scope="module")
def trajectories():
    """Three smooth trajectories, so that JPEG keeps them well."""
    y, x = np.mgrid[0:32, 0:32]
    made = []
    for number, length in enumerate((4, 1, 6)):
        images = [np.stack([x * 4 + 5 * t, y * 4, np.full_like(x, 40 * number)], -1) for t in range(length + 1)]
        state = np.random.default_rng(number).random((length + 1, 7)).astype(np.float32)
        made.append(
            Trajectory(
                name=f"task/2022-01-01_00-00-00/raw/traj_group0/traj{number}",
                content_id=f"{number:032x}",
                frames={0: np.stack(images).astype(np.uint8)},
                state=state,
                time_stamp=np.arange(length + 1, dtype=np.float64),
                actions=np.random.default_rng(number).random((length, 7)).astype(np.float32),
                languages=("put it there", "") if number else ("",),
            )
        )
    return made


@pytest.mark.parametrize(("encoding", "tolerance"), [("raw", 0), ("jpeg", 6)])
def test_what_the_writer_writes_comes_back(tmp_path, trajectories, encoding, tolerance):
    from bridgelib.formats.tfrecord import tfrecord_writer

    files = [tmp_path / "a" / "out.tfrecord", tmp_path / "b" / "out.tfrecord"]
    for file, share in zip(files, (trajectories[:2], trajectories[2:]), strict=True):
        file.parent.mkdir()
        with tfrecord_writer(file, encoding) as write:
            for trajectory in share:
                write(trajectory)
    records = Records.open([*files, files[0]])  # a file that is named twice counts once
    assert records.lengths.tolist() == [4, 1, 6]
    assert records.languages == [("",), ("put it there", ""), ("put it there", "")]
    np.testing.assert_array_equal(records.state, np.concatenate([one.state for one in trajectories]))
    np.testing.assert_array_equal(records.actions, np.concatenate([one.actions for one in trajectories]))
    images = records.images(np.arange(14)).astype(int)
    expected = np.concatenate([one.frames[0] for one in trajectories]).astype(int)
    assert abs(images - expected).max() <= tolerance


def test_a_broken_jpeg_is_named_with_its_place(tmp_path):
    file = tmp_path / "out.tfrecord"
    index = replace(write_file(file, [2]), encoding="jpeg")
    with pytest.raises(DataError) as caught:
        Records([file], [index]).images(np.array([1]))
    assert str(file) in str(caught.value)
    assert f"the JPEG at byte {index.frame_position[1]} does not decode" in str(caught.value)


def test_the_predecessors_files_are_read(shared, tmp_path):
    golden = shared / "golden" / "peer_tfrecord_64" / "put_carrot_on_plate"
    files = []
    for side in ("train", "val"):
        files.append(tmp_path / side / "out.tfrecord")
        files[-1].parent.mkdir()
        files[-1].write_bytes((golden / side / "out.tfrecord").read_bytes())
    records = Records.open(files)
    assert records.image_shape == (64, 64, 3)
    images = records.images(np.arange(len(records.state)))
    assert images.std(axis=(1, 2, 3)).min() > 20  # photographs, every one
    # Neighbouring frames are alike, those of other trajectories are not: no frame is a byte off.
    steps = np.setdiff1d(np.arange(len(images) - 1), records.first_frame - 1)
    assert np.abs(np.diff(images.astype(int), axis=0))[steps].mean(axis=(1, 2, 3)).max() < 15


@pytest.mark.parametrize(
    "kept",
    [
        "compiled = jax.jit(lambda x: x + len(records)); compiled(1)",  # JAX's caches outlive all modules
        "os.records = records; del records",
        "bridgelib.data.records.records = records; sys.module = bridgelib.data.records; del records",
    ],
)
def test_a_program_that_ends_without_closing_ends_without_a_word(tmp_path, kept):
    """Kept by what is destroyed after the names that closing a file needs."""
    program = f"""
import os, sys
from pathlib import Path
import jax
import numpy as np
import bridgelib.data.records
from tests.data.synthetic import write_records
records = write_records(Path(sys.argv[1]), [[3], [2]])
records.images(np.arange(7))
{kept}
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    environ = {**os.environ, "JAX_PLATFORMS": "cpu"}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=environ)
    told = [line for line in ended.stderr.splitlines() if "No GPU/TPU found" not in line]  # which old JAX tells
    assert (ended.returncode, told) == (0, [])
