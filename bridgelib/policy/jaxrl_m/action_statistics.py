"""The constants with which the predecessor normalised actions and proprio."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bridgelib.data.normalization import divisor
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.errors import ConfigError

_READ_BY = {"normal": ("mean", "std"), "bounds": ("min", "max")}


def read_statistics(content: Any, where: str) -> Statistics:
    """Statistics from {"action": {"mean", "std", "min", "max"}, "proprio": ...}, our form and the predecessor's.

    Where the bounds are not given, the mean stands for both: policies normalised by mean and deviation never read them.
    Differences of angles are plain numbers, as the predecessor's are, unless ours say otherwise.

    Raises:
        ConfigError: A quantity is missing, or not one list of finite numbers.
    """
    if not isinstance(content, Mapping) or not {"action", "proprio"} <= content.keys():
        raise ConfigError(
            where,
            given=sorted(map(str, content)) if isinstance(content, Mapping) else type(content).__name__,
            allowed="action and proprio, each with mean, std, min and max",
            do="give a task's statistics.json, or the predecessor's action_proprio_metadata as JSON",
        )
    action, proprio = (_moments(content[key], f"{where}, {key}") for key in ("action", "proprio"))
    angles = {key: content[key] for key in ("relabel_angles", "crossings") if key in content}
    return Statistics(action, proprio, content.get("trajectories", 0), content.get("transitions", 0), **angles)


def their_statistics(statistics: Statistics) -> dict[str, Any]:
    """The predecessor's action_proprio_metadata, with the kind of angles added, which the predecessor ignores.

    It divides by the deviation or the range without a floor, so these are given as what we divide by, floors included.
    """
    moments = {key: _as_divided(getattr(statistics, key)).to_json() for key in ("action", "proprio")}
    return {**moments, "relabel_angles": statistics.relabel_angles, "crossings": statistics.crossings}


def _as_divided(moments: Moments) -> Moments:
    spread = moments.max - moments.min
    divided = divisor(spread, moments.floor)
    largest = np.where(divided == spread, moments.max, moments.min + divided)
    return replace(moments, std=divisor(moments.std, moments.floor), max=largest)


def configured_statistics(content: Mapping[str, Any], where: str) -> Statistics | None:
    """The statistics that a configuration of the predecessor records, if it does.

    Its first version normalised actions alone, and kept their constants as `action_metadata`.
    """
    section = content.get("bridgedata_config")
    section = section if isinstance(section, Mapping) else {}
    if section.get("action_proprio_metadata") is not None:
        place = f"{where}, bridgedata_config.action_proprio_metadata"
        return read_statistics(section["action_proprio_metadata"], place)
    if section.get("action_metadata") is None:
        return None
    action = _moments(section["action_metadata"], f"{where}, bridgedata_config.action_metadata")
    zeros, ones = np.zeros(len(action.mean)), np.ones(len(action.mean))
    return Statistics(action, Moments(mean=zeros, std=ones, min=zeros, max=ones), 0, 0)


def chosen_statistics(configured: Statistics | None, given: Statistics | None, normalisation: str) -> Statistics:
    """The statistics of the configuration, or those given by hand.

    Raises:
        ConfigError: There are neither, or both and they contradict each other, or those given by hand are of other
            angles than the predecessor trains on.
    """
    if configured is None and given is not None:
        return _of_plain_angles(given)
    if configured is None:
        raise ConfigError(
            "--statistics",
            given="none, and the configuration has no bridgedata_config.action_proprio_metadata",
            allowed="the constants that actions and proprio were normalised with in training",
            do="give them as --statistics FILE; or --predecessor-statistics for those published with BridgeData V2 "
            "(it normalised proprio with the action's constants, so a policy trained by it wants exactly these)",
        )
    if given is not None:
        for quantity in ("action", "proprio"):
            for name in _READ_BY.get(normalisation, ()):
                ours, theirs = (getattr(getattr(side, quantity), name) for side in (given, configured))
                if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=1e-5):
                    raise ConfigError(
                        f"statistics, {name} of {quantity}",
                        given=ours.tolist(),
                        allowed=f"{theirs.tolist()}, with which the configuration says it was trained",
                        do="leave out the statistics: the configuration's are used",
                    )
    return configured


def _of_plain_angles(given: Statistics) -> Statistics:
    if not given.are_of("plain"):
        raise ConfigError(
            "--statistics, relabel_angles",
            given=f"{given.relabel_angles}, with rotations across ±π: {given.crossings}",
            allowed="plain: the predecessor's training takes differences of angles as plain numbers",
            do="give the constants of its training (bridgedata_config.action_proprio_metadata of its configuration)",
        )
    return replace(given, relabel_angles="plain")


def _moments(content: Any, where: str) -> Moments:
    if not isinstance(content, Mapping) or not {"mean", "std"} <= content.keys():
        raise ConfigError(where, given=content, allowed="mean, std, min and max", do="add what is missing")
    columns = {name: content.get(name, content["mean"]) for name in ("mean", "std", "min", "max")}
    columns |= {"floor": content["floor"]} if "floor" in content else {}
    for name, column in columns.items():
        try:
            columns[name] = np.array(column, np.float64)
        except (TypeError, ValueError):
            columns[name] = np.array(np.nan)
        if columns[name].shape != (len(content["mean"]),) or not np.isfinite(columns[name]).all():
            raise ConfigError(
                f"{where}, {name}",
                given=column,
                allowed=f"a list of {len(content['mean'])} finite numbers",
                do="give one number per dimension",
            )
    return Moments(**columns)
