"""What each goal relabelling is told, so that an experiment that names one fails at once where something is missing.

The strategies themselves are in `bridgelib.data.goals`; this room must not need numpy.
"""

from typing import Any

from bridgelib.config.algorithms import algorithm_defaults
from bridgelib.errors import ConfigError, did_you_mean

GOAL_SETTINGS = {
    "uniform": ("reached_proportion",),
    "last_state_upweighted": ("reached_proportion",),
    "final": ("reached_proportion",),
    "geometric": ("reached_proportion", "discount"),
    "delta_goals": ("goal_delta",),
}


def with_all_goal_settings(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration in which overrides find the settings of every strategy; those without a value are None."""
    given = config["dataset_kwargs"]["goal_relabeling_kwargs"]
    known = dict.fromkeys(name for names in GOAL_SETTINGS.values() for name in names)
    return {**config, "dataset_kwargs": {**config["dataset_kwargs"], "goal_relabeling_kwargs": {**known, **given}}}


def settle_goal_settings(config: dict[str, Any], algorithm: str, where: str) -> None:
    """Keep the settings of the chosen strategy alone, in place.

    Raises:
        ConfigError: There is no such strategy, one of its settings has no value, or a setting was given that it does
            not take.
    """
    dataset_kwargs = config["dataset_kwargs"]
    name, given = dataset_kwargs["goal_relabeling_strategy"], dataset_kwargs["goal_relabeling_kwargs"]
    if name not in GOAL_SETTINGS:
        raise ConfigError(
            f"{where}, config.dataset_kwargs.goal_relabeling_strategy",
            given=name,
            allowed=GOAL_SETTINGS,
            do=did_you_mean(name, list(GOAL_SETTINGS)) or "choose one of the allowed strategies",
        )
    takes, default = GOAL_SETTINGS[name], algorithm_defaults(algorithm)["dataset_kwargs"]["goal_relabeling_kwargs"]
    missing = [key for key in takes if given[key] is None]
    foreign = [key for key, value in given.items() if key not in takes and value not in (None, default.get(key))]
    if missing or foreign:
        key = f"config.dataset_kwargs.goal_relabeling_kwargs.{(missing or foreign)[0]}"
        raise ConfigError(
            f"{where}, {key}",
            given="no value" if missing else given[foreign[0]],
            allowed=f"strategy '{name}' takes {', '.join(takes)}",
            do=f"give it under config_overrides: `{key}: …`" if missing else "remove it, or choose another strategy",
        )
    dataset_kwargs["goal_relabeling_kwargs"] = {key: given[key] for key in takes}
