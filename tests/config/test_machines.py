"""Machine profiles: the facts of the users' machines, how one is chosen, what is refused."""

import socket

import pytest
import yaml

from bridgelib.config.machines import choose_machine, load_machine
from bridgelib.errors import ConfigError

ROOTS = {"raw": "raw", "numpy": "numpy", "tfrecord": "tfrecord", "runs": "runs"}


def profile(folder, **keys):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**ROOTS, **keys}))
    return str(path)


@pytest.mark.parametrize(
    ("name", "raw", "train_proportion"),
    [("tasl", "/data3/vla-reasoning/dataset/bdv2", 0.9), ("lira", "/scr/litian/dataset/bdv2", 0.99)],
)
def test_the_users_machines_are_as_their_guide_says(repository, name, raw, train_proportion):
    machine = load_machine(name, repository)
    assert (machine.raw, machine.numpy, machine.tfrecord) == (raw, f"{raw}_numpy", f"{raw}_tfrecord")
    assert (machine.depth, machine.workers, machine.tfrecord_workers, machine.im_size) == (2, 8, 1, 256)
    assert machine.train_proportion == train_proportion
    assert machine.gpus == (0,) and machine.environment == "cuda12"


def test_every_shipped_profile_loads(repository):
    for path in (repository / "config" / "machines").glob("*.yaml"):
        assert load_machine(path.stem, repository).name == path.stem


def test_the_demo_lies_in_the_repository(repository):
    assert load_machine("demo", repository).raw == str(repository / "demo" / "raw")


def test_relative_roots_start_at_the_profile(repository, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    machine = load_machine(profile(tmp_path, raw="../data"), repository)
    assert machine.raw == str(tmp_path.parent / "data") and machine.runs == str(tmp_path / "runs")


def test_the_command_line_wins_over_the_profile(repository, tmp_path):
    assert load_machine(profile(tmp_path, im_size=64), repository, {"im_size": 128}).im_size == 128


@pytest.mark.parametrize("given", ["0,1", "0, 1", [0, 1], ["0", "1"]])
def test_gpus_are_taken_as_users_write_them(repository, tmp_path, given):
    assert load_machine(profile(tmp_path, gpus=given), repository).gpus == (0, 1)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"trainproportion": 0.9}, "did you mean 'train_proportion'?"),
        ({"depth": 1}, "auto, or 2"),
        ({"train_proportion": 0}, "more than 0"),
        ({"train_proportion": 1.5}, "at most 1"),
        ({"im_size": 4}, "16 to 1024"),
        ({"cameras": [1]}, "camera 0"),
        ({"image_encoding": "png"}, "one of raw, jpeg"),
        ({"gpus": "0,0"}, "each GPU once"),
        ({"gpus": "all"}, "numbers of GPUs"),
        ({"gpus": [0, -1]}, "numbers of GPUs"),
        ({"gpus": True}, "nvidia-smi -L"),
        ({"cameras": [0, 1, 1]}, "each camera once"),
        ({"hostnames": [3]}, "a list of texts"),
        ({"raw": ""}, "a folder of its own"),
        ({"runs": "data/tfrecord", "tfrecord": "data/tfrecord"}, "the folder of `tfrecord`"),
        ({"numpy": "{wildcard}/numpy"}, "no braces"),
        ({"workers": 0}, "1 or more"),
        ({"latency_shift": 2}, "auto, 0 or 1"),
        ({"latency_shift": "never"}, "a whole number or one of auto"),
        ({"latency_shift": True}, "a whole number or one of auto"),
        ({"gaze": "filtered"}, "one of none, filter, no_filter"),
        ({"gaze": "filter", "simulation": {"demonstrations": 1}}, "none where demonstrations are simulated"),
    ],
)
def test_a_bad_key_is_refused_with_file_and_what_is_allowed(repository, tmp_path, keys, said):
    with pytest.raises(ConfigError) as refused:
        load_machine(profile(tmp_path, **keys), repository)
    assert "mine.yaml" in str(refused.value) and said in str(refused.value)


def test_an_empty_list_of_gpus_is_none(repository, tmp_path):
    assert load_machine(profile(tmp_path, gpus=None), repository).gpus == ()
    assert load_machine(profile(tmp_path, gpus=[0]), repository, {"gpus": "null", "threads": "null"}).gpus == ()


def test_an_unknown_machine_lists_the_known_ones(repository):
    with pytest.raises(ConfigError) as refused:
        load_machine("tals", repository)
    assert "did you mean 'tasl'?" in str(refused.value) and "lira" in str(refused.value)


def test_the_machine_is_chosen_by_name_then_variable_then_host_then_demo(tmp_path, monkeypatch):
    machines = tmp_path / "config" / "machines"
    machines.mkdir(parents=True)
    (machines / "big.yaml").write_text(yaml.safe_dump({**ROOTS, "hostnames": ["gpu-*"]}))
    monkeypatch.setattr(socket, "gethostname", lambda: "gpu-7")
    assert choose_machine("named", tmp_path, {"MACHINE": "variable"}) == "named"
    assert choose_machine(None, tmp_path, {"MACHINE": "variable"}) == "variable"
    assert choose_machine(None, tmp_path, {}) == "big"
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    assert choose_machine(None, tmp_path, {}) == "demo"


def test_how_a_gpu_s_memory_is_taken_is_checked(tmp_path, repository):
    assert load_machine(profile(tmp_path), repository).gpu_memory == "auto"
    assert load_machine(profile(tmp_path, gpu_memory="grow"), repository).gpu_memory == "grow"
    assert load_machine(profile(tmp_path, gpu_memory="0.9", deterministic=True), repository).gpu_memory == 0.9
    for wrong in (0, 1.5, "most"):
        with pytest.raises(ConfigError, match="gpu_memory"):
            load_machine(profile(tmp_path, gpu_memory=wrong), repository)


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("environment", "cuda-12", "cuda12"),
        ("environment", "seed_cuda12", "seed-cuda12"),
        ("gaze", "nofilter", "no_filter"),
    ],
)
def test_a_misspelt_choice_is_answered_with_the_right_one(tmp_path, repository, key, value, hint):
    with pytest.raises(ConfigError) as refused:
        load_machine(profile(tmp_path, **{key: value}), repository)
    assert refused.value.do == f"did you mean '{hint}'?" and hint in str(refused.value.allowed)
