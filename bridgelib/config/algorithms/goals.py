"""Goal relabelling: the strategies by name, and the settings of each. How they draw is in `bridgelib.data.goals`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from bridgelib.config.declaration import Section, settings_of
from bridgelib.config.limits import SHARE, SOME, Limit
from bridgelib.errors import ConfigError, did_you_mean

_PATH = "config.dataset_kwargs.goal_relabeling_kwargs"
Reached = Annotated[float, SHARE, "Share of the transitions whose goal is the frame that they lead to."]
_LOW_HIGH = Limit("[low, high], 0 <= low < high", lambda pair: len(pair) == 2 and 0 <= pair[0] < pair[1])


@dataclass(frozen=True)
class SometimesReached(Section):
    """A share of the goals is the reached frame; of the others a strategy says more."""

    reached_proportion: Reached


@dataclass(frozen=True)
class Uniform(SometimesReached):
    """Uniform over the frames beyond the reached one."""

    reached_proportion: Reached = 0.0  # published for cloning, which learns nothing from a reward


@dataclass(frozen=True)
class LastStateUpweighted(SometimesReached):
    """Offsets uniform over the whole trajectory's length, then cut at its end: the last frame gets the rest."""


@dataclass(frozen=True)
class Final(SometimesReached):
    """Always the last frame: what a robot is shown that is to do the whole task."""


@dataclass(frozen=True)
class Geometric(SometimesReached):
    """With probability proportional to discount^offset over the frames beyond the reached one."""

    discount: Annotated[float, SOME, "How much less likely each further frame is."]


@dataclass(frozen=True)
class DeltaGoals(Section):
    """Uniform over the frames that come `low` to `high` - 1 later."""

    goal_delta: Annotated[tuple[int, ...], _LOW_HIGH, "[low, high]: how many frames later, from low to below high."]


Strategy = Uniform | LastStateUpweighted | Final | Geometric | DeltaGoals

STRATEGIES: dict[str, type[Strategy]] = {
    "uniform": Uniform,
    "last_state_upweighted": LastStateUpweighted,
    "final": Final,
    "geometric": Geometric,
    "delta_goals": DeltaGoals,
}
"""By their names in `goal_relabeling_strategy`."""

SETTINGS = dict.fromkeys(name for strategy in STRATEGIES.values() for name in settings_of(strategy))
"""What `goal_relabeling_kwargs` may name, whichever strategy it is for."""


def read_goals(name: str, given: Mapping[str, Any], where: str, default: Section | None = None) -> Strategy:
    """The strategy of a `goal_relabeling_strategy` with its `goal_relabeling_kwargs`.

    Args:
        name: The former.
        given: The latter.
        where: The place of the latter, for messages.
        default: The strategy that an algorithm has by default. What it shares with the chosen one is taken over where
            nothing else is given; what only it takes falls away.

    Raises:
        ConfigError: There is no such strategy, one of its settings has no value or a wrong one, or one was given that
            it does not take.
    """
    if name not in STRATEGIES:
        hint = did_you_mean(name, list(STRATEGIES)) or "choose one of the allowed strategies"
        place = where.replace("goal_relabeling_kwargs", "goal_relabeling_strategy")
        raise ConfigError(place, given=name, allowed=STRATEGIES, do=hint)
    takes, inherited = settings_of(STRATEGIES[name]), vars(default) if default else {}
    known = {key: value for key, value in {**inherited, **given}.items() if key in takes and value is not None}
    foreign = [key for key in given if key not in takes and given[key] not in (None, inherited.get(key))]
    missing = [key for key in takes if key not in known]
    if missing or foreign:
        raise ConfigError(
            f"{where}.{(missing or foreign)[0]}",
            given="no value" if missing else given[foreign[0]],
            allowed=f"strategy '{name}' takes {', '.join(takes)}",
            do=f"give it under config_overrides: `{_PATH}.{missing[0]}: …`"
            if missing
            else "remove it, or choose another strategy",
        )
    return STRATEGIES[name](**{key: takes[key].read(value, f"{where}.{key}") for key, value in known.items()})
