import json
import subprocess
import sys
import types

import pytest

from bridgelib.errors import ConfigError
from bridgelib.training.tracking import WandbMirror, resolved_mode, run_id


class FakeRun:
    def __init__(self, step=0):
        self.step, self.logged, self.finished = step, [], None

    def log(self, values, step):
        self.logged.append((step, values))

    def finish(self, exit_code):
        self.finished = exit_code


@pytest.fixture
def fake(monkeypatch):
    """A stand-in for the wandb module that records what it is asked for."""
    module = types.ModuleType("wandb")
    module.calls, module.run, module.fails = [], FakeRun(), []

    def init(**options):
        module.calls.append(options)
        if options["mode"] in module.fails:
            raise ConnectionError("no network")
        return module.run

    module.init, module.Settings = init, lambda **options: options
    module.teardown = lambda: module.calls.append("teardown")
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


@pytest.fixture
def metrics(tmp_path):
    path = tmp_path / "metrics.jsonl"
    lines = [{"step": step, "kind": "train", "loss": step / 2, "time": {"seconds": 1.0}} for step in (1, 2, 3)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def mirror(folder, mode) -> WandbMirror:
    return WandbMirror(folder, mode, project="p", name="n", config={"a": 1})


@pytest.mark.parametrize(
    ("configured", "environ", "mode"),
    [
        ("auto", {"WANDB_API_KEY": "k", "NETRC": "/nowhere"}, "online"),
        ("auto", {"NETRC": "/nowhere"}, "offline"),
        ("auto", {"WANDB_API_KEY": "k", "WANDB_MODE": "offline"}, "offline"),
        ("online", {"WANDB_MODE": "disabled"}, "disabled"),
        ("offline", {"WANDB_API_KEY": "k"}, "offline"),
        ("auto", {"WANDB_API_KEY": "k", "WANDB_MODE": "dryrun"}, "offline"),
        ("disabled", {"WANDB_MODE": "run"}, "online"),
    ],
)
def test_mode(configured, environ, mode):
    assert resolved_mode(configured, environ) == mode


def test_auto_is_online_when_netrc_knows_the_server(tmp_path):
    path = tmp_path / "netrc"
    path.write_text("machine api.wandb.ai login user password secret\n")
    path.chmod(0o600)
    assert resolved_mode("auto", {"NETRC": str(path)}) == "online"
    assert resolved_mode("auto", {"NETRC": str(path), "WANDB_BASE_URL": "https://wandb.lab"}) == "offline"


def test_unknown_mode_is_refused_by_the_name_it_came_from():
    with pytest.raises(ConfigError, match="WANDB_MODE"):
        resolved_mode("auto", {"WANDB_MODE": "dry"})


def test_id_is_one_per_folder_and_stays(tmp_path):
    first, second = tmp_path / "a" / "bc-0123456789ab", tmp_path / "b" / "bc-0123456789ab"
    identity = run_id(first)
    assert identity.startswith("0123456789ab-")
    assert run_id(second) != identity
    first.rename(tmp_path / "bc-ffffffffffff")  # a run that was moved stays the same run
    assert run_id(tmp_path / "bc-ffffffffffff") == identity


def test_disabled_imports_nothing_and_writes_nothing(tmp_path, repository):
    code = (
        "import sys; from pathlib import Path; from bridgelib.training.tracking import WandbMirror\n"
        "m = WandbMirror(Path(sys.argv[1]), 'disabled', project='p', name='n', config={})\n"
        "m.catch_up(Path('none')); m.write({}); m.close(); assert 'wandb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=repository)
    assert list(tmp_path.iterdir()) == []


def test_online_goes_on_under_one_id_and_sends_what_is_missing(tmp_path, fake, metrics):
    mirror(tmp_path, "online")
    fake.run = FakeRun(step=2)
    again = mirror(tmp_path, "online")
    again.catch_up(metrics)
    again.write({"step": 4, "kind": "validation", "mse": 0.5, "time": {}})
    again.close()
    first, second = fake.calls
    assert first["id"] == second["id"] and second["resume"] == "allow"
    assert fake.run.logged == [
        (2, {"train/loss": 1.0, "time/seconds": 1.0}),
        (3, {"train/loss": 1.5, "time/seconds": 1.0}),
        (4, {"validation/mse": 0.5}),
    ]
    assert fake.run.finished == 0


def test_offline_begins_again_under_one_id_and_removes_the_part_before(tmp_path, fake, metrics):
    mirror(tmp_path, "offline")
    identity = fake.calls[0]["id"]
    former = tmp_path / "wandb" / f"offline-run-20260101_000000-{identity}"
    other = tmp_path / "wandb" / "offline-run-20260101_000000-other"
    for path in (former, other):
        path.mkdir()
    mirror(tmp_path, "offline").catch_up(metrics)
    assert fake.calls[1]["id"] == identity
    assert not former.exists() and other.exists()
    assert [step for step, _ in fake.run.logged] == [1, 2, 3]


def test_online_without_network_becomes_offline(tmp_path, fake, metrics, capsys):
    fake.fails = ["online"]
    mirror(tmp_path, "online").catch_up(metrics)
    online, ended, offline = fake.calls  # the service that holds the id ends between the two
    assert (online["mode"], ended, offline["mode"]) == ("online", "teardown", "offline")
    assert "ConnectionError: no network" in capsys.readouterr().err
    assert len(fake.run.logged) == 3


def test_whatever_fails_is_said_once_and_training_goes_on(tmp_path, fake, metrics, capsys):
    working = mirror(tmp_path, "offline")
    fake.run.log = lambda *arguments, **options: 1 / 0
    working.catch_up(metrics)
    working.write({"step": 4, "kind": "train", "time": {}})
    working.close()
    fake.fails = ["offline"]
    mirror(tmp_path, "offline").write({"step": 4, "kind": "train", "time": {}})
    told = capsys.readouterr().err
    assert told.count("ZeroDivisionError") == 1 and told.count("ConnectionError") == 1


def test_real_wandb_offline_puts_its_files_in_the_run_folder(tmp_path, metrics, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    for _ in range(2):
        real = mirror(tmp_path / "run", "offline")
        real.catch_up(metrics)
        real.close()
    identity = (tmp_path / "run" / "wandb" / "run_id").read_text()
    folders = list((tmp_path / "run" / "wandb").glob("offline-run-*"))
    assert len(folders) == 1 and folders[0].name.endswith(identity)
    assert list(folders[0].glob("*.wandb"))


def test_the_seeds_of_an_experiment_are_shown_as_one_group(fake, tmp_path):
    WandbMirror(tmp_path, "offline", project="p", name="x_s0", config={}, group="x")
    WandbMirror(tmp_path, "offline", project="p", name="alone", config={})
    assert [(call["name"], call["group"]) for call in fake.calls] == [("x_s0", "x"), ("alone", None)]


def test_nobody_is_asked_for_a_key_in_a_terminal(tmp_path, fake, monkeypatch, capsys):
    """W&B would ask, and the training would wait for an answer."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    mirror(tmp_path, "online")
    assert [call["mode"] for call in fake.calls if call != "teardown"] == ["offline"]
    assert "no API key" in capsys.readouterr().err
    monkeypatch.setenv("WANDB_API_KEY", "k")
    mirror(tmp_path, "online")
    assert fake.calls[-1]["mode"] == "online"
