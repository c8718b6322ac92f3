"""What the results about policies were made from. Standard library only: the Snakefile asks while it is parsed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridgelib.data.records_digest import records_digests
from bridgelib.origins import UNKNOWN, digest_in, digest_of
from bridgelib.versions import versions_of


def policy_digest(folder: Path) -> str:
    """A digest that identifies the policy in a folder: of policy.json, except for who made it and where."""
    try:
        content = json.loads((Path(folder) / "policy.json").read_text(encoding="utf-8"))
        return digest_of({key: value for key, value in content.items() if key != "made_with"})
    except (OSError, ValueError, AttributeError):
        return UNKNOWN


def evaluation_origin(policy: Path, data_root: Path, tasks: Sequence[str], **less: int | None) -> dict[str, Any]:
    """The origin of evaluation.json.

    Args:
        policy: The folder of the policy.
        data_root: The folder of the tasks.
        tasks: The tasks of the experiment.
        less: `transitions` and `frames`, where fewer than usual were looked at.
    """
    asked = {key: number for key, number in less.items() if number is not None}
    read = {"policy": policy_digest(policy), "data": records_digests(data_root, tasks)}
    return {"versions": versions_of("evaluate_policy"), **read, **asked}


def rollouts_origin(
    policy: Path,
    tasks: Sequence[str],
    seeds: range,
    camera: Sequence[int],
    instructions: str,
    execute: int | None = None,
    ensemble: float | None = None,
) -> dict[str, Any]:
    """The origin of rollouts.json.

    Args:
        policy: The folder of the policy.
        tasks, seeds, camera, instructions: As of `bridgelib.evaluation.closed_loop`.
        execute, ensemble: As `bridgelib.policy.load` takes them; None for the policy's own.
    """
    acting = {"execute": execute, "ensemble": ensemble}
    asked = {"instructions": instructions} | {key: value for key, value in acting.items() if value is not None}
    return {
        "versions": versions_of("rollout_policy"),
        "policy": policy_digest(policy),
        **_scenes(tasks, seeds, camera),
        **asked,
    }


def references_origin(data_root: Path, tasks: Sequence[str], seeds: range, camera: Sequence[int]) -> dict[str, Any]:
    """The origin of references.json; the arguments as of `bridgelib.evaluation.ladder`."""
    read = {"data": records_digests(data_root, tasks)}
    return {"versions": versions_of("rollout_references"), **read, **_scenes(tasks, seeds, camera)}


def success_origin(references: Path, rollouts: Mapping[str, Path]) -> dict[str, Any]:
    """The origin of success.json: made from references.json and the rollouts.json of each experiment."""
    return {
        "versions": versions_of("success"),
        "references": digest_in(references),
        "rollouts": {name: digest_in(path) for name, path in rollouts.items()},
    }


def _scenes(tasks: Sequence[str], seeds: range, camera: Sequence[int]) -> dict[str, Any]:
    known = {"tasks": list(dict.fromkeys(tasks)), "camera": list(camera)}
    return {**known, "episodes": len(seeds), "seed": seeds.start}
