"""One dated folder or a whole tree to shards: same bytes however it is done, nothing done twice, real data kept."""

import io
import json
import os
import threading
import time

import numpy as np
import pytest

from bridgelib.conversion.raw_to_numpy import DatedFolder, Settings, convert_dated_folder, convert_tree
from bridgelib.errors import ConfigError, DataError
from bridgelib.files import alone
from bridgelib.formats.report import Report
from bridgelib.formats.shard import Shard
from bridgelib.progress import Progress
from bridgelib.raw.trajectory import read_trajectory
from bridgelib.raw.tree import find_tasks
from tests.raw_trees import DATE, FAULTS, write_dated_folder


def job(raw, out, name="a"):
    return DatedFolder(raw, raw / "task" / DATE, out / f"{name}.npz", out / f"{name}.report.json")


def output(job):
    return job.shard.read_bytes(), job.report.read_bytes()


@pytest.fixture
def mixed(tmp_path):
    """Twelve trajectories of different lengths, some bad."""
    raw = tmp_path / "raw"
    folders = write_dated_folder(raw, trajectories=12)
    for number, label in {1: "truncated JPEG", 4: "missing policy_out.pkl", 11: "duplicate of the first"}.items():
        FAULTS[label].plant(folders[number])
    return raw


def test_any_number_of_workers_gives_the_same_bytes(mixed, tmp_path):
    outputs = []
    for workers in (1, 2, 8):
        convert_dated_folder(job(mixed, tmp_path, f"w{workers}"), Settings(16), workers)
        outputs.append(output(job(mixed, tmp_path, f"w{workers}")))
    assert outputs[0] == outputs[1] == outputs[2]


def test_any_order_of_listing_gives_the_same_bytes(mixed, tmp_path, monkeypatch):
    convert_dated_folder(job(mixed, tmp_path, "a"), Settings(16), 2)
    listed = os.scandir

    class Shuffled:
        def __init__(self, folder):
            with listed(folder) as entries:
                self.entries = list(entries)
            np.random.default_rng(5).shuffle(self.entries)

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_error):
            pass

    monkeypatch.setattr("bridgelib.raw.tree.os.scandir", Shuffled)
    convert_dated_folder(job(mixed, tmp_path, "b"), Settings(16), 2)
    assert output(job(mixed, tmp_path, "a")) == output(job(mixed, tmp_path, "b"))


def test_the_shard_holds_what_read_trajectory_gives(mixed, tmp_path):
    convert_dated_folder(job(mixed, tmp_path), Settings(16), 2)
    shard = Shard(tmp_path / "a.npz")
    assert len(shard) == 9
    for kept in shard:
        expected = read_trajectory(mixed, kept.name, 16)
        assert kept.content_id == expected.content_id
        assert kept.languages == expected.languages == ("put the pot on the stove",)
        assert np.array_equal(kept.frames[0], expected.frames[0])
        for key in ("state", "time_stamp", "actions"):
            assert np.array_equal(getattr(kept, key), getattr(expected, key))


def test_no_more_than_two_trajectories_per_worker_are_in_flight(tmp_path, monkeypatch):
    write_dated_folder(tmp_path / "raw", trajectories=20)
    started, written, most = 0, 0, 0

    def counted_read(*arguments):
        nonlocal started, most
        started += 1
        most = max(most, started - written)
        return read_trajectory(*arguments)

    class Counted(Progress):
        def advance(self, units=1, note=""):
            nonlocal written
            written += units

    monkeypatch.setattr("bridgelib.conversion.raw_to_numpy.read_trajectory", counted_read)
    convert_dated_folder(job(tmp_path / "raw", tmp_path), Settings(8), 2, progress=Counted(20, "trajectories", ""))
    assert (started, written) == (20, 20)
    assert most <= 2 * 2 + 1  # and one being written


def test_progress_is_shown(tmp_path):
    write_dated_folder(tmp_path / "raw")
    stream = io.StringIO()
    progress = Progress(3, "trajectories", "raw_to_numpy", interval=0, stream=stream)
    convert_dated_folder(job(tmp_path / "raw", tmp_path), Settings(8), progress=progress)
    lines = stream.getvalue().splitlines()
    assert [line.split("  ")[1] for line in lines] == [f"{done}/3 trajectories" for done in (1, 2, 3)]
    assert all("trajectories/s" in line and "ETA" in line for line in lines)


# A second run.


def stamps(job):
    return [(path.stat().st_mtime_ns, path.stat().st_ino) for path in (job.shard, job.report)]


def again(job, settings=None, **options):
    """Whether a second run writes anything."""
    before = stamps(job)
    report = convert_dated_folder(job, settings or Settings(16), **options)
    assert report == Report.load(job.report)
    return stamps(job) != before


def test_a_second_run_does_nothing(mixed, tmp_path):
    convert_dated_folder(job(mixed, tmp_path), Settings(16))
    assert not again(job(mixed, tmp_path))
    assert not again(job(mixed, tmp_path), workers=2)
    assert again(job(mixed, tmp_path), overwrite=True)


def test_other_settings_are_done_anew(tmp_path):
    write_dated_folder(tmp_path / "raw", cameras=(0, 1))
    convert_dated_folder(job(tmp_path / "raw", tmp_path), Settings(16))
    assert again(job(tmp_path / "raw", tmp_path), Settings(8))
    assert again(job(tmp_path / "raw", tmp_path), Settings(8, (1, 0)))
    assert not again(job(tmp_path / "raw", tmp_path), Settings(8, (0, 1)))


def test_a_trajectory_that_came_or_went_is_noticed(mixed, tmp_path):
    convert_dated_folder(job(mixed, tmp_path), Settings(16))
    group = mixed / "task" / DATE / "raw" / "traj_group0"
    (group / "traj12").mkdir()
    assert again(job(mixed, tmp_path))
    (group / "traj12").rmdir()
    assert again(job(mixed, tmp_path))


@pytest.mark.parametrize("lost", ["shard", "report"])
def test_a_shard_or_report_alone_is_done_anew(mixed, tmp_path, lost):
    convert_dated_folder(job(mixed, tmp_path), Settings(16))
    before = output(job(mixed, tmp_path))
    getattr(job(mixed, tmp_path), lost).unlink()
    convert_dated_folder(job(mixed, tmp_path), Settings(16))
    assert output(job(mixed, tmp_path)) == before


@pytest.mark.parametrize("damaged", ["shard", "report"])
def test_a_damaged_shard_or_report_is_done_anew(mixed, tmp_path, damaged):
    convert_dated_folder(job(mixed, tmp_path), Settings(16))
    before = output(job(mixed, tmp_path))
    path = getattr(job(mixed, tmp_path), damaged)
    path.write_bytes(path.read_bytes()[:-50])
    convert_dated_folder(job(mixed, tmp_path), Settings(16))
    assert output(job(mixed, tmp_path)) == before


def test_the_report_is_away_while_the_shard_is_being_written(mixed, tmp_path, monkeypatch):
    convert_dated_folder(job(mixed, tmp_path), Settings(16))

    class Watching(Progress):
        def advance(self, units=1, note=""):
            assert not job(mixed, tmp_path).report.exists()

    convert_dated_folder(job(mixed, tmp_path), Settings(16), overwrite=True, progress=Watching(12, "", ""))
    assert job(mixed, tmp_path).report.exists()


# Settings.


@pytest.mark.parametrize("im_size", [0, -1, 100_000])
def test_impossible_image_sizes_are_refused(im_size):
    with pytest.raises(ConfigError, match="im_size"):
        Settings(im_size)


@pytest.mark.parametrize("cameras", [(), (1,), (0, 0), (0, -1)])
def test_impossible_cameras_are_refused(cameras):
    with pytest.raises(ConfigError, match="cameras"):
        Settings(16, cameras)


def test_impossible_folders_and_workers_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="a folder below the raw root"):
        DatedFolder(tmp_path / "raw", tmp_path / DATE, tmp_path / "a.npz", tmp_path / "a.json")
    with pytest.raises(ConfigError, match="a name like 2021-08-02_10-00-00"):
        DatedFolder(tmp_path, tmp_path / "task" / "backup", tmp_path / "a.npz", tmp_path / "a.json")
    with pytest.raises(ConfigError, match="workers"):
        convert_dated_folder(job(tmp_path, tmp_path), Settings(16), workers=0)
    with pytest.raises(DataError, match="No such file"):
        convert_dated_folder(job(tmp_path, tmp_path), Settings(16))


# Whole trees.


def test_a_tree_becomes_a_tree_of_shards(tmp_path):
    raw = tmp_path / "raw"
    for number, place in enumerate(["a/2021-08-02_10-00-00", "b/2021-08-02_10-00-00", "b/2021-08-03_10-00-00"]):
        folders = write_dated_folder(raw, *place.split("/"), trajectories=2, seed=10 * number)
    FAULTS["extra frame"].plant(folders[0])
    (raw / "b" / "notes").mkdir()
    report = convert_tree(find_tasks(raw), tmp_path / "numpy", Settings(8), workers=2)
    assert (report.found, report.kept, report.transitions, report.instructed) == (6, 5, 15, 5)
    assert [entry.reason for entry in report.rejected] == ["extra_frame"]
    assert [entry.path for entry in report.passed_over] == ["b/notes"]
    written = {path.relative_to(tmp_path / "numpy").as_posix() for path in (tmp_path / "numpy").rglob("*.*")}
    assert written == {
        f"{place}{kind}"
        for place in ("a/2021-08-02_10-00-00", "b/2021-08-02_10-00-00", "b/2021-08-03_10-00-00")
        for kind in (".npz", ".report.json", ".seal.json")
    }
    assert Shard(tmp_path / "numpy" / "b" / "2021-08-02_10-00-00.npz").names[0].startswith("b/2021-08-02_10-00-00/raw/")


@pytest.mark.parametrize("im_size", [64, 128, 256])
def test_the_real_sample_is_kept_whole(shared, tmp_path, im_size):
    tree = find_tasks(shared / "bridge-sample" / "raw", 2)
    report = convert_tree(tree, tmp_path, Settings(im_size), workers=2)
    # 21 trajectories of 9 actions; the latency correction takes one from each of three.
    assert (report.found, report.kept, report.transitions, report.instructed) == (21, 21, 21 * 9 - 3, 21)
    assert (report.rejected, report.passed_over) == ((), ())
    shard = Shard(tmp_path / "turn_lever_vertical_to-front" / "2021-06-15_09-00-00.npz")
    assert [len(trajectory.actions) for trajectory in shard] == [8, 8, 8]
    assert {frames.shape for trajectory in shard for frames in trajectory.frames.values()} == {(9, im_size, im_size, 3)}
    assert json.loads((tmp_path / "put_carrot_on_plate" / "2021-08-02_10-00-00.report.json").read_text())["kept"] > 0


def test_who_waited_finds_the_shard_done(mixed, tmp_path, monkeypatch):
    """The successor of a job that a killed workflow left behind: told to convert anew, it takes what that one made."""
    work, settings = job(mixed, tmp_path), Settings(16)
    with alone(work.shard):
        thread = threading.Thread(target=convert_dated_folder, args=(work, settings), kwargs={"overwrite": True})
        thread.start()
        time.sleep(0.5)
        other = job(mixed, tmp_path, "other")  # the orphan holds the lock, and does the same
        convert_dated_folder(other, settings)
        other.shard.rename(work.shard)
        other.report.rename(work.report)
        before = work.shard.stat()
    thread.join()
    assert os.path.samestat(work.shard.stat(), before) and Shard(work.shard)
    convert_dated_folder(work, settings, overwrite=True)
    assert not os.path.samestat(work.shard.stat(), before)
