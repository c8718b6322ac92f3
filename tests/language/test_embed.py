"""From TFRecords to the language table, and the coverage on the way."""

import numpy as np
import pytest

from bridgelib import __version__
from bridgelib.commands import embed_language
from bridgelib.config import algorithms
from bridgelib.errors import ConfigError, DataError
from bridgelib.formats.index import load_index
from bridgelib.language.coverage import Coverage, as_text, total
from bridgelib.language.embed import embed_instructions
from bridgelib.language.hashing import hashed
from bridgelib.language.table import LanguageTable
from bridgelib.language.table_origin import origin_in_table
from bridgelib.training.assignment import Assignment, chosen_experiment
from tests.language.experiments import LANGUAGE_CONFIG, experiment, write_task


@pytest.fixture
def data(tmp_path):
    write_task(
        tmp_path / "drawer", [("open the drawer", "open drawer"), ("",), ("", "open it")], [("pull the handle",)]
    )
    write_task(tmp_path / "kitchen" / "pot", [("",), (" ",)])
    write_task(tmp_path / "other", [("never asked for",)])
    return tmp_path


TASKS = ["drawer", "kitchen/pot"]


def test_coverage_counts_trajectories_with_any_instruction(data):
    index = load_index(data / "drawer" / "train" / "out.tfrecord")
    assert Coverage.of(index) == Coverage(trajectories=3, instructed=2)
    assert Coverage.of(load_index(data / "kitchen" / "pot" / "val" / "out.tfrecord")) == Coverage(0, 0)


def test_coverage_of_each_task_and_of_all():
    coverages = {"drawer": Coverage(4, 3), "kitchen/pot": Coverage(2, 0), "empty": Coverage()}
    assert total(coverages).share == 0.5
    assert [line.split() for line in as_text(coverages).splitlines()[1:]] == [
        ["drawer", "4", "3", "75.0%"],
        ["kitchen/pot", "2", "0", "0.0%"],
        ["empty", "0", "0", "0.0%"],
        ["all", "tasks", "6", "3", "50.0%"],
    ]


def test_instructions_of_both_sides_of_all_tasks(data, capsys):
    table = embed_instructions(experiment(), data, TASKS)
    assert table.instructions == ("", " ", "open drawer", "open it", "open the drawer", "pull the handle")
    np.testing.assert_array_equal(table.rows(["open it"]), hashed(["open it"]))
    assert not table.rows([" "]).any()
    assert "all tasks" in capsys.readouterr().out


def test_instructions_that_are_all_held_out_are_refused(tmp_path):
    write_task(tmp_path / "drawer", [("",), (" ",)], [("open the drawer",)])
    with pytest.raises(ConfigError, match=r"1 of its trajectories have one, but all of these are in") as refused:
        embed_instructions(experiment(), tmp_path, ["drawer"])
    assert "split_seed" in refused.value.do


def test_no_instruction_at_all_is_refused_after_the_coverage_was_shown(data, capsys):
    with pytest.raises(ConfigError, match=r"lc_bc, which learns from instructions[\s\S]*kitchen/pot"):
        embed_instructions(experiment(), data, ["kitchen/pot"])
    assert "0.0%" in capsys.readouterr().out


def test_an_algorithm_without_language_has_no_table(data):
    with pytest.raises(ConfigError, match="learns without instructions"):
        embed_instructions(experiment("gc_bc"), data, TASKS)


def test_a_missing_task(data):
    with pytest.raises(DataError, match="no such TFRecord"):
        embed_instructions(experiment(), data, ["nowhere"])


@pytest.fixture
def arguments(data, tmp_path):
    experiments = tmp_path / "experiments.yaml"
    experiments.write_text("matrix: {algos: [lc_bc], tasks: [drawer]}\n")
    return [f"--data={data}", f"--experiments={experiments}", f"--output={tmp_path / 'l.npz'}"]


def test_the_script_finds_the_tasks_of_the_dataset(arguments, tmp_path):
    embed_language.main([*arguments, "--experiment=lc_bc_drawer"])
    instructions = LanguageTable.load(tmp_path / "l.npz").instructions
    assert f'"bridgelib": "{__version__}"'.encode() in (tmp_path / "l.npz").read_bytes()
    assert origin_in_table(tmp_path / "l.npz").keys() == {"versions", "text_processor", "text_processor_kwargs", "data"}
    assert instructions == ("", "open drawer", "open it", "open the drawer", "pull the handle")


def test_a_task_that_left_the_raw_tree_is_not_embedded(arguments, tmp_path):
    (tmp_path / "raw" / "kitchen" / "pot" / "2021-08-02_10-00-00").mkdir(parents=True)
    with pytest.raises(ConfigError, match="pattern 'drawer'"):
        embed_language.main([*arguments, "--experiment=lc_bc_drawer", f"--raw={tmp_path / 'raw'}", "--depth=3"])


def test_an_assignment_holds_though_the_experiments_file_has_changed(arguments, data, repository, tmp_path):
    datasets = repository / "config" / "datasets.yaml"
    assigned = chosen_experiment(tmp_path / "experiments.yaml", datasets, "lc_bc_drawer")
    Assignment(assigned, data, ("drawer",)).save(tmp_path / "assignment.json")
    (tmp_path / "experiments.yaml").write_text("matrix: {algos: [lc_bc], tasks: [kitchen/pot]}\n")
    embed_language.main([f"--assignment={tmp_path / 'assignment.json'}", f"--output={tmp_path / 'l.npz'}"])
    assert "open the drawer" in LanguageTable.load(tmp_path / "l.npz").instructions
    with pytest.raises(ConfigError, match="no --experiments, no --experiment, no --data"):
        embed_language.main([f"--output={tmp_path / 'l.npz'}"])


def test_the_script_names_the_experiments_there_are(arguments):
    with pytest.raises(ConfigError, match="did you mean 'lc_bc_drawer'"):
        embed_language.main([*arguments, "--experiment=lc_bc_drawr"])


def test_the_default_configuration_is_the_one_tested_here():
    config = algorithms.algorithm_defaults("lc_bc")
    assert {key: config[key] for key in LANGUAGE_CONFIG} == LANGUAGE_CONFIG
