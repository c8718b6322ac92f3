"""Policies of every algorithm that never trained: small networks with drawn weights, for the task of tests/training."""

from functools import partial
from pathlib import Path

import jax
import numpy as np
import yaml

from bridgelib.agents import make_agent
from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import Experiment, load_experiments
from bridgelib.language.encoder import make_encoder
from bridgelib.language.table import LanguageTable
from bridgelib.policy import Policy, PolicySpec, save
from bridgelib.training.inputs import Inputs, open_inputs

TASK = "colours"


def write_experiments(path: Path, algorithm: str, **overrides) -> Path:
    """An experiments file with one experiment, `<algorithm>_colours`, on a small network."""
    small = {
        "config.encoder": "convnet-3-film" if algorithm == "lc_bc" else "convnet-3",
        "config.encoder_kwargs.num_filters": 8,
        **overrides,
    }
    settings = {"train_batch_size": 4, "val_batch_size": 4, "config_overrides": small}
    path.write_text(yaml.safe_dump({"global": settings, "matrix": {"algos": [algorithm], "tasks": [TASK]}}))
    return path


def read_experiment(path: Path, repository: Path) -> Experiment:
    """The experiment of such a file."""
    (experiment,) = load_experiments(path, load_datasets(repository / "config" / "datasets.yaml")).values()
    return experiment


def language_table(experiment: Experiment) -> LanguageTable | None:
    """What `embed_language` would make for it."""
    if experiment.algorithm != "lc_bc":
        return None
    return LanguageTable.of(["move where the colour says"], make_encoder("hashing", {}, "a test"))


def untrained_policy(experiment: Experiment, data: Path) -> Policy:
    """Its policy, in memory."""
    table, inputs = _table_and_inputs(experiment, data)
    spec, agent = _spec_and_agent(experiment, inputs)
    return Policy(spec, agent, table.embedder() if table else None)


def save_untrained_policy(folder: Path, experiment: Experiment, data: Path) -> Path:
    """Its policy, as training leaves it."""
    table, inputs = _table_and_inputs(experiment, data)
    spec, agent = _spec_and_agent(experiment, inputs)
    save(folder, spec, agent.state, inputs.training.batch(0), {"versions": {}}, table)
    return folder


def _table_and_inputs(experiment: Experiment, data: Path) -> tuple[LanguageTable | None, Inputs]:
    table, needs = language_table(experiment), ALGORITHMS[experiment.algorithm].needs
    embeddings = table.by_instruction if table else None
    return table, open_inputs(data, [[TASK]], None, experiment.config, needs, embeddings=embeddings)


def _spec_and_agent(experiment: Experiment, inputs: Inputs):
    """An agent whose weights are drawn without XLA."""
    algorithm, config = experiment.algorithm, experiment.config
    batch = inputs.training.batch(0)
    language = batch.get("goals", {}).get("language", np.zeros(0))
    image_shape = batch["observations"]["image"].shape[-3:]
    spec = PolicySpec.of(algorithm, config, inputs.statistics, image_shape, language.shape[-1], step=3)
    key, generator = jax.random.PRNGKey(0), np.random.default_rng(0)
    agent = jax.eval_shape(partial(make_agent, algorithm, batch=spec.example(), config=config), key)

    def drawn(leaf):
        return 0.3 * generator.standard_normal(leaf.shape).astype(np.float32)

    params, targets = (jax.tree_util.tree_map(drawn, tree) for tree in (agent.state.params, agent.state.target_params))
    state = agent.state.replace(params=params, target_params=targets, opt_state=None, step=0, key=key)
    return spec, agent.replace(state=state)
