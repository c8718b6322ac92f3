"""Checkpoint files of the predecessor: an agent as nested mappings of arrays, read from disk and written to it.

Its trainer calls `flax.training.checkpoints.save_checkpoint`. What that leaves depends on the version of flax:

checkpoint_<step>              a file in msgpack: flax with orbax turned off, and what `write_checkpoint` writes
checkpoint_<step>/checkpoint   all arrays in one such file: flax 0.7.0, the predecessor's own, and the orbax of its time
checkpoint_<step>/_METADATA    and more: later versions; only orbax reads these

In each lies {"state": {"step", "params", "target_params", "opt_states", "rng"}}.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import serialization

from bridgelib.agents import TrainState
from bridgelib.errors import ConfigError, DataError
from bridgelib.files import written_whole

_GATHERED = "checkpoint"
_ORBAX_FILES = (_GATHERED, "_METADATA", "manifest.ocdbt")


def read_checkpoint(path: Path) -> Mapping[str, Any]:
    """The agent's state: `step`, `params`, `target_params`, and what else the checkpoint holds.

    Args:
        path: The file or folder of one checkpoint.

    Raises:
        DataError: The path is missing, damaged, a folder of several checkpoints, or no agent of the predecessor.
        ConfigError: Only orbax reads the checkpoint, and that is not installed or does not work here.
    """
    content = _content(path)
    if isinstance(content, Mapping) and content.keys() == TrainState.__dataclass_fields__.keys():
        raise _our_own(path, int(content["step"]))
    state = content.get("state") if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not {"step", "params"} <= state.keys() or np.size(state["step"]) != 1:
        raise DataError(
            path,
            given=f"the keys {sorted(map(str, content))}" if isinstance(content, Mapping) else "no mapping",
            allowed="an agent of jaxrl_m: 'state' with 'step', one number, and 'params' in it",
            do="give a checkpoint that the predecessor's trainer saved",
        )
    return state


def write_checkpoint(path: Path, weights: Mapping[str, Any], step: int, losses: Sequence[str] | None) -> None:
    """Write a checkpoint file that `flax.training.checkpoints.restore_checkpoint` restores into the agent.

    The optimiser starts anew: its moments are zeros, and only the learning rate's schedule continues from `step`.

    Args:
        path: The file.
        weights: `params`, and `target_params` or None; then the parameters stand for the targets.
        step: Updates made.
        losses: Names of the losses, each of which has an optimiser; None for an agent with a single, nameless one.
    """
    params, target_params = weights["params"], weights["target_params"]
    moments = jax.tree_util.tree_map(np.zeros_like, params)
    adam = {
        "0": {"count": np.zeros((), np.int32), "mu": moments, "nu": moments},
        "1": {"count": np.array(step, np.int32)},
    }
    state = {
        "step": np.array(step, np.int32),
        "params": params,
        "target_params": params if target_params is None else target_params,
        "opt_states": adam if losses is None else dict.fromkeys(losses, adam),
        "rng": np.zeros(2, np.uint32),
    }
    with written_whole(path) as partial:
        partial.write_bytes(serialization.msgpack_serialize({"state": state}))


def _our_own(path: Path, step: int) -> DataError:
    folder = path.absolute() if path.is_dir() else path.absolute().parent
    run = shlex.quote(str(folder.parent)) if folder.name == "checkpoints" else "<the folder of its run>"
    return DataError(
        path,
        given=f"a checkpoint of this pipeline itself, not of the predecessor: step {step} of a training",
        do=f"make a policy folder of it with: export_policy.py --run {run} --step {step} --output <policy folder>",
    )


def _content(path: Path) -> Any:
    if path.is_file():
        return _unpacked(path)
    if not path.is_dir():
        raise DataError(path, given="no such file or folder", do="give the path of a checkpoint")
    if (path / _GATHERED).is_file():
        content = _unpacked(path / _GATHERED)
        if not any(isinstance(leaf, str) for leaf in jax.tree_util.tree_leaves(content)):
            return content  # a text would stand for an array that lies elsewhere in the folder
    if ours := sorted(path.glob("step-*.msgpack")):
        return _unpacked(ours[-1])
    if any((path / name).is_file() for name in _ORBAX_FILES):
        return _restored_by_orbax(path)
    found = sorted((entry.name for entry in path.glob("checkpoint_*")), key=lambda name: (len(name), name))  # by step
    raise DataError(
        path,
        given=f"a folder of {len(found)} checkpoints" if found else "a folder without a checkpoint in it",
        allowed="the file or folder of one checkpoint",
        do=f"give one, e.g. the newest: {path / found[-1]}" if found else "give the path of a checkpoint",
    )


def _unpacked(path: Path) -> Any:
    try:
        return serialization.msgpack_restore(path.read_bytes())
    except Exception as error:  # msgpack and numpy raise half a dozen kinds for damaged or foreign bytes
        raise DataError(
            path,
            given=f"{path.stat().st_size} bytes that are no whole msgpack ({type(error).__name__}: {error})",
            allowed="a checkpoint saved by flax.training.checkpoints",
            do="copy it again and compare its size with the original's",
        ) from error


def _restored_by_orbax(path: Path) -> Any:
    try:
        import orbax.checkpoint
    except ImportError as error:
        raise ConfigError(
            path,
            given="a checkpoint that only orbax reads, which is not installed here",
            do="install the pip package orbax-checkpoint, or use the environment of the rule train_policy",
        ) from error
    try:
        checkpointer = orbax.checkpoint.PyTreeCheckpointer()
        saved = checkpointer.metadata(path.resolve())
        as_numpy = orbax.checkpoint.RestoreArgs(
            restore_type=np.ndarray
        )  # else it looks for the devices of the training
        arguments = jax.tree_util.tree_map(lambda _: as_numpy, saved.item_metadata.tree)
        return checkpointer.restore(path.resolve(), restore_args=arguments)
    except Exception as error:  # whatever orbax, tensorstore and JAX raise, often because their versions do not match
        raise DataError(
            path,
            given=f"orbax cannot restore it ({type(error).__name__}: {str(error)[:300]})",
            do="copy it again; or load it where it was made and save it with flax_use_orbax_checkpointing turned off",
        ) from error
