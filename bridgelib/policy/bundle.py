"""The policy folder: written at the end of training, checked whenever it is loaded.

params.msgpack   parameters and targets (flax.serialization)
golden.npz       one observation, its goal, and the actions the policy gave
language.npz     the language table, for policies that follow instructions
policy.json      the spec, and the hashes of the others; written last of these

and their seal, `policy.seal.json`; see `bridgelib.seals`.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from bridgelib.agents import TrainState
from bridgelib.data.normalization import Normalizer
from bridgelib.errors import DataError
from bridgelib.files import disk_errors, write_json, written_whole
from bridgelib.language.table import LanguageTable
from bridgelib.layout import latest_path, policy_path
from bridgelib.mistaken import kind_of_file
from bridgelib.policy.description import FILES, read_description
from bridgelib.policy.policy import Policy
from bridgelib.policy.spec import PolicySpec
from bridgelib.policy.weights import packed, unpacked
from bridgelib.seals import sealed

_TOLERANCE = 0.02
"""How far an action may lie from the golden one, in normalised units: above what TF32 on a GPU makes of a deep network,
far below what another weight, statistic or image size does."""


def policy_of(spec: PolicySpec, state: TrainState, language: LanguageTable | None = None) -> Policy:
    """The policy that a trained state makes: as `save` with these arguments, and `load`, without a folder."""
    weights = {"params": state.params, "target_params": state.target_params}
    return Policy(spec, _agent(spec, weights), language.embedder() if language else None)


def save(
    folder: Path,
    spec: PolicySpec,
    state: TrainState,
    batch: Mapping[str, Any],
    made_with: Mapping[str, Any],
    language: LanguageTable | None = None,
) -> None:
    """Write a policy folder.

    Args:
        folder: The folder to write.
        spec: What the policy expects.
        state: The state of its agent, on the host; parameters and targets are kept of it.
        batch: A batch as in training; its first sample becomes the golden input.
        made_with: Versions and the like, recorded in policy.json.
        language: The embeddings of its instructions, if it follows them.
    """
    golden: dict[str, Any] = _golden_input(spec, batch)
    actions = policy_of(spec, state).predict(*_arguments(golden))
    with disk_errors(folder):  # a former policy.json goes first, so that a half-written folder is never a policy
        (folder / "policy.json").unlink(missing_ok=True)
    written = [*FILES, *(["language.npz"] if language else [])]
    with sealed("train_policy", folder / "policy.json", *(folder / name for name in written)):
        with written_whole(folder / "params.msgpack") as partial:
            partial.write_bytes(packed({"params": state.params, "target_params": state.target_params}))
        with written_whole(folder / "golden.npz") as partial, partial.open("wb") as file:
            np.savez(file, actions=actions, **golden)
        if language is not None:
            language.save(folder / "language.npz")
        hashes = {name: _sha256(folder / name) for name in written}
        write_json(folder / "policy.json", {**spec.to_json(), "sha256": hashes, "made_with": made_with})


def load(
    folder: Path | str,
    embed: Callable[[str], np.ndarray] | None = None,
    execute: int | None = None,
    ensemble: float | None = None,
) -> Policy:
    """Load a policy folder and check that it still acts as it did.

    Args:
        folder: The `policy/` of a run, wherever it was copied to; or the run, or its experiment, in which it lies.
        embed: Instruction -> float32 [E], for policies that follow instructions; None: the folder's language table.
        execute: How many actions of each predicted chunk to carry out before predicting anew; None: as it was trained.
        ensemble: The m of temporal ensembling, in place of `execute`; see `Policy`.

    Raises:
        DataError: A file is missing or damaged, or the policy no longer gives its golden action.
        ConfigError: JAX has no device.
    """
    folder = policy_folder(folder)
    content = read_description(folder / "policy.json")
    for name, expected in content["sha256"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            kind = kind_of_file(folder / name, expected=b"PK") if (folder / name).is_file() else None
            given = f"it is {kind.name}" if kind else "missing, or other bytes than policy.json says"
            raise DataError(folder / name, given=given, do=kind.cure(folder / name) if kind else "copy it again")
    if embed is None and "language.npz" in content["sha256"]:
        embed = LanguageTable.load(folder / "language.npz").embedder()
    spec = PolicySpec.from_json(content)
    weights = (folder / "params.msgpack").read_bytes()
    policy = Policy(spec, _agent(spec, weights, str(folder / "params.msgpack")), embed, execute, ensemble)
    _check_golden(policy, folder / "golden.npz")
    return policy


def policy_folder(given: Path | str) -> Path:
    """The given policy folder; of a run's or an experiment's folder, the policy folder in it.

    Raises:
        DataError: There is none.
    """
    given = Path(given)
    for folder in (given, policy_path(given), policy_path(latest_path(given))):
        if (folder / "policy.json").is_file():
            return folder
    kind = "Not a directory" if given.is_file() else "no such file, nor one in policy/ or latest/policy/"
    raise DataError(
        given / "policy.json",
        given=kind,
        allowed="the folder of a policy, of its run or of its experiment",
        do="correct the path; a training writes its policy when it ends (export_policy.py makes one before)",
    )


def _agent(spec: PolicySpec, weights: Any, where: str = "") -> Any:
    """An agent with these weights, given as a tree or as bytes; its other state is left abstract."""
    agent = spec.agent()
    if isinstance(weights, bytes):
        template = {"params": agent.state.params, "target_params": agent.state.target_params}
        weights = unpacked(weights, template, where)
    weights = jax.tree_util.tree_map(jax.numpy.asarray, weights)
    return agent.replace(state=agent.state.replace(**weights, opt_state=None, step=0, key=jax.random.PRNGKey(0)))


def _golden_input(spec: PolicySpec, batch: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The first sample of a batch as the policy gets it, proprio in the robot's units."""
    observations, goals = batch["observations"], batch.get("goals", {})
    proprio = Normalizer(spec.statistics, spec.normalisation).proprio.inverse(observations["proprio"][0])
    golden = {"image": observations["image"][0], "proprio": proprio}
    return golden if spec.goal == "none" else {**golden, f"goal_{spec.goal}": goals[spec.goal][0]}


def _arguments(golden: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    goals = {key.removeprefix("goal_"): value for key, value in golden.items() if key.startswith("goal_")}
    return golden["image"], golden["proprio"], goals


def _check_golden(policy: Policy, path: Path) -> None:
    """Refuse a policy that no longer gives the golden actions."""
    with np.load(path) as file:
        golden = dict(file)
    if golden["image"].shape[-3:] != policy.spec.image_shape:  # most networks would take another size without a word
        raise DataError(
            path,
            given=f"a golden image of shape {list(golden['image'].shape[-3:])}",
            allowed=f"{list(policy.spec.image_shape)}, as policy.json says",
            do="copy the folder again, whole",
        )
    forward = Normalizer(policy.spec.statistics, policy.spec.normalisation).action.forward
    actions = policy.predict(*_arguments(golden))
    worst = float(np.abs(forward(actions) - forward(golden["actions"])).max())
    if not worst <= _TOLERANCE:
        raise DataError(
            path,
            given=f"the policy's actions differ from the golden ones by {worst:.3g} (normalised)",
            allowed=f"at most {_TOLERANCE}",
            do="use the versions in policy.json (made_with), or export the policy again",
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
