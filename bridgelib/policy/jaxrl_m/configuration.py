"""The predecessor's configuration of a training run, as ours and back.

It is what its evaluation reads beside a checkpoint: `agent`, `agent_kwargs`, `encoder`, `encoder_kwargs`,
`dataset_kwargs`, `bridgedata_config`; as JSON, or as the config.yaml that W&B keeps of a run.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.config.algorithms.added import without_added
from bridgelib.config.schema import as_type, read_yaml, require_mapping
from bridgelib.data.statistics import Statistics
from bridgelib.errors import ConfigError, did_you_mean
from bridgelib.policy.jaxrl_m.action_statistics import configured_statistics, their_statistics
from bridgelib.policy.spec import PolicySpec

THEIR_NAMES = {"contrastive_rl_td": "stable_contrastive_rl"}
_OUR_NAMES = {theirs: ours for ours, theirs in THEIR_NAMES.items()}
_SCORE_WIDTH = 256
_OURS_ALONE = "resnetv1-18-bridge-film"


@dataclass(frozen=True)
class Configuration:
    """What a checkpoint's configuration says of its policy.

    Attributes:
        algorithm: A key of `ALGORITHMS`.
        config: Our tree: agent_kwargs, encoder, encoder_kwargs.
        history: Frames per observation, or None.
        chunk: Actions predicted at once, or None.
        normalisation: Kind of normalisation of actions and proprio.
        statistics: The constants of that normalisation, where the configuration records them.
    """

    algorithm: str
    config: Mapping[str, Any]
    history: int | None
    chunk: int | None
    normalisation: str
    statistics: Statistics | None


def read_configuration(path: Path) -> Configuration:
    """Read the predecessor's configuration, or ours in its form.

    Raises:
        ConfigError: The file cannot be read, or lacks the algorithm or the encoder.
    """
    content, where = _sections(path), str(path)
    name = str(content.get("agent", content.get("algorithm")))
    algorithm = _OUR_NAMES.get(name, name)
    if algorithm not in ALGORITHMS:
        known = [THEIR_NAMES.get(ours, ours) for ours in ALGORITHMS]
        hint = did_you_mean(name, known) or "give the configuration of the checkpoint's training"
        raise ConfigError(f"{where}, key 'agent'", given=name, allowed=known, do=hint)
    if not isinstance(content.get("encoder"), str):
        raise ConfigError(
            f"{where}, key 'encoder'",
            given=content.get("encoder"),
            allowed="the name of an encoder, e.g. resnetv1-34-bridge",
            do="give the configuration of the checkpoint's training",
        )
    # the horizons stood at the top in the first version
    dataset = {**content, **_section(content, "dataset_kwargs", where)}
    history, chunk = (
        as_type(dataset.get(key), int | None, f"{where}, key '{key}'") for key in ("obs_horizon", "act_pred_horizon")
    )
    return Configuration(
        algorithm=algorithm,
        config=_as_built(
            {
                "agent_kwargs": _section(content, "agent_kwargs", where),
                "encoder": content["encoder"],
                "encoder_kwargs": _section(content, "encoder_kwargs", where),
            }
        ),
        history=history,
        chunk=chunk,
        normalisation=dataset.get("normalization_type") or "normal",
        statistics=configured_statistics(content, where),
    )


def their_configuration(spec: PolicySpec, text_encoder: str | None = None) -> dict[str, Any]:
    """The configuration with which the predecessor's evaluation builds the agent of a policy.

    Args:
        spec: What the policy expects.
        text_encoder: What embedded its instructions, a name of `bridgelib.language.processor_settings`; None where
            that is not known, or there are none.

    Raises:
        ConfigError: The predecessor cannot build that agent, or embed its instructions.
    """
    _require_buildable(spec)
    language = {}
    if spec.goal == "language":
        _require_muse(text_encoder)
        language = {"text_processor": "muse_embedding", "text_processor_kwargs": {}}
    agent_kwargs = without_added(dict(spec.config))["agent_kwargs"]
    agent_kwargs.get("policy_kwargs", {}).pop("dropout_rate", None)  # not a field of its policy; of no effect here
    if spec.algorithm == "iql":
        agent_kwargs.pop("dropout_target_networks", None)
    return {
        "agent": THEIR_NAMES.get(spec.algorithm, spec.algorithm),
        "agent_kwargs": agent_kwargs,
        "encoder": spec.config["encoder"],
        "encoder_kwargs": spec.config["encoder_kwargs"],
        **language,
        "dataset_kwargs": {
            "obs_horizon": spec.history,
            "act_pred_horizon": spec.chunk,
            "normalization_type": spec.normalisation,
        },
        "bridgedata_config": {"action_proprio_metadata": their_statistics(spec.statistics)},
    }


def read_mapping(path: Path) -> Mapping[str, Any]:
    """The mapping in a JSON or YAML file.

    Raises:
        ConfigError: The file is missing, or neither of them.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return read_yaml(path)
    require_mapping(content, str(path))
    return content


def _sections(path: Path) -> Mapping[str, Any]:
    """The file's sections, out of what W&B and runs wrap around them."""
    content = read_mapping(path)
    wrapped = {key: entry["value"] for key, entry in content.items() if _is_wrapped(entry)}
    content = wrapped or content
    inner = content.get("config")
    return {**content, **inner} if isinstance(inner, Mapping) and "encoder" not in content else content


def _is_wrapped(entry: Any) -> bool:
    """Whether W&B wrote it: {"desc": ..., "value": ...}."""
    return isinstance(entry, Mapping) and "value" in entry and entry.keys() <= {"desc", "value"}


def _section(content: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    section = content.get(key) or {}
    require_mapping(section, f"{where}, key '{key}'")
    return deepcopy(dict(section))


def _as_built(config: dict[str, Any]) -> dict[str, Any]:
    """The tree of what the predecessor really builds, which is not always what its configuration says."""
    agent_kwargs, encoder_kwargs = config["agent_kwargs"], config["encoder_kwargs"]
    if isinstance(agent_kwargs.get("score_network_kwargs"), Mapping):
        agent_kwargs["score_network_kwargs"]["hidden_dim"] = _SCORE_WIDTH  # whatever is asked for
        agent_kwargs.pop("dropout_target_networks", None)  # the predecessor accepts this setting, but never uses it
    if encoder_kwargs.get("softmax_temperature", -1) != -1:
        encoder_kwargs["softmax_temperature"] = 1.0  # any but the learned one
    return config


def _require_muse(text_encoder: str | None) -> None:
    """Refuse instructions embedded by an encoder that the predecessor lacks; its own policies use muse."""
    if text_encoder not in ("muse", None):
        raise ConfigError(
            "export of lc_bc, text_processor",
            given=text_encoder,
            allowed="muse: the predecessor embeds instructions with nothing else",
            do="evaluate this policy with bridgelib.policy.load",
        )


def _require_buildable(spec: PolicySpec) -> None:
    """Refuse a policy whose networks the predecessor cannot build."""
    agent_kwargs, encoder_kwargs = spec.config["agent_kwargs"], spec.config["encoder_kwargs"]
    width = agent_kwargs.get("score_network_kwargs", {}).get("hidden_dim", _SCORE_WIDTH)
    temperature = encoder_kwargs.get("softmax_temperature", 1.0)
    distribution = agent_kwargs.get("policy_kwargs", {}).get("distribution", "normal")
    is_gaussian = not ALGORITHMS[spec.algorithm].chunks_with_history
    refusals = [
        ("score_network_kwargs.hidden_dim", width, _SCORE_WIDTH, width != _SCORE_WIDTH),
        (
            "use_proprio",
            "true, with a history of observations",
            "false: it cannot join proprio to a history",
            spec.history is not None and agent_kwargs.get("use_proprio", False),
        ),
        ("encoder", spec.config["encoder"], "34 or 50 layers with film", spec.config["encoder"] == _OURS_ALONE),
        ("encoder", spec.config["encoder"], "a ResNet", spec.config["encoder"].startswith("convnet")),
        ("blind", "true", "false", agent_kwargs.get("blind", False)),
        ("policy_kwargs.distribution", distribution, "normal", distribution != "normal"),
        (
            "obs_horizon",
            spec.history,
            "null where there is neither goal nor instruction: only beside one it encodes a history",
            spec.history is not None and spec.goal == "none",
        ),
        (
            "early_goal_concat",
            "false, with a history of observations",
            "true: only so it joins the goal to each frame",
            (spec.history or 1) > 1 and spec.goal == "image" and not agent_kwargs.get("early_goal_concat", False),
        ),
        (
            "encoder_kwargs.softmax_temperature",
            temperature,
            "1 or -1",
            encoder_kwargs.get("pooling_method") == "spatial_softmax" and temperature not in (1, -1),
        ),
        ("act_pred_horizon", spec.chunk, "null but for diffusion", is_gaussian and spec.chunk is not None),
    ]
    for key, given, allowed, is_refused in refusals:
        if is_refused:
            raise ConfigError(
                f"export of {spec.algorithm}, {key}",
                given=given,
                allowed=f"{allowed}, in the predecessor's network",
                do="evaluate this policy with bridgelib.policy.load",
            )
