"""The algorithms, by the names a configuration uses, each declared once: `bridgelib.config.declaration` says how.

The defaults are the published hyperparameters of BridgeData V2's own training code; docs/settings.md lists them all.
"""

from collections.abc import Mapping
from typing import Any

from bridgelib.config.algorithms.algorithm import Algorithm
from bridgelib.config.algorithms.bc import BC, GoalBC, LanguageBC
from bridgelib.config.algorithms.contrastive import ContrastiveRL
from bridgelib.config.algorithms.diffusion import DiffusionBC
from bridgelib.config.algorithms.iql import IQL, GoalIQL
from bridgelib.config.algorithms.saliency import SaliencyBC
from bridgelib.config.declaration import read_settings, tree_of
from bridgelib.errors import ConfigError, did_you_mean

__all__ = ["ALGORITHMS", "Algorithm", "algorithm_defaults", "algorithm_named", "checked"]

ALGORITHMS: dict[str, Algorithm] = {
    each.name: each
    for each in (
        BC(),
        GoalBC(),
        LanguageBC(),
        DiffusionBC(),
        IQL(),
        GoalIQL(),
        ContrastiveRL(),
        SaliencyBC(),
    )
}
"""The registry: a new algorithm is a line here."""


def algorithm_named(name: str, where: str) -> Algorithm:
    """The algorithm of that name, as published.

    Raises:
        ConfigError: It is no key of `ALGORITHMS`.
    """
    if name not in ALGORITHMS:
        hint = "choose one of the allowed, or enter yours in bridgelib.config.algorithms"
        do = did_you_mean(name, list(ALGORITHMS)) or hint
        raise ConfigError(where, given=f"the algorithm '{name}'", allowed=ALGORITHMS, do=do)
    return ALGORITHMS[name]


def algorithm_defaults(algorithm: str) -> dict[str, Any]:
    """A fresh copy of the default configuration tree of `algorithm`, which must be a key of ALGORITHMS."""
    return tree_of(ALGORITHMS[algorithm])


def checked(config: Mapping[str, Any], algorithm: str, where: str) -> dict[str, Any]:
    """A complete configuration tree, as it is declared; text that is a number has become one.

    Raises:
        ConfigError: A value of another kind or out of range, or settings that contradict each other.
    """
    return tree_of(read_settings(ALGORITHMS[algorithm], config, f"{where}, config"), config)
