"""Run our agent on a golden case and measure how far its numbers are from the predecessor's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flax
import jax
import jax.numpy as jnp
import numpy as np

from bridgelib.agents import Agent, make_agent
from bridgelib.errors import DataError
from bridgelib.policy.jaxrl_m.constructors import as_constructed
from tests.golden.files import GoldenCase, as_tree, drawn_weights

EXACT_BOUND = 1e-4
AFTER_STEPS_BOUND = 2e-3
SMALLEST_SCALE = 1e-2


@dataclass(frozen=True)
class Comparison:
    """One quantity of one golden case.

    Attributes:
        case: Name of the golden file.
        quantity: Name of the number or array; those of the updates begin with "update n: ".
        error: Relative error, or None where the quantity follows from a random draw.
        bound: The largest error allowed.
    """

    case: str
    quantity: str
    error: float | None
    bound: float

    @property
    def failed(self) -> bool:
        """Whether the quantity is comparable and too far off; NaN is."""
        return self.error is not None and not self.error <= self.bound


def compare(case: GoldenCase) -> list[Comparison]:
    """Compare every quantity of a golden case.

    A quantity is comparable when it does not depend on the random key, so all is computed under two keys, and what
    differs between them is left out.

    Raises:
        DataError: Our parameters have other names or shapes, or a golden quantity is unknown here.
    """
    agent = golden_agent(case)
    first = measured(agent, case, jax.random.PRNGKey(1))
    second = measured(agent, case, jax.random.PRNGKey(2))
    golden = {name: (array, EXACT_BOUND) for name, array in case.outputs.items()}
    if "actions_mode_after_3_updates" in golden:
        golden["actions_mode_after_3_updates"] = (case.outputs["actions_mode_after_3_updates"], AFTER_STEPS_BOUND)
    for number, update in enumerate(case.updates, start=1):
        bound = EXACT_BOUND if number == 1 else AFTER_STEPS_BOUND
        golden.update({f"update {number}: {name}": (np.asarray(value), bound) for name, value in update.items()})
    comparisons = []
    for quantity, (expected, bound) in golden.items():
        if quantity not in first:
            raise DataError(case.name, given=f"the quantity '{quantity}'", allowed=sorted(first), do="teach it to us")
        is_random = not np.array_equal(first[quantity], second[quantity], equal_nan=True)
        error = None if is_random else relative_error(first[quantity], expected, quantity)
        comparisons.append(Comparison(case.name, quantity, error, bound))
    return comparisons


def relative_error(ours: np.ndarray, golden: np.ndarray, quantity: str) -> float:
    """max |ours - golden| / max |golden|; means that nearly cancel are measured against `SMALLEST_SCALE`."""
    if ours.shape != golden.shape:
        return float("inf")
    scale = float(np.max(np.abs(golden)))
    if not quantity.endswith("lr"):
        scale = max(scale, SMALLEST_SCALE)
    difference = float(np.max(np.abs(ours - golden)))
    return difference / scale if difference else 0.0


def golden_agent(case: GoldenCase) -> Agent:
    """Our agent for a case, with the weights the predecessor was run with.

    Raises:
        DataError: The parameters of our networks are not those of the golden file.
    """
    config = as_constructed(case.algorithm, case.config)
    shapes = jax.eval_shape(lambda key: make_agent(case.algorithm, key, case.batch, config), jax.random.PRNGKey(0))
    ours = {path: leaf.shape for path, leaf in flax.traverse_util.flatten_dict(shapes.state.params, sep="/").items()}
    _require_same_parameters(case, ours)
    zeros = jax.tree_util.tree_map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes.state)
    weights = {path: jnp.asarray(array) for path, array in drawn_weights(case.shapes, case.seed).items()}
    params = as_tree(weights)
    targets = None if zeros.target_params is None else as_tree(weights)
    return shapes.replace(state=zeros.replace(params=params, target_params=targets))


def _require_same_parameters(case: GoldenCase, ours: Mapping[str, tuple[int, ...]]) -> None:
    problems = [f"we lack {path}" for path in case.shapes if path not in ours]
    problems += [f"it lacks our {path}" for path in ours if path not in case.shapes]
    problems += [
        f"{path} is {list(shape)}, ours {list(ours[path])}"
        for path, shape in case.shapes.items()
        if path in ours and ours[path] != shape
    ]
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise DataError(f"{case.name}: parameters", given=shown, do="make names and shapes agree")


def measured(agent: Agent, case: GoldenCase, key: jax.Array) -> dict[str, np.ndarray]:
    """Every quantity we can compute for a case, the draws following from `key`."""
    agent = agent.replace(state=agent.state.replace(key=key))
    batch = jax.tree_util.tree_map(jnp.asarray, case.batch)
    quantities: dict[str, Any] = dict(_outputs(agent, batch, case.outputs))
    for number in range(1, len(case.updates) + 1):
        agent, info = agent.update(batch)
        quantities.update({f"update {number}: {name}": value for name, value in info.items()})
    if "actions_mode_after_3_updates" in case.outputs:
        quantities["actions_mode_after_3_updates"] = agent.sample_actions(batch["observations"], batch.get("goals"))
    return {name: np.asarray(value) for name, value in jax.device_get(quantities).items()}


def _outputs(agent: Agent, batch: Mapping[str, Any], golden: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
    """What the networks return for a batch."""
    state, task = agent.state, (batch["observations"], batch.get("goals"))
    outputs = {}
    if "actions_mode" in golden:
        outputs["actions_mode"] = agent.sample_actions(*task)
    if "value" in golden:
        outputs["value"] = jax.jit(lambda params: agent.apply("value", params, *task))(state.params)
    if "critic" in golden:
        outputs["critic"] = jax.jit(lambda params: agent.apply("critic", params, *task, batch["actions"]))(state.params)
    if "eps" in golden:
        noisy = (jnp.asarray(golden["noisy_actions"]), jnp.asarray(golden["time"]))
        outputs["eps"] = jax.jit(lambda params: agent.apply("actor", params, *task, *noisy))(state.params)
        outputs["noisy_actions"], outputs["time"] = noisy
        outputs["betas"], outputs["alpha_hats"] = agent.betas, agent.alpha_hats
    return outputs
