"""Experiments files in the users' own shape, and what is refused in them."""

import textwrap

import pytest

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import load_experiments
from bridgelib.errors import ConfigError


def experiments(folder, text, datasets=None):
    path = folder / "experiments.yaml"
    path.write_text(textwrap.dedent(text))
    return load_experiments(path, datasets or {})


def test_the_users_own_file_is_taken_as_it_is(tmp_path):
    made = experiments(
        tmp_path,
        """
        global:
          data_root: /data3/vla-reasoning/dataset/bdv2_tfrecord
          save_dir: /data3/vla-reasoning/exp/bdv2_runs
          train_batch_size: 1000
          val_batch_size: 512
          num_steps: 60000
          eval_interval: 100
          save_interval: 15000
          log_interval: 30
          warmup_steps: 3000
          eval_batches: 4
          decay_steps_bc: 1000000
          decay_steps_gc_bc: 500000
          actor_decay_steps_gc_ddpm_bc: 1000000
          cuda_visible_devices: "0"
          xla_flags: "--xla_gpu_force_compilation_parallelism=1"
          use_pip_cuda_libs: true
          jax_platform_name: gpu
          name_format: "{algo}_{task}_bdv2"
          extra_args: []
        matrix:
          algos: [bc, gc_bc]
          tasks: [remove_pot_lid]
        """,
    )
    assert list(made) == ["bc_remove_pot_lid_bdv2", "gc_bc_remove_pot_lid_bdv2"]
    goal = made["gc_bc_remove_pot_lid_bdv2"]
    assert (goal.config["batch_size"], goal.config["val_batch_size"], goal.config["eval_batches"]) == (1000, 512, 4)
    assert goal.config["agent_kwargs"]["warmup_steps"] == 3000
    assert goal.config["agent_kwargs"]["decay_steps"] == 500000
    assert made["bc_remove_pot_lid_bdv2"].config["agent_kwargs"]["decay_steps"] == 1000000
    assert goal.dataset.include == (("remove_pot_lid",),)
    assert (goal.data_root, goal.jax_platform) == ("/data3/vla-reasoning/dataset/bdv2_tfrecord", "cuda")


def test_every_shipped_file_loads(repository):
    datasets = load_datasets(repository / "config" / "datasets.yaml")
    for path in (repository / "config" / "experiments").glob("*.yaml"):
        assert load_experiments(path, datasets)


def test_the_defaults_are_the_algorithms_own(tmp_path):
    made = experiments(tmp_path, "runs: [{algo: bc, task: t}]")
    assert made["bc_t"].config == algorithm_defaults("bc")


def test_overrides_reach_the_tree_the_nearer_one_winning(tmp_path):
    made = experiments(
        tmp_path,
        """
        global:
          train_batch_size: 100
          config_overrides: {config.agent_kwargs.learning_rate: 3e-4, config.seed: 1}
          extra_args: ["--config.encoder=resnetv1-18-bridge --config.seed 2"]
        runs:
          - {algo: bc, task: t, config_overrides: {config.agent_kwargs.use_proprio: true, config.batch_size: 800}}
          - {algo: bc, task: t, name: other, extra_args: ["--config.dataset_kwargs.augment=False"]}
        """,
    )
    first, other = made["bc_t"].config, made["other"].config
    assert first["batch_size"] == 800 and first["agent_kwargs"]["use_proprio"] is True
    assert first["agent_kwargs"]["learning_rate"] == 3e-4 and first["seed"] == 2
    assert first["encoder"] == "resnetv1-18-bridge"
    assert other["batch_size"] == 100 and other["dataset_kwargs"]["augment"] is False
    assert algorithm_defaults("bc")["dataset_kwargs"]["augment"] is True


def test_which_checkpoint_becomes_the_policy_is_said_for_all_runs_and_for_one(tmp_path):
    made = experiments(
        tmp_path,
        """
        global: {policy_from: best}
        runs:
          - {algo: bc, task: a, name: as_all}
          - {algo: bc, task: a, name: own, policy_from: success}
          - {algo: bc, task: a, name: by_override, config_overrides: {config.policy_from: last}}
        """,
    )
    assert [each.config["policy_from"] for each in made.values()] == ["best", "success", "last"]


def test_overrides_may_be_written_as_the_predecessors_flags_take_them(tmp_path):
    made = experiments(
        tmp_path,
        """
        global:
          extra_args: ["--config.agent_kwargs.score_network_kwargs.dropout_rate None"]
        runs:
          - algo: gc_ddpm_bc
            task: t
            config_overrides:
              config.obs_horizon: 3
              config.dataset_kwargs.augment_kwargs.random_resized_crop.scale: (0.5, 1.0)
              config: {agent_kwargs: {use_proprio: "True"}}
            extra_args: ["--config.dataset_kwargs.augment_kwargs.random_hue '(0.2,)'"]
            bridgedata_overrides: {include: [[a], [b]], sample_weights: "(0.25, 0.75)"}
        """,
    )["gc_ddpm_bc_t"]
    agent, dataset = made.config["agent_kwargs"], made.config["dataset_kwargs"]
    assert agent["use_proprio"] is True and agent["score_network_kwargs"]["dropout_rate"] is None
    assert dataset["obs_horizon"] == 3 and "obs_horizon" not in made.config
    assert dataset["augment_kwargs"]["random_resized_crop"]["scale"] == [0.5, 1.0]
    assert dataset["augment_kwargs"]["random_hue"] == [0.2]
    assert made.dataset.sample_weights == (0.25, 0.75)


@pytest.mark.parametrize(
    ("overrides", "kwargs"),
    [
        ("{}", {"reached_proportion": 0.1}),
        ("{dataset_kwargs.goal_relabeling_kwargs.reached_proportion: 0.3}", {"reached_proportion": 0.3}),
        (
            "{dataset_kwargs: {goal_relabeling_kwargs: {discount: 0.9}, goal_relabeling_strategy: geometric}}",
            {"reached_proportion": 0.1, "discount": 0.9},
        ),
        (
            "{dataset_kwargs.goal_relabeling_kwargs.goal_delta: [0, 20],"
            " dataset_kwargs.goal_relabeling_strategy: delta_goals}",
            {"goal_delta": [0, 20]},
        ),
    ],
)
def test_a_goal_strategy_keeps_its_own_settings_alone(tmp_path, overrides, kwargs):
    [made] = experiments(tmp_path, f"runs: [{{algo: gc_iql, task: t, config_overrides: {overrides}}}]").values()
    assert made.config["dataset_kwargs"]["goal_relabeling_kwargs"] == kwargs


def test_bridgedata_overrides_change_the_dataset(tmp_path):
    made = experiments(
        tmp_path,
        """
        runs:
          - algo: bc
            task: t
            bridgedata_overrides: {include: [[a, "b*"], [c]], sample_weights: [0.25, 0.75]}
            extra_args: ['--bridgedata_config.exclude="[''*sweep*'']"']
        """,
    )
    dataset = made["bc_t"].dataset
    assert dataset.include == (("a", "b*"), ("c",))
    assert dataset.sample_weights == (0.25, 0.75) and dataset.exclude == ("*sweep*",)


def test_devices_are_counted_whatever_they_are_called(tmp_path):
    text = "global: {cuda_visible_devices: '%s'}\nruns: [{algo: bc, task: t}]"
    counts = {"": 1, "0": 1, "2, 3": 2, "GPU-8932f937-d72c,GPU-1,MIG-7/0": 3}
    assert {given: experiments(tmp_path, text % given)["bc_t"].num_devices for given in counts} == counts


def test_the_digest_follows_what_determines_the_weights(tmp_path):
    base = experiments(tmp_path, "runs: [{algo: bc, task: t}]")["bc_t"]
    renamed = experiments(tmp_path, "runs: [{algo: bc, task: t, name: n}]\nglobal: {xla_flags: --a=b}")["n"]
    reseeded = experiments(tmp_path, "runs: [{algo: bc, task: t}]\nglobal: {seed: 43}")["bc_t"]
    assert base.digest == renamed.digest
    assert base.digest != reseeded.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runs: [{algo: bcc, task: t}]", "did you mean 'bc'?"),
        ("runs: [{algo: bc, tusk: t}]", "did you mean 'task'?"),
        ("global: {train_batchsize: 1}\nruns: [{algo: bc, task: t}]", "did you mean 'train_batch_size'?"),
        ("globals: {}\nruns: [{algo: bc, task: t}]", "did you mean 'global'?"),
        ("runs: [{algo: bc, task: t}]\nmatrix: {algos: [bc], tasks: [t]}", "both 'matrix' and 'runs'"),
        ("global: {}", "matrix"),
        ("matrix: {algos: [bc], tasks: []}", "one entry or more"),
        ("runs: [{algo: bc, task: t}, {algo: bc, task: t}]", "a second time"),
        ("runs: [{algo: bc, task: t, config_overrides: {config.agent_kwargs.use_propio: true}}]", "use_proprio"),
        (
            "runs: [{algo: bc, task: t, config_overrides: {config.dataset_kwargs.augment_kwargs: {random_hues: [0]}}}]",
            "did you mean 'random_hue'?",
        ),
        ("runs: [{algo: bc, task: t, config_overrides: {config.batch_size: many}}]", "a whole number"),
        ("runs: [{algo: bc, task: t, config_overrides: {config.batch_size: 0}}]", "1 or more"),
        (
            "runs: [{algo: bc, task: t, extra_args: [--config.dataset_kwargs.goal_relabeling_strategy=geometrical]}]",
            "did you mean 'geometric'?",
        ),
        (
            "runs: [{algo: bc, task: t, extra_args: [--config.dataset_kwargs.goal_relabeling_strategy=geometric]}]",
            "config.dataset_kwargs.goal_relabeling_kwargs.discount\n  given:   no value",
        ),
        (
            "runs: [{algo: bc, task: t, extra_args: [--config.dataset_kwargs.goal_relabeling_kwargs.discount=0.9]}]",
            "strategy 'uniform' takes reached_proportion",
        ),
        ("runs: [{algo: bc, task: t, extra_args: [--resume]}]", "--config.KEY=VALUE"),
        ("runs: [{algo: bc, task: t, extra_args: [--config.seed]}]", "without a value"),
        ('runs: [{algo: bc, task: t, extra_args: ["--config.encoder=\'x"]}]', "No closing quotation"),
        ("runs: [{algo: bc, task: t, config_overrides: [a]}]", "a mapping or nothing"),
        ("global: []\nruns: [{algo: bc, task: t}]", "a mapping (key: value)"),
        ("global: {cuda_visible_devices: all}\nruns: [{algo: bc, task: t}]", '"0" or "0,1"'),
        ("global: {cuda_visible_devices: -1}\nruns: [{algo: bc, task: t}]", "jax_platform_name: cpu"),
        ("global: {cuda_visible_devices: '0,0'}\nruns: [{algo: bc, task: t}]", "each once"),
        ("global: {jax_platform_name: tpu}\nruns: [{algo: bc, task: t}]", "one of auto, cpu, gpu, cuda"),
        ("runs: [{algo: bc, task: t, extra_args: [--config.batch_size=]}]", "a whole number"),
        ("runs: [{algo: bc, task: t, extra_args: [--config.resume_path=/x]}]", "resumes from its newest checkpoint"),
        ("runs: [{algo: bc, task: t, extra_args: [--config.save_dir=/x]}]", "`save_dir:` under `global:`"),
        (
            "runs: [{algo: bc, task: t, config_overrides: {config.dataset_kwargs.shuffle_buffer_size: 9}}]",
            "no buffer is filled",
        ),
        ("runs: [{algo: bc, task: t, config_overrides: {3: 4}}]", "text keys"),
        ("runs: [{algo: bc, task: t, config_overrides: {config: 4}}]", "a mapping"),
        ("global: {name_format: '{algo}_{dataset}'}\nruns: [{algo: bc, task: t}]", "{algo} and {task}"),
        ("runs: [{algo: bc, task: t, name: 'a b'}]", "letters, digits"),
        ("runs: [{algo: bc, task: t, bridgedata_overrides: {include: [[]]}}]", "empty group"),
        (
            "runs: [{algo: bc, task: t, bridgedata_overrides: {include: [[a]], sample_weights: [1, 2]}}]",
            "one per group",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, said):
    with pytest.raises(ConfigError) as refused:
        experiments(tmp_path, text)
    assert "experiments.yaml" in str(refused.value) and said in str(refused.value)
