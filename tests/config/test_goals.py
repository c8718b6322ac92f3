"""What goal strategies are told."""

import pytest

from bridgelib.config.algorithms.goals import STRATEGIES, DeltaGoals, Uniform, read_goals
from bridgelib.errors import ConfigError


def test_a_strategy_is_made_from_its_configuration():
    assert read_goals("uniform", {"reached_proportion": 0.1}, "here") == Uniform(0.1)
    assert read_goals("delta_goals", {"goal_delta": [0, 20]}, "here") == DeltaGoals((0, 20))
    assert set(STRATEGIES) == {"uniform", "last_state_upweighted", "final", "geometric", "delta_goals"}


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("unifrom", {}, "did you mean 'uniform'"),
        ("geometric", {"reached_proportion": 0.0}, "strategy 'geometric' takes reached_proportion, discount"),
        ("delta_goals", {"reached_proportion": 0.0}, "strategy 'delta_goals' takes goal_delta"),
        ("uniform", {"reached_proportion": 1.5}, "from 0 to 1"),
        ("geometric", {"reached_proportion": 0.0, "discount": 0}, "above 0"),
        ("delta_goals", {"goal_delta": [5, 5]}, "low < high"),
        ("delta_goals", {"goal_delta": 5}, "[low, high]"),
        ("delta_goals", {"goal_delta": [0.5, 2]}, "a list of whole numbers"),
        ("delta_goals", {"goal_delta": [-1, 2]}, "0 <= low"),
        ("geometric", {"reached_proportion": 1.5, "discount": 0.9}, "reached_proportion"),
    ],
)
def test_a_wrong_configuration_is_refused(name, kwargs, message):
    with pytest.raises(ConfigError) as caught:
        read_goals(name, kwargs, "here.goal_relabeling_kwargs")
    assert message in str(caught.value)
