"""Oddities that the recording software itself noted about a trajectory, in agent_data.pkl."""

from collections.abc import Iterator

import numpy as np

from bridgelib.raw.remarks import Noticed

TRAJ_OK = "traj_ok"
FALSE_WORDS = ("false", "no", "0")


def odd_recording(agent_data: object) -> Iterator[Noticed]:
    """Remarks on the content of an agent_data.pkl, plain data of any kind."""
    if not isinstance(agent_data, dict):
        yield Noticed("odd_agent_data", f"agent_data.pkl holds a {type(agent_data).__name__}, not a dict")
    elif _is_false(agent_data.get(TRAJ_OK)):
        yield Noticed("traj_not_ok", f"agent_data.pkl has {TRAJ_OK}: {agent_data[TRAJ_OK]}")


def _is_false(value: object) -> bool:
    """Whether a value is a false truth value or a zero, also in numpy's dress, as a word, or alone in a list."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, str):
        return value.strip().lower() in FALSE_WORDS
    return isinstance(value, bool | int | float | np.bool_ | np.number) and not value
