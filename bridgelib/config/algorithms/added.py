"""Settings that came later than the first runs, and how those runs keep their names."""

from copy import deepcopy
from typing import Any

ADDED = {
    "act_exec_horizon": None,
    "act_gripper": "binary",
    "policy_from": "last",
    "agent_kwargs.blind": False,
    "agent_kwargs.weight_decay": 0.0,
    "agent_kwargs.policy_kwargs.distribution": "normal",
    "dataset_kwargs.chunk_padding": "repeat",
    "dataset_kwargs.relabel_angles": "wrapped",
}
"""Each with the value under which a run learns what it learned before.

Wrapped angles change what is learnt only where one crosses ±π; there the statistics differ, which name a run as well.
"""


def without_added(config: dict[str, Any]) -> dict[str, Any]:
    """A copy of a configuration tree without the `ADDED` settings that change nothing.

    What names a run is made of this, so that a run begun before a setting came is resumed, not begun anew.
    """
    config = deepcopy(config)
    for path, neutral in ADDED.items():
        *sections, name = path.split(".")
        section = config
        for key in sections:
            section = section.get(key, {})
        if section.get(name, ...) == neutral:
            del section[name]
    return config
