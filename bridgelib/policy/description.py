"""Reading policy.json: anything but the description of a policy that this library wrote is refused with a reason."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.errors import DataError
from bridgelib.files import read_json
from bridgelib.policy.spec import VERSION, PolicySpec, goal_of

FILES = ("params.msgpack", "golden.npz")
"""The files that lie beside policy.json in every policy folder; it holds their hashes."""

_CONFIG = ("agent_kwargs", "encoder", "encoder_kwargs")
_MOMENTS = ("mean", "std", "min", "max")
_REQUIRED = [field.name for field in fields(PolicySpec) if field.default is MISSING]


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _is_shape(value: Any) -> bool:
    return type(value) is list and len(value) == 3 and all(map(_is_count, value))


def _holds(value: Any, keys: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and set(keys) <= value.keys()


def _are_moments(value: Any, size: int) -> bool:
    if not _holds(value, _MOMENTS):
        return False
    try:
        return all(np.array(value[key], np.float64).shape == (size,) for key in _MOMENTS)
    except (TypeError, ValueError):
        return False


def _are_statistics(value: Any, content: Mapping[str, Any]) -> bool:
    sizes = {"action": content["action_size"], "proprio": content["proprio_size"]}
    counts = ("trajectories", "transitions")
    return _holds(value, (*sizes, *counts)) and all(_are_moments(value[key], size) for key, size in sizes.items())


_COUNT = "a whole number, 1 or more"
_COUNT_OR_NONE = (f"{_COUNT}, or null", lambda value, _: value is None or _is_count(value))

# Checked in this order: later checks rely on earlier ones.
_KINDS: dict[str, tuple[str, Callable[[Any, Mapping[str, Any]], bool]]] = {
    "algorithm": (", ".join(ALGORITHMS), lambda name, _: type(name) is str and name in ALGORITHMS),
    "goal": ("as its algorithm is told what to do", lambda goal, content: goal == goal_of(content["algorithm"])),
    "config": (f"a section with {', '.join(_CONFIG)}", lambda config, _: _holds(config, _CONFIG)),
    "image_shape": ("three whole numbers, 1 or more", lambda shape, _: _is_shape(shape)),
    "proprio_size": (_COUNT, lambda count, _: _is_count(count)),
    "action_size": (_COUNT, lambda count, _: _is_count(count)),
    "history": _COUNT_OR_NONE,
    "chunk": _COUNT_OR_NONE,
    "language_size": _COUNT_OR_NONE,
    "statistics": (f"{', '.join(_MOMENTS)} of every entry of action and proprio", _are_statistics),
    "step": ("a whole number", lambda step, _: type(step) is int),
    "execute": (_COUNT, lambda count, _: _is_count(count)),
    "gripper": ("binary or continuous", lambda word, _: word in ("binary", "continuous")),
    "sha256": (f"the hashes of {', '.join(FILES)}", lambda hashes, _: _holds(hashes, FILES)),
}


def read_description(path: Path) -> dict[str, Any]:
    """The content of policy.json: the fields of `PolicySpec`, and `sha256`, the hashes of the other files.

    Raises:
        DataError: The file is missing, no JSON or of another version, or an entry is missing or of another kind.
    """
    content = read_json(path)
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise DataError(path, given=f"version {version} of the format", allowed=str(VERSION), do="use its own version")
    if missing := [key for key in (*_REQUIRED, "sha256") if key not in content]:
        raise DataError(path, given=f"no '{missing[0]}'", do="copy the folder again, whole")
    for key, (allowed, fits) in _KINDS.items():
        if key in content and not fits(content[key], content):
            given = repr(content[key])
            given = given if len(given) < 80 else f"{given[:80]} …"
            raise DataError(f"{path}, key '{key}'", given=given, allowed=allowed, do="copy the folder again, whole")
    return content
