"""A checkpoint of the predecessor and its configuration to a policy folder, and a policy folder to a checkpoint.

Both sides name their parameters alike, so the arrays are taken over bit for bit; what is checked is that they are all
there, in the shapes that the configuration's networks have.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax
import jax
import numpy as np
from flax import serialization
from flax.traverse_util import flatten_dict

import bridgelib
from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.bc import BC
from bridgelib.data.statistics import Statistics
from bridgelib.errors import ConfigError, DataError
from bridgelib.files import write_json
from bridgelib.language.table import LanguageTable
from bridgelib.policy.bundle import load, policy_folder, save
from bridgelib.policy.jaxrl_m.action_statistics import chosen_statistics
from bridgelib.policy.jaxrl_m.checkpoint import read_checkpoint, write_checkpoint
from bridgelib.policy.jaxrl_m.configuration import Configuration, read_configuration, their_configuration
from bridgelib.policy.spec import PolicySpec, goal_of

_MUSE_SIZE = 512
"""Entries of a MUSE embedding, the predecessor's only one."""


def import_checkpoint(
    checkpoint: Path,
    configuration: Path,
    output: Path,
    image_size: int,
    statistics: Statistics | None = None,
    language: LanguageTable | None = None,
) -> PolicySpec:
    """Write the policy folder of a checkpoint.

    Args:
        checkpoint: A file or folder that the predecessor's trainer saved.
        configuration: The configuration of its training, JSON or YAML.
        output: The policy folder, read by `bridgelib.policy.load`.
        image_size: Height and width of the images it was trained on.
        statistics: What actions and proprio were normalised with, unless the configuration says it.
        language: The embeddings of instructions, for lc_bc; without it, `load` needs an encoder.

    Raises:
        ConfigError: The configuration cannot be used, or nothing says the statistics.
        DataError: The checkpoint cannot be read, or its parameters are not those of the configuration's networks.
    """
    state = read_checkpoint(checkpoint)  # before the configuration: one of our own has none of the predecessor's
    configured = read_configuration(configuration)
    statistics = chosen_statistics(configured.statistics, statistics, configured.normalisation)
    spec = _spec(configured, state["params"], image_size, statistics, int(state["step"]), language)
    expected = spec.agent().state
    weights = {name: state.get(name) for name in ("params", "target_params") if getattr(expected, name) is not None}
    for name, given in weights.items():
        weights[name] = _matched(given, getattr(expected, name), f"{checkpoint}, {name}", configuration)
    made_with = {
        "converted_from": f"{checkpoint.name} of jaxrl_m",
        "versions": {module.__name__: module.__version__ for module in (bridgelib, jax, flax, np)},
    }
    save(output, spec, expected.replace(**weights), spec.noise(), made_with, language)
    return spec


def export_checkpoint(folder: Path, output: Path) -> tuple[PolicySpec, Path]:
    """Write a policy folder as a checkpoint of the predecessor, and `<output>.json`, the configuration it is built by.

    Written are the parameters, and the targets of an algorithm that has them; for any other, whose targets the
    predecessor carries along and never reads, the parameters again. A policy folder has no optimiser and no random key,
    so Adam's moments are zeros and the key is: enough for evaluation, while a training that resumes from it starts
    its optimiser anew, at the learning rate of the step.

    Args:
        folder: A policy folder.
        output: The file. The predecessor's evaluation wants a name that ends in `_<number>`.

    Returns:
        The spec of the policy, and the path of the configuration.

    Raises:
        DataError: The folder is no whole policy.
        ConfigError: The predecessor cannot build its networks.
    """
    folder = policy_folder(folder)
    spec = load(folder).spec  # checks the files' hashes and that it acts as it did
    table = folder / "language.npz"
    text_encoder = LanguageTable.load(table).encoder_identity["name"] if table.is_file() else None
    content = their_configuration(spec, text_encoder)
    weights = serialization.msgpack_restore((folder / "params.msgpack").read_bytes())
    has_one_loss = isinstance(ALGORITHMS[spec.algorithm], BC)
    write_checkpoint(output, weights, spec.step, None if has_one_loss else list(spec.agent().state.opt_state))
    beside = output.with_name(f"{output.name}.json")
    write_json(beside, content)
    return spec, beside


def _spec(
    configured: Configuration,
    params: Any,
    image_size: int,
    statistics: Statistics,
    step: int,
    language: LanguageTable | None,
) -> PolicySpec:
    if image_size < 1:
        raise ConfigError("--im_size", given=image_size, allowed="1 or more", do="give the size of training")
    goal = goal_of(configured.algorithm)
    size = _language_size(params) if goal == "language" else None
    if language is not None and size != language.embeddings.shape[1]:
        raise ConfigError(
            "--language",
            given=f"embeddings of {language.embeddings.shape[1]} entries",
            allowed=f"{size} entries" if size else f"nothing: {configured.algorithm} follows no instructions",
            do="give the table of the encoder that the policy was trained with, or none",
        )
    return PolicySpec(
        algorithm=configured.algorithm,
        config=configured.config,
        image_shape=(image_size, image_size, 3),
        proprio_size=len(statistics.proprio.mean),
        action_size=len(statistics.action.mean),
        history=configured.history,
        chunk=configured.chunk,
        goal=goal,
        language_size=size,
        normalisation=configured.normalisation,
        statistics=statistics,
        step=step,
    )


def _language_size(params: Any) -> int:
    """Entries of an instruction's embedding, as the layer that takes it in has rows."""
    flat = flatten_dict(params, sep="/") if isinstance(params, Mapping) else {}
    rows = [np.shape(leaf)[0] for path, leaf in flat.items() if path.endswith("FilmConditioning_0/Dense_0/kernel")]
    return rows[0] if rows else _MUSE_SIZE


def _matched(params: Any, template: Any, where: str, configuration: Path) -> dict[str, Any]:
    """Parameters as numpy arrays, if they are those of the template.

    Raises:
        DataError: One is missing, foreign, of another shape or dtype, or not finite.
    """
    flat = [flatten_dict(side, sep="/") if isinstance(side, Mapping) else {} for side in (params, template)]
    given, expected = ({path: _shown(leaf) for path, leaf in side.items()} for side in flat)
    wrong = [path for path in sorted({*given, *expected}) if given.get(path) != expected.get(path)]
    if wrong:
        raise DataError(
            f"{where}, {wrong[0]}",
            given=given.get(wrong[0], "no such parameter"),
            allowed=expected.get(wrong[0], "no such parameter in this network"),
            do=f"give the configuration of its training; check agent, encoder and their arguments in {configuration} "
            f"(parameters that do not fit: {len(wrong)})",
        )
    for path, leaf in flat[0].items():
        if not np.isfinite(leaf).all():
            raise DataError(f"{where}, {path}", given="NaN or infinity", do="take an earlier checkpoint")
    return jax.tree_util.tree_map(np.asarray, dict(params))


def _shown(leaf: Any) -> str:
    return f"{leaf.dtype}{list(leaf.shape)}" if hasattr(leaf, "shape") else f"{type(leaf).__name__}, not an array"
