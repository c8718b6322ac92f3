"""A dated folder: the raw layout, the same bytes every time, whole or not at all."""

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from bridgelib.sim import demonstrations
from bridgelib.sim.demonstrations import demonstrate, demonstration_seed, write_dated_folder
from bridgelib.sim.plan import FIRST_DEMONSTRATION_SEED, PlanEntry, plan
from bridgelib.sim.scene import Scene
from bridgelib.sim.tasks import TASKS
from tests.results import results_below

ENTRY = PlanEntry("push_blue_cylinder_onto_green_cloth", "2021-08-02_12-00-00", 2, seed=3, image_size=(48, 64))


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in results_below(folder)
    }


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    return write_dated_folder(tmp_path_factory.mktemp("raw"), ENTRY)


def unpickled(trajectory, name):
    return pickle.loads((trajectory / name).read_bytes())


def test_the_raw_layout(dated):
    assert dated.parts[-2:] == (ENTRY.task, ENTRY.date)
    assert sorted(path.name for path in dated.iterdir()) == [
        *("collection_metadata.json", "collection_metadata.seal.json", "config.json", "raw")
    ]
    group = dated / "raw" / "traj_group0"
    assert sorted(path.name for path in group.iterdir()) == ["traj0", "traj1"]
    frames = 0
    for trajectory in group.iterdir():
        state = unpickled(trajectory, "obs_dict.pkl")["full_state"]
        outputs = unpickled(trajectory, "policy_out.pkl")
        steps = len(outputs)
        assert 20 <= steps <= 40
        assert state.shape == (steps + 1, 7) and state.dtype == np.float64
        assert unpickled(trajectory, "agent_data.pkl") == {"traj_ok": True, "term_t": steps - 1}
        assert all(output["actions"].shape == (7,) and output["actions"].dtype == np.float64 for output in outputs)
        names = {f"im_{number}.jpg" for number in range(steps + 1)}
        assert {path.name for path in (trajectory / "images0").iterdir()} == names
        frames += len(names)
    assert json.loads((dated / "collection_metadata.json").read_text())["frames"] == frames


def test_frames_are_saved_as_bridgedatas(dated):
    image = Image.open(dated / "raw/traj_group0/traj0/images0/im_3.jpg")
    assert image.format == "JPEG" and image.size == (64, 48) and image.mode == "RGB"
    assert image.quantization[0][:4] == [2, 1, 1, 2]  # quality 95
    assert JpegImagePlugin.get_sampling(image) == 2  # 4:2:0


def test_files_have_the_keys_of_real_ones(dated, shared):
    ours = dated / "raw/traj_group0/traj0"
    theirs = next((shared / "bridge-sample/raw").glob("*/*/raw/traj_group0/traj1"))
    for name in ("obs_dict.pkl", "agent_data.pkl"):
        assert unpickled(ours, name).keys() == unpickled(theirs, name).keys()
    assert unpickled(ours, "policy_out.pkl")[0].keys() == unpickled(theirs, "policy_out.pkl")[0].keys()
    assert {path.name for path in ours.iterdir()} == {path.name for path in theirs.iterdir()} - {
        "images1",
        "images2",
        "images3",
    }


def test_language_is_an_instruction_and_a_confidence_line(dated):
    for trajectory in (dated / "raw/traj_group0").iterdir():
        instruction, confidence = (trajectory / "lang.txt").read_text().splitlines()
        assert instruction in TASKS[ENTRY.task].instructions
        assert confidence == "confidence: 1.0"


def test_phrasings_vary():
    seeds = [demonstration_seed(ENTRY, number) for number in range(8)]
    assert len(set(seeds)) == 8
    phrasings = {demonstrate(ENTRY.task, seed, (16, 16)).instruction for seed in seeds}
    assert len(phrasings) >= 2


def test_time_stamps_follow_from_the_date_at_five_hertz(dated):
    stamps = unpickled(dated / "raw/traj_group0/traj1", "obs_dict.pkl")["time_stamp"]
    # 2021-08-02 12:00:00 UTC, and one minute later the second demonstration.
    assert stamps[0] == 1627905600 + 60
    np.testing.assert_allclose(np.diff(stamps), 0.2, atol=1e-6)


def test_the_gripper_is_open_at_one(dated):
    """The demonstrator squeezes (action to 0) and the fingers follow (state falls from 1)."""
    trajectory = dated / "raw/traj_group0/traj0"
    state = unpickled(trajectory, "obs_dict.pkl")["full_state"]
    actions = np.array([output["actions"] for output in unpickled(trajectory, "policy_out.pkl")])
    assert state[0, 6] == 1 and state[-1, 6] == 0
    assert actions[-1, 6] == 0
    assert state[1, 6] > actions[0, 6]  # with a lag


def test_bytes_are_the_same_in_another_process_beside_other_folders(dated, tmp_path, repository):
    write_dated_folder(tmp_path, PlanEntry(ENTRY.task, "2021-08-03_12-00-00", 1, seed=3, image_size=(48, 64)))
    script = [sys.executable, "workflow_scripts/simulate_demonstrations.py", "--raw", str(tmp_path)]
    options = ["--task", ENTRY.task, "--date", ENTRY.date, "--demonstrations", "2", "--seed", "3"]
    subprocess.run([*script, *options, "--image_size", "48", "64"], cwd=repository, check=True, capture_output=True)
    assert digests(tmp_path / ENTRY.task / ENTRY.date) == digests(dated)


@pytest.mark.parametrize("change", [{"date": "2021-08-03_12-00-00"}, {"seed": 4}])
def test_other_entries_give_other_demonstrations(dated, tmp_path, change):
    entry = PlanEntry(**{**vars(ENTRY), "demonstrations": 1, **change})
    images = write_dated_folder(tmp_path, entry) / "raw/traj_group0/traj0/images0"
    assert not set(digests(images).values()) & set(digests(dated).values())


def test_a_former_folder_is_replaced(tmp_path):
    folder = tmp_path / ENTRY.task / ENTRY.date
    stray = folder / "raw/traj_group0/traj99/lang.txt"
    stray.parent.mkdir(parents=True)
    stray.touch()
    write_dated_folder(tmp_path, PlanEntry(**{**vars(ENTRY), "demonstrations": 1}))
    assert not stray.exists() and (folder / "collection_metadata.json").exists()
    assert [path.name for path in folder.parent.iterdir()] == [ENTRY.date]


def test_killed_at_any_moment_it_leaves_no_folder_and_the_rerun_gives_the_same(dated, tmp_path, repository):
    script = [sys.executable, "workflow_scripts/simulate_demonstrations.py", "--raw", str(tmp_path)]
    options = ["--task", ENTRY.task, "--date", ENTRY.date, "--demonstrations", "500", "--image_size", "48", "64"]
    process = subprocess.Popen([*script, *options], cwd=repository, stderr=subprocess.DEVNULL)
    partial = tmp_path / ENTRY.task / f".{ENTRY.date}.partial"
    deadline = time.monotonic() + 60
    while not (partial / "raw/traj_group0/traj1").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert [path.name for path in (tmp_path / ENTRY.task).iterdir()] == [partial.name]
    folder = write_dated_folder(tmp_path, ENTRY)
    assert digests(folder) == digests(dated)
    assert [path.name for path in folder.parent.iterdir()] == [ENTRY.date]


def test_no_two_demonstrations_of_a_tree_are_alike():
    seeds = [demonstration_seed(entry, number) for entry in plan({}) for number in range(entry.demonstrations)]
    assert len(set(seeds)) == 60


@pytest.mark.parametrize("digest", [bytes(32), bytes([255] * 32)])
def test_no_demonstration_has_the_seed_of_an_evaluated_scene(monkeypatch, digest):
    """Whatever the hash says, its lowest and its highest value included."""
    monkeypatch.setattr(hashlib, "sha256", lambda name: SimpleNamespace(digest=lambda: digest))
    assert demonstration_seed(ENTRY, 0) >= FIRST_DEMONSTRATION_SEED


def test_seeds_on_both_sides_of_the_border_give_different_scenes():
    """As SeedSequence takes numbers apart into words of 32 bits, which must not fall together."""
    seeds = [0, 2**32, 2**47, FIRST_DEMONSTRATION_SEED - 1, FIRST_DEMONSTRATION_SEED, FIRST_DEMONSTRATION_SEED + 2**32]
    assert len({tuple(Scene(ENTRY.task, seed).state) for seed in seeds}) == len(seeds)


def test_noise_changes_neither_scene_nor_instruction():
    for seed in range(4):
        plain, noisy = (demonstrate(ENTRY.task, seed, (16, 16), noise) for noise in (0.0, 0.012))
        np.testing.assert_array_equal(plain.images[0], noisy.images[0])
        np.testing.assert_array_equal(plain.states[0], noisy.states[0])
        np.testing.assert_array_equal(plain.actions[0], noisy.actions[0])
        assert not np.array_equal(plain.states[-1], noisy.states[-1])
        assert plain.instruction == noisy.instruction


def test_a_demonstration_that_noise_makes_too_long_is_tried_again(monkeypatch):
    """In the same scene, with other noise; the same every time."""
    seed, scene = 2, Scene(ENTRY.task, 2)
    first = demonstrate(ENTRY.task, seed, (16, 16), 0.012)
    monkeypatch.setattr(demonstrations, "LONGEST", len(first.images) - 1)
    again, same = (demonstrate(ENTRY.task, seed, (16, 16), 0.012) for _ in range(2))
    assert len(again.images) < len(first.images)
    np.testing.assert_array_equal(again.states[0], scene.state)
    np.testing.assert_array_equal(again.states, same.states)
    assert not np.array_equal(again.states, first.states[: len(again.states)])


def test_an_expert_that_never_succeeds_is_our_own_fault(monkeypatch):
    monkeypatch.setattr(demonstrations, "LONGEST", 3)
    with pytest.raises(AssertionError, match="the expert failed"):
        demonstrate(ENTRY.task, 0, (16, 16))


def test_action_noise_of_the_command_line_is_that_of_the_plan(tmp_path, repository):
    entry = PlanEntry(**{**vars(ENTRY), "demonstrations": 1, "action_noise": 0.012})
    planned = write_dated_folder(tmp_path / "planned", entry)
    script = [sys.executable, "workflow_scripts/simulate_demonstrations.py", "--raw", str(tmp_path / "told")]
    options = ["--task", entry.task, "--date", entry.date, "--demonstrations", "1", "--seed", "3"]
    more = ["--image_size", "48", "64", "--action_noise", "0.012"]
    subprocess.run([*script, *options, *more], cwd=repository, check=True, capture_output=True)
    assert digests(tmp_path / "told" / entry.task / entry.date) == digests(planned)
    assert json.loads((planned / "config.json").read_text())["action_noise_m"] == 0.012
