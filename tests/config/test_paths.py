"""Paths in settings: what is expanded, what is refused, and where a file is looked for."""

import pytest
import yaml

from bridgelib.config.machines import load_machine
from bridgelib.config.paths import found_file
from bridgelib.config.settings import load_settings
from bridgelib.errors import ConfigError
from bridgelib.language.processor_settings import encoder_settings
from bridgelib.workflow.plan import WorkflowPlan

NOWHERE = ["$NOT_SET_HERE/data", "${NOT_SET_HERE}/data", "/data/$NOT_SET_HERE", "$EMPTY/data", "~nobody-at-all/data"]
NOWHERE += ["${HOME:-/x}/data", "${LAB/data", "$(pwd)/data", "$NESTED/data", "$BLANK/data"]


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("BLANK", " ")
    monkeypatch.setenv("NESTED", "/data/$NOT_SET_HERE")
    monkeypatch.setenv("LAB", "/lab")
    monkeypatch.setenv("HOME", "/home/me")


ROOTS = {root: root for root in ("raw", "numpy", "tfrecord", "runs")}


@pytest.mark.parametrize("given", NOWHERE)
@pytest.mark.parametrize("root", ROOTS)
def test_so_it_is_for_every_root_of_a_profile(repository, tmp_path, given, root):
    profile = tmp_path / "mine.yaml"
    profile.write_text(yaml.safe_dump({**ROOTS, root: given}))
    with pytest.raises(ConfigError, match=f"mine.yaml, key '{root}'"):
        load_machine(str(profile), repository)


def settings_with(repository, folder, **config):
    profile, experiments = folder / "mine.yaml", folder / "experiments.yaml"
    profile.write_text(yaml.safe_dump({**ROOTS, "depth": 2}))
    experiments.write_text(yaml.safe_dump({"matrix": {"algos": ["bc"], "tasks": ["t"]}}))
    chosen = {"machine": str(profile), "experiments": str(experiments), **config}
    return load_settings(chosen, repository, {}, folder)


@pytest.mark.parametrize("given", NOWHERE)
@pytest.mark.parametrize("key", ["machine", "experiments", "datasets"])
def test_and_for_every_file_that_settings_name(repository, tmp_path, given, key):
    with pytest.raises(ConfigError) as refused:
        settings_with(repository, tmp_path, **{key: f"{given}.yaml"})
    assert f"{given}.yaml" in str(refused.value) and key in refused.value.where
    assert "no file" not in str(refused.value)


@pytest.mark.parametrize("given", NOWHERE)
@pytest.mark.parametrize("key", ["data_root", "save_dir"])
def test_and_for_the_roots_of_an_experiments_file(repository, tmp_path, given, key):
    experiments = tmp_path / "other.yaml"
    experiments.write_text(yaml.safe_dump({"global": {key: given}, "matrix": {"algos": ["bc"], "tasks": ["t"]}}))
    with pytest.raises(ConfigError, match=f"section 'global', key '{key}'"):
        WorkflowPlan(settings_with(repository, tmp_path, experiments=str(experiments)), repository).data_root("bc_t")


@pytest.mark.parametrize("given", NOWHERE)
def test_and_for_the_folder_of_a_language_model(given):
    with pytest.raises(ConfigError, match="key 'model'") as refused:
        encoder_settings("clip", {"model": given})
    assert "there is no folder" not in str(refused.value)


@pytest.mark.parametrize("key", ["machine", "experiments", "datasets"])
def test_a_file_that_is_nowhere_is_answered_with_every_place_that_was_looked_in(repository, tmp_path, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as refused:
        settings_with(repository, tmp_path, **{key: "sub/nosuch.yaml"})
    assert str(tmp_path / "sub" / "nosuch.yaml") in refused.value.given
    assert str(repository / "sub" / "nosuch.yaml") in refused.value.given


def test_the_working_directory_comes_first_then_the_repository(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "both").touch()
    (there / "one").touch()
    assert found_file("both", [here, there], "x") == here / "both"
    assert found_file("one", [here, there], "x") == there / "one"
    assert found_file(str(there / "one"), [here], "x") == there / "one"


def test_a_machine_by_path_is_found_from_the_repository_too(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    machine = load_machine("config/machines/tasl.yaml", repository)
    assert machine.name == "tasl"
    assert load_machine("config/machines/demo.yaml", repository).raw == str(repository / "demo" / "raw")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="there is no file"):
        found_file("folder", [tmp_path, tmp_path], "here", known=["a", "b"])
