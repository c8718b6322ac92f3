import json

import pytest

from bridgelib.errors import ConfigError, DataError
from bridgelib.training.folder import RunFolder, differences, run_identity

CONFIGURATION = {"algorithm": "bc", "config": {"batch_size": 8, "num_steps": 4, "agent_kwargs": {"learning_rate": 0.1}}}
DATA = {"tasks": ("a", "b"), "statistics": {"mean": [0.0, 1.0]}}
MADE_WITH = {"versions": {"jax": "1"}}


def changed(**config) -> dict:
    return {**CONFIGURATION, "config": {**CONFIGURATION["config"], **config}}


def folder(tmp_path, configuration=CONFIGURATION, data=DATA) -> RunFolder:
    return RunFolder.of(tmp_path / "bc_all", run_identity(configuration, data))


def test_name_changes_with_what_determines_the_weights_and_only_then(tmp_path):
    name = folder(tmp_path).path.name
    assert name.startswith("bc_all-") and len(name) == len("bc_all-") + 12
    assert folder(tmp_path, changed(num_steps=100)).path.name == name
    assert folder(tmp_path, changed(policy_from="best")).path.name == name
    assert folder(tmp_path, changed(batch_size=9)).path.name != name
    assert folder(tmp_path, data={**DATA, "statistics": {"mean": [0.0, 2.0]}}).path.name != name


def test_opening_writes_everything_resolved_and_points_latest_here(tmp_path):
    run = folder(tmp_path)
    run.open({"settings": {"num_steps": 4}}, MADE_WITH)
    content = json.loads(run.config.read_text())
    assert content["settings"] == {"num_steps": 4}
    assert content["began_with"] == MADE_WITH
    assert content["identity"]["data"]["tasks"] == ["a", "b"]
    latest = tmp_path / "bc_all" / "latest"
    assert latest.is_symlink() and latest.resolve() == run.path
    other = folder(tmp_path, changed(batch_size=9))
    other.open({}, MADE_WITH)
    assert latest.resolve() == other.path


def test_a_folder_in_the_place_of_latest_is_refused_without_a_traceback(tmp_path):
    (tmp_path / "bc_all" / "latest").mkdir(parents=True)  # as a copy that follows links leaves it
    with pytest.raises(DataError, match="Is a directory"):
        folder(tmp_path).open({}, MADE_WITH)


def test_going_on_keeps_what_it_began_with_and_says_what_is_other(tmp_path, capsys):
    run = folder(tmp_path)
    run.open({}, MADE_WITH)
    run.open({}, {"versions": {"jax": "2"}})
    assert 'began with another versions.jax: "1" -> "2"' in capsys.readouterr().err
    assert json.loads(run.config.read_text())["began_with"] == MADE_WITH


def test_going_on_under_other_variables_is_recorded_and_not_refused(tmp_path):
    def with_flags(flags):
        return {"versions": {"jax": "1"}, "variables": {"XLA_FLAGS": flags}}

    run = folder(tmp_path)
    for flags in ("a", "a", "b", "b", "a"):
        run.open({}, with_flags(flags))
    content = json.loads(run.config.read_text())
    assert content["began_with"] == with_flags("a")
    assert content["went_on_with"] == [with_flags("b"), with_flags("a")]


def test_going_on_under_another_configuration_is_refused_with_the_difference(tmp_path):
    run = folder(tmp_path)
    run.open({}, MADE_WITH)
    before = run.config.read_bytes()
    forced = RunFolder(run.path, run_identity(changed(batch_size=9, agent_kwargs={"learning_rate": 0.2}), DATA))
    with pytest.raises(ConfigError) as refusal:
        forced.open({}, MADE_WITH)
    assert "config.batch_size: 8 -> 9" in str(refusal.value)
    assert "config.agent_kwargs.learning_rate: 0.1 -> 0.2" in str(refusal.value)
    assert run.config.read_bytes() == before


def test_a_run_is_found_by_its_folder_by_latest_and_by_its_experiment(tmp_path):
    run = folder(tmp_path)
    run.open({}, MADE_WITH)
    for path in (run.path, tmp_path / "bc_all" / "latest", tmp_path / "bc_all"):
        found = RunFolder.found(path)
        assert (found.path, found.identity) == (run.path, run.identity)


@pytest.mark.parametrize("content", [None, "[]", '{"agent": "gc_bc"}'])
def test_what_is_no_run_is_not_taken_for_one(tmp_path, content):
    if content:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(DataError, match=r"no config\.json of a training"):
        RunFolder.found(tmp_path)


def test_differences_name_the_path_and_both_values():
    assert list(differences({"a": {"b": 1, "c": [1]}, "d": 0}, {"a": {"b": 2, "c": [1]}, "e": None})) == [
        "a.b: 1 -> 2",
        "d: 0 -> null",
    ]
