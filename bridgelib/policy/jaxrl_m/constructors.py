"""The predecessor's constructor defaults, used where its configuration says nothing. What it published differs.

Its checkpoints were trained with these values, so a policy made from one is built with them. Our own configurations
are complete but for settings that were added later, which get the values that change nothing.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.config.algorithms.encoders import ENCODERS
from bridgelib.errors import ConfigError

_NETWORK: dict[str, Any] = {"hidden_dims": [256, 256], "use_layer_norm": False, "dropout_rate": None}
_POLICY: dict[str, Any] = {"state_dependent_std": True, "fixed_std": None, "dropout_rate": None}
_SECTIONS = {
    "network_kwargs": _NETWORK,
    "critic_network_kwargs": _NETWORK,
    "policy_network_kwargs": _NETWORK,
    "policy_kwargs": _POLICY,
    "critic_kwargs": {"init_final": None},
}
"""Defaults of entries that a section lacks; for a section that is missing as a whole see `_WITHOUT`."""

_WITHOUT = {"policy_kwargs": {**_POLICY, "state_dependent_std": False}, "critic_kwargs": {"init_final": 1e-12}}
_BC = {"warmup_steps": 1000, "decay_steps": 1_000_000}
_AGENTS: dict[str, dict[str, Any]] = {
    "bc": _BC,
    "gc_bc": {**_BC, "early_goal_concat": False},
    "lc_bc": _BC,
    "bc_saliency": _BC,
    "gc_ddpm_bc": {"early_goal_concat": False, "actor_decay_steps": None, "diffusion_steps": 25},
    "iql": {"discount": 0.95, "expectile": 0.9},
    "gc_iql": {"discount": 0.95, "expectile": 0.9, "early_goal_concat": False, "negative_proportion": 0.0},
    "contrastive_rl_td": {
        "shared_encoder": True,
        "actor_decay_steps": None,
        "use_td": False,
        "gcbc_coef": 0.1,
        "discount": 0.95,
    },
}
_ENCODER = {"act": "relu", "add_spatial_coordinates": False, "pooling_method": "avg"}


def as_constructed(algorithm: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The tree that an agent is made from: `config`, completed by the predecessor's constructor defaults.

    Args:
        algorithm: A key of `ALGORITHMS`; for one that the predecessor does not have, `config` must be complete.
        config: agent_kwargs, encoder, encoder_kwargs.

    Raises:
        ConfigError: A network whose last layer is not activated.
    """
    if algorithm not in _AGENTS:
        return dict(config)
    given, published = deepcopy(dict(config)), algorithm_defaults(algorithm)["agent_kwargs"]
    agent = {**published, **_AGENTS[algorithm], **given["agent_kwargs"]}
    for name in published.keys() & _SECTIONS.keys():
        section = given["agent_kwargs"].get(name)
        if isinstance(section, Mapping | None):
            own = _SECTIONS[name] if section is not None else {**_SECTIONS[name], **_WITHOUT.get(name, {})}
            agent[name] = _without_activation({**published[name], **own, **(section or {})}, name)
    encoder_kwargs, encoder = {**_ENCODER, **given["encoder_kwargs"]}, given["encoder"]
    if encoder_kwargs.pop("use_film", False) and f"{encoder}-film" in ENCODERS:  # there by its name, here too
        encoder += "-film"
    return {"agent_kwargs": agent, "encoder": encoder, "encoder_kwargs": encoder_kwargs}


def _without_activation(network: dict[str, Any], name: str) -> dict[str, Any]:
    """A section without `activate_final`, which published configurations carry: heads stand on an activated layer."""
    if not (activated := network.pop("activate_final", True)):
        where, do = f"config.agent_kwargs.{name}.activate_final", "remove it"
        raise ConfigError(where, given=activated, allowed="true: heads always stand on an activated layer", do=do)
    return network
