"""A task's shards become its TFRecords: divided, indexed, measured and accounted for."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bridgelib.conversion.numpy_to_tfrecord import convert_task
from bridgelib.conversion.task_shards import Settings, shards_of
from bridgelib.conversion.tfrecord_tree import convert_tree, find_shards
from bridgelib.data.split import training_split
from bridgelib.data.statistics import statistics_of
from bridgelib.errors import ConfigError, DataError
from bridgelib.files import read_json
from bridgelib.formats.framing import FOOTER, records
from bridgelib.formats.index import load_index
from bridgelib.formats.report import RejectedTrajectory
from bridgelib.layout import SPLITS
from bridgelib.raw.tree import PassedOver
from tests.results import results_below
from tests.trajectories import make_trajectory, write_shard

SETTINGS = Settings(im_size=8, train_proportion=0.75)
EARLY, LATE = "2021-08-02_10-00-00", "2021-08-03_11-30-00"
BROKEN = RejectedTrajectory(f"open/{EARLY}/raw/traj_group0/traj9", "broken_image", "im_3.jpg is empty")


@pytest.fixture
def shards(tmp_path):
    """Two dated folders: trajectories 0 to 5 and one rejected; 6 to 11, of which 11 copies 2."""
    folder = tmp_path / "numpy" / "open"
    early = [make_trajectory(number, length=3 + number) for number in range(6)]
    late = [make_trajectory(number, languages=("",)) for number in range(6, 11)] + [early[2]]
    return [
        write_shard(folder, EARLY, early, rejected=[BROKEN]),
        write_shard(folder, LATE, late, passed_over=[PassedOver("open/x", "an lmdb copy", 3)]),
    ]


def tree_bytes(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in results_below(folder)}


def indices_of(folder):
    return {side: load_index(folder / side / "out.tfrecord") for side in SPLITS}


def test_a_shard_whose_pixels_changed_on_disk_is_refused(shards, tmp_path):
    content = bytearray(shards[1].read_bytes())
    content[600] ^= 1
    shards[1].write_bytes(content)
    with pytest.raises(DataError, match=rf"{LATE}.npz[^\0]*images0\.npy does not have its checksum"):
        convert_task(shards, tmp_path / "out", SETTINGS)
    assert not list((tmp_path / "out").rglob("*.*"))


def test_every_trajectory_is_on_one_side_or_rejected(shards, tmp_path):
    report = convert_task(shards, tmp_path / "out", SETTINGS)
    assert (report["found"], report["kept"]) == (13, 11)
    assert [entry["reason"] for entry in report["rejected"]] == ["broken_image", "duplicate"]
    assert report["rejected"][1] == {
        "trajectory": f"open/{LATE}/raw/traj_group0/traj2",
        "reason": "duplicate",
        "detail": f"the same content as open/{EARLY}/raw/traj_group0/traj2",
    }
    assert report["passed_over"] == [{"path": "open/x", "why": "an lmdb copy", "count": 3}]
    assert report["instructed"] == 6
    assert (report["train"]["trajectories"], report["val"]["trajectories"]) == (8, 3)
    indices = indices_of(tmp_path / "out")
    for side, index in indices.items():
        assert report[side]["transitions"] == len(index.actions)
        assert report[side]["frames"] == len(index.frame_position)
        assert report[side]["bytes"] == (tmp_path / "out" / side / "out.tfrecord").stat().st_size
    assert report == read_json(tmp_path / "out" / "report.json")


def test_the_split_is_that_of_the_contents_and_is_written(shards, tmp_path):
    convert_task(shards, tmp_path / "out", SETTINGS)
    identities = {make_trajectory(number, length=3 + number).content_id for number in range(6)}
    identities |= {make_trajectory(number).content_id for number in range(6, 11)}
    train = training_split(identities, 0.75, 0)
    split, indices = read_json(tmp_path / "out" / "split.json"), indices_of(tmp_path / "out")
    assert {entry["identity"] for entry in split["train"]} == train
    assert {entry["identity"] for entry in split["val"]} == identities - train
    assert (split["seed"], split["train_proportion"]) == (0, 0.75)
    for side, index in indices.items():
        assert [entry["name"] for entry in split[side]] == list(index.names)
        assert [entry["identity"] for entry in split[side]] == list(index.identities)


def test_records_lie_in_natural_order_with_their_content(shards, tmp_path):
    convert_task(shards, tmp_path / "out", SETTINGS)
    numbers = []
    for index in indices_of(tmp_path / "out").values():
        mine = [int(name.rpartition("traj")[2]) for name in index.names]
        assert mine == sorted(mine)  # traj10 after traj9
        numbers += mine
        for number, (state, actions) in zip(mine, index.trajectories(), strict=True):
            expected = make_trajectory(number, length=3 + number if number < 6 else 4)
            np.testing.assert_array_equal(state, expected.state)
            np.testing.assert_array_equal(actions, expected.actions)
    assert sorted(numbers) == list(range(11))


def test_statistics_are_those_of_the_training_side(shards, tmp_path):
    convert_task(shards, tmp_path / "out", SETTINGS)
    expected = statistics_of([indices_of(tmp_path / "out")["train"]])
    assert read_json(tmp_path / "out" / "statistics.json") == json.loads(json.dumps(expected.to_json()))


def test_what_is_odd_about_the_statistics_is_remarked(tmp_path):
    """An arm that turns across ±π at one height, which differs in its last bit."""
    trajectories = []
    for number in range(4):
        state = np.full((5, 7), 0.3, np.float32)
        state[:, :2] += np.random.default_rng(number).random((5, 2), np.float32)
        state[1::2, 2] = np.nextafter(np.float32(0.3), np.float32(1))
        state[:, 5] = [3.1, -3.1, 3.1, -3.1, 3.1]
        trajectories.append(replace(make_trajectory(number), state=state))
    shard = write_shard(tmp_path / "numpy" / "turn", EARLY, trajectories)
    report = convert_task([shard], tmp_path / "out", SETTINGS)
    told = {
        (each["remark"], each["detail"].partition(" and")[0])
        for each in report["remarks"]
        if each["trajectory"] is None
    }
    assert ("near_constant", "z of the state is 0.3") in told
    assert "angles_straddle" in {code for code, _ in told}
    assert report["remarks"] == read_json(tmp_path / "out" / "report.json")["remarks"]
    statistics = read_json(tmp_path / "out" / "statistics.json")
    assert statistics["relabel_angles"] == "wrapped" and statistics["crossings"]["yaw"] == 12
    assert max(abs(statistics["action"]["min"][5]), abs(statistics["action"]["max"][5])) < 0.1
    assert statistics["proprio"]["floor"][2] == 1e-4 > statistics["proprio"]["std"][2] > 0


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_the_order_of_the_shards_and_where_they_lie_change_nothing(shards, tmp_path, encoding):
    settings = Settings(8, 0.75, image_encoding=encoding)
    convert_task(shards, tmp_path / "one", settings)
    moved = (tmp_path / "numpy" / "open").rename(tmp_path / "elsewhere")
    convert_task([moved / shard.name for shard in reversed(shards)], tmp_path / "two", settings)
    assert tree_bytes(tmp_path / "one") == tree_bytes(tmp_path / "two")


def test_a_second_run_does_nothing_and_a_changed_input_everything(shards, tmp_path, capsys):
    folder = tmp_path / "out"
    convert_task(shards, folder, SETTINGS)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    convert_task(shards[::-1], folder, SETTINGS)
    assert "up to date" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before

    convert_task(shards, folder, Settings(8, 0.75, seed=1))
    assert read_json(folder / "split.json")["seed"] == 1
    assert convert_task(shards[:1], folder, SETTINGS)["found"] == 7
    (folder / "val" / "out.tfrecord").unlink()
    convert_task(shards[:1], folder, SETTINGS)
    assert (folder / "val" / "out.tfrecord").exists()
    write_shard(shards[0].parent, EARLY, [make_trajectory(20), make_trajectory(21)])
    assert convert_task(shards[:1], folder, SETTINGS)["found"] == 2


@pytest.mark.parametrize("side", SPLITS)
@pytest.mark.parametrize("change", ["damaged", "exchanged", "cut"])
def test_a_record_that_is_no_longer_what_was_written_is_made_again(shards, tmp_path, side, change):
    folder = tmp_path / "out"
    convert_task(shards, folder, SETTINGS)
    before = tree_bytes(folder)
    record = folder / side / "out.tfrecord"
    content = bytearray(record.read_bytes())
    first = next(records(content))[1] + FOOTER.size  # where the second record begins
    if change == "damaged":
        content[len(content) // 2] ^= 1
    record.write_bytes(
        {"damaged": content, "exchanged": content[first:] + content[:first], "cut": content[:first]}[change]
    )
    convert_task(shards, folder, SETTINGS)
    assert tree_bytes(folder) == before


def test_other_trajectories_with_the_same_report_are_noticed(shards, tmp_path):
    convert_task(shards[:1], tmp_path / "out", SETTINGS)
    before = shards[0].with_suffix(".report.json").read_bytes()
    others = [make_trajectory(30 + number, length=3 + number) for number in range(6)]
    write_shard(shards[0].parent, EARLY, others, rejected=[BROKEN])
    assert shards[0].with_suffix(".report.json").read_bytes() == before
    convert_task(shards[:1], tmp_path / "out", SETTINGS)
    found = {identity for index in indices_of(tmp_path / "out").values() for identity in index.identities}
    assert found == {trajectory.content_id for trajectory in others}


def test_overwrite_converts_again(shards, tmp_path):
    convert_task(shards, tmp_path / "out", SETTINGS)
    before = tree_bytes(tmp_path / "out")
    (tmp_path / "out" / "train" / "out.tfrecord").write_bytes(b"x" * len(before["train/out.tfrecord"]))
    convert_task(shards, tmp_path / "out", SETTINGS, overwrite=True)
    assert tree_bytes(tmp_path / "out") == before


def test_a_single_trajectory_trains(tmp_path, capsys):
    shard = write_shard(tmp_path / "numpy" / "open", EARLY, [make_trajectory(0)])
    report = convert_task([shard], tmp_path / "out", SETTINGS)
    assert (report["train"]["trajectories"], report["val"]["trajectories"], report["val"]["bytes"]) == (1, 0, 0)
    assert len(indices_of(tmp_path / "out")["val"]) == 0
    assert "validation split is empty" in capsys.readouterr().out


def test_another_image_size_is_refused_before_anything_is_touched(shards, tmp_path):
    convert_task(shards, tmp_path / "out", SETTINGS)
    before = tree_bytes(tmp_path / "out")
    with pytest.raises(ConfigError, match=r"(?s)given: +16, but this shard has images of 8 pixels.*both steps"):
        convert_task(shards, tmp_path / "out", Settings(16, 0.75))
    odd = write_shard(tmp_path / "numpy" / "open", "2022-01-01_00-00-00", [make_trajectory(30, size=16)], im_size=16)
    with pytest.raises(ConfigError, match=r"2022-01-01_00-00-00\.npz, im_size"):
        convert_task([*shards, odd], tmp_path / "out", SETTINGS)
    assert tree_bytes(tmp_path / "out") == before


@pytest.mark.parametrize("proportion", [0.0, 1.5, -1.0])
def test_a_proportion_out_of_range_is_refused(proportion):
    with pytest.raises(ConfigError, match="train_proportion"):
        Settings(8, proportion)


def test_an_unknown_encoding_is_refused():
    with pytest.raises(ConfigError, match="raw, jpeg"):
        Settings(8, 0.9, image_encoding="png")


def test_a_report_of_another_shard_is_refused(shards, tmp_path):
    report = shards[0].with_suffix(".report.json")
    report.write_bytes(shards[1].with_suffix(".report.json").read_bytes().replace(b'"kept": 6', b'"kept": 4'))
    with pytest.raises(DataError):
        convert_task(shards, tmp_path / "out", SETTINGS)
    report.unlink()
    with pytest.raises(DataError, match="no such file"):
        convert_task(shards, tmp_path / "out", SETTINGS)


def test_the_shards_of_a_folder_are_those_whose_session_is_still_there(shards, tmp_path):
    folder, raw = shards[0].parent, tmp_path / "raw" / "open"
    (folder / "notes.npz").write_bytes(b"")
    (raw / LATE).mkdir(parents=True)
    assert shards_of(folder) == shards
    assert shards_of(folder, raw, count=1) == shards[1:]
    with pytest.raises(DataError, match="1 shards of dated folders") as refused:
        shards_of(folder, raw, count=2)
    assert "run the same command again" in refused.value.do


# whole trees


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "numpy"
    for number, task in enumerate(("kitchen/open", "kitchen/close", "push")):
        start = 10 * number
        write_shard(root / task, EARLY, [make_trajectory(start + each) for each in range(3)])
        write_shard(root / task, LATE, [make_trajectory(start + 5)])
    return root


def test_shards_are_found_by_task(tree):
    (tree / "push" / "other.npz").write_bytes(b"")
    tasks = find_shards(tree)
    assert list(tasks) == ["kitchen/close", "kitchen/open", "push"]
    assert [path.stem for path in tasks["push"]] == [EARLY, LATE]


def test_a_wrong_depth_is_refused_with_the_right_one(tree):
    with pytest.raises(ConfigError, match=r"(?s)given: +2, but shards lie in .*kitchen/close.*allowed: +3"):
        find_shards(tree, 2)
    assert list(find_shards(tree / "kitchen", 2)) == ["close", "open"]
    with pytest.raises(DataError, match="no shard"):
        find_shards(tree / "kitchen" / "nothing")


def test_a_wrong_setting_stops_at_once(tree, tmp_path):
    with pytest.raises(ConfigError, match="images of 8 pixels"):
        convert_tree(tree, tmp_path / "out", Settings(16, 0.75))


def test_several_workers_give_the_same_bytes_and_the_same_refusals(tree, tmp_path, capsys):
    (tree / "kitchen" / "close" / f"{EARLY}.npz").write_bytes(b"not a shard")
    for folder, workers in (("one", 1), ("two", 2)):
        with pytest.raises(DataError, match="1 of 3 tasks"):
            convert_tree(tree, tmp_path / folder, SETTINGS, workers=workers)
        assert "damaged shard" in capsys.readouterr().err
    assert tree_bytes(tmp_path / "one") == tree_bytes(tmp_path / "two")
    assert len(tree_bytes(tmp_path / "one")) == 2 * 7


@pytest.mark.parametrize("rejected", [[], [BROKEN]])
def test_a_task_of_which_nothing_is_kept_has_empty_records_and_a_report_that_says_why(tmp_path, capsys, rejected):
    shard = write_shard(tmp_path / "numpy" / "open", EARLY, [], rejected=rejected)
    report = convert_task([shard], tmp_path / "out", SETTINGS)
    assert (report["found"], report["kept"], report["train"]["trajectories"]) == (len(rejected), 0, 0)
    assert [entry["reason"] for entry in report["rejected"]] == ["broken_image"] * len(rejected)
    assert [len(index) for index in indices_of(tmp_path / "out").values()] == [0, 0]
    assert all((tmp_path / "out" / side / "out.tfrecord").read_bytes() == b"" for side in SPLITS)
    assert read_json(tmp_path / "out" / "statistics.json")["transitions"] == 0
    assert "no trajectory of this task was kept" in capsys.readouterr().out
    before = tree_bytes(tmp_path / "out")
    assert convert_task([shard], tmp_path / "out", SETTINGS) == report and tree_bytes(tmp_path / "out") == before


def test_a_task_that_loses_its_last_trajectory_keeps_nothing_of_it(shards, tmp_path):
    convert_task(shards, tmp_path / "out", SETTINGS)
    convert_task([write_shard(tmp_path / "other" / "open", EARLY, [])], tmp_path / "out", SETTINGS)
    assert [len(index) for index in indices_of(tmp_path / "out").values()] == [0, 0]
    assert read_json(tmp_path / "out" / "split.json")["val"] == []
