"""Several seeds of one run: names, digests, and what is refused."""

import textwrap

import pytest

from bridgelib.config.experiments import families, load_experiments
from bridgelib.errors import ConfigError


def experiments(folder, text):
    path = folder / "experiments.yaml"
    path.write_text(textwrap.dedent(text))
    return load_experiments(path, {})


def test_each_seed_of_a_run_is_an_experiment_named_by_it(tmp_path):
    made = experiments(tmp_path, "runs: [{algo: bc, task: t, name: x, seed: [0, 7, 42]}, {algo: bc, task: u}]")
    assert list(made) == ["x_s0", "x_s7", "x_s42", "bc_u"]
    assert [each.config["seed"] for each in made.values()] == [0, 7, 42, 42]
    assert [each.family for each in made.values()] == ["x", "x", "x", None]
    assert families(made) == {"x": ["x_s0", "x_s7", "x_s42"]}


def test_a_matrix_is_crossed_with_its_seeds(tmp_path):
    made = experiments(tmp_path, "matrix: {algos: [bc, gc_bc], tasks: [t, u], seeds: [0, 1]}")
    assert families(made) == {
        f"{algo}_{task}": [f"{algo}_{task}_s0", f"{algo}_{task}_s1"] for algo in ("bc", "gc_bc") for task in "tu"
    }


def test_a_member_is_the_same_experiment_as_the_one_written_by_hand(tmp_path):
    common = "algo: gc_bc, task: t, config_overrides: {config.batch_size: 8}"
    members = experiments(tmp_path, f"runs: [{{{common}, name: x, seed: [3, 4]}}]")
    by_hand = experiments(
        tmp_path,
        """
        runs:
          - {algo: gc_bc, task: t, name: a, config_overrides: {config.batch_size: 8, config.seed: 3}}
          - {algo: gc_bc, task: t, name: b, config_overrides: {config.batch_size: 8}, extra_args: [--config.seed=4]}
        """,
    )
    assert [each.digest for each in members.values()] == [each.digest for each in by_hand.values()]
    assert len({each.digest for each in members.values()}) == 2


def test_one_seed_needs_no_suffix_and_wins_over_what_is_said_for_all_runs(tmp_path):
    made = experiments(
        tmp_path,
        """
        global: {seed: 1, config_overrides: {config.seed: 2}, extra_args: [--config.seed=3]}
        runs: [{algo: bc, task: t, seed: 5}, {algo: bc, task: u, seed: [6]}, {algo: bc, task: v}]
        """,
    )
    assert {name: each.config["seed"] for name, each in made.items()} == {"bc_t": 5, "bc_u_s6": 6, "bc_v": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runs: [{algo: bc, task: t, seed: []}]", "one or more whole numbers"),
        ("runs: [{algo: bc, task: t, seed: [0, 1, 0]}]", "each once"),
        ("runs: [{algo: bc, task: t, seed: [1, 1.0]}]", "each once"),
        ("runs: [{algo: bc, task: t, seed: [0.5]}]", "a whole number or a list of whole numbers"),
        ("runs: [{algo: bc, task: t, seed: [true]}]", "a list of whole numbers"),
        ("runs: [{algo: bc, task: t, seed: {a: 1}}]", "a list of whole numbers"),
        ("runs: [{algo: bc, task: t, seed: [0, 4294967296]}]", "from -2^31 to 2^32 - 1"),
        ("runs: [{algo: bc, task: t, seeds: [0, 1]}]", "did you mean 'seed'?"),
        ("matrix: {algos: [bc], tasks: [t], seed: [0, 1]}", "did you mean 'seeds'?"),
        ("matrix: {algos: [bc], tasks: [t], seeds: 3}", "a list with one entry or more"),
        ("matrix: {algos: [bc], tasks: [t], seeds: []}", "a list with one entry or more"),
        ("matrix: {algos: [bc], tasks: [t], seeds: null}", "a list with one entry or more"),
        ("matrix: {algos: [bc], tasks: [t], seeds: [2, 2]}", "each once"),
        ("matrix: {algos: [bc], tasks: [t], seeds: [one]}", "a list of whole numbers"),
        ("global: {seed: [0, 1]}\nruns: [{algo: bc, task: t}]", "a whole number"),
        ("runs: [{algo: bc, task: t, seed: [0, 1], config_overrides: {config.seed: 5}}]", "seed 0, and 5"),
        ("runs: [{algo: bc, task: t, seed: 1, extra_args: [--config.seed=5]}]", "seed 1, and 5"),
        # names that are taken: by a member, by the runs that share a name, by another run's seeds
        ("runs: [{algo: bc, task: t, name: x_s1}, {algo: bc, task: t, name: x, seed: [0, 1]}]", "'x_s1' a second time"),
        ("runs: [{algo: bc, task: t, name: x, seed: [0, 1]}, {algo: bc, task: t, name: x_s1}]", "'x_s1' a second time"),
        ("runs: [{algo: bc, task: t, name: x, seed: [0, 1]}, {algo: bc, task: u, name: x}]", "'x' a second time"),
        ("runs: [{algo: bc, task: t, name: x}, {algo: bc, task: u, name: x, seed: [0, 1]}]", "'x' a second time"),
        ("runs: [{algo: bc, task: t, name: x, seed: [0]}, {algo: bc, task: u, name: x, seed: [1]}]", "'x' a second"),
        (
            "global: {name_format: '{algo}'}\nmatrix: {algos: [bc], tasks: [t, u], seeds: [0, 1]}",
            "'bc_s0' a second time",
        ),
        ("global: {name_format: '{algo.x}'}\nmatrix: {algos: [bc], tasks: [t]}", "use only these two fields"),
        ("global: {name_format: '{algo[x]}'}\nmatrix: {algos: [bc], tasks: [t]}", "use only these two fields"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(ConfigError) as refused:
        experiments(tmp_path, text)
    assert "experiments.yaml" in refused.value.where and said in str(refused.value)
