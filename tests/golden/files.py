"""Golden files: what the predecessor computed, and how its weights are drawn again."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bridgelib.config.algorithms import ALGORITHMS
from bridgelib.errors import DataError


@dataclass(frozen=True)
class GoldenCase:
    """One pair of golden files, `<name>.json` and `<name>.npz`.

    Attributes:
        name: Of the files, without their endings.
        algorithm: A key of `ALGORITHMS`.
        config: `encoder`, `encoder_kwargs` and `agent_kwargs`.
        seed: Of the weights.
        shapes: Each parameter's path to its shape.
        updates: What each successive update reported.
        batch: The inputs, a tree of arrays.
        outputs: Everything else in the npz, by name.
    """

    name: str
    algorithm: str
    config: dict[str, Any]
    seed: int
    shapes: dict[str, tuple[int, ...]]
    updates: list[dict[str, float]]
    batch: dict[str, Any]
    outputs: dict[str, np.ndarray]


def read_case(description: Path) -> GoldenCase:
    """Read `<name>.json` and the `<name>.npz` beside it.

    Raises:
        DataError: A file that cannot be read, or lacks what the format demands.
    """
    try:
        content = json.loads(description.read_text())
        with np.load(description.with_suffix(".npz"), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        config = {key: content[key] for key in ("encoder", "encoder_kwargs", "agent_kwargs")}
        return GoldenCase(
            name=description.stem,
            algorithm=_algorithm(description),
            config=_as_built(config),
            seed=int(content["seed"]),
            shapes={path: tuple(shape) for path, shape in content["params"].items()},
            updates=content.get("updates", []),
            batch=as_tree({name[6:]: array for name, array in arrays.items() if name.startswith("batch/")}),
            outputs={name: array for name, array in arrays.items() if not name.startswith("batch/")},
        )
    except DataError:
        raise
    except KeyError as error:
        raise DataError(description, given=f"no key {error}", do="make the golden files again") from None
    except Exception as error:  # a broken zip, a broken JSON, a missing file: all are told the same way
        raise DataError(description, given=f"{type(error).__name__}: {error}", do="restore both files") from None


def drawn_weights(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """The weights the predecessor was run with: every leaf is drawn from its own path."""
    return {path: _drawn(path, shape, seed) for path, shape in shapes.items()}


def _drawn(path: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    digest = hashlib.sha256(f"{seed}:{path}".encode()).digest()
    normal = np.random.default_rng(int.from_bytes(digest[:8], "little")).standard_normal(shape)
    leaf = path.rsplit("/", 1)[-1]
    if leaf == "scale":
        weights = 1 + 0.1 * normal
    elif leaf == "bias":
        weights = 0.1 * normal
    else:
        weights = normal / np.sqrt(max(1, np.prod(shape[:-1])))
    return weights.astype(np.float32)


def as_tree(flat: dict[str, Any]) -> dict[str, Any]:
    """A tree of mappings from entries named by path, "a/b/c"."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *parents, leaf = path.split("/")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return tree


def _algorithm(description: Path) -> str:
    """The algorithm whose name stands in the file's name; of several, the longest (gc_bc, not bc)."""
    named = [algorithm for algorithm in ALGORITHMS if re.search(rf"(^|_){algorithm}($|_)", description.stem)]
    if not named:
        raise DataError(
            description,
            given=f"the name '{description.stem}'",
            allowed=[f"{algorithm}..." for algorithm in ALGORITHMS],
            do="name the file after its algorithm",
        )
    return max(named, key=len)


def _as_built(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of what the predecessor builds: its score network is 256 wide whatever `hidden_dim` says."""
    agent_kwargs = dict(config["agent_kwargs"])
    if "score_network_kwargs" in agent_kwargs:
        agent_kwargs["score_network_kwargs"] = {**agent_kwargs["score_network_kwargs"], "hidden_dim": 256}
    return {**config, "agent_kwargs": agent_kwargs}
