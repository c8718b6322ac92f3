"""A linear policy on drawn numbers: small enough to compile in no time, with everything an agent's state has."""

from functools import cache
from typing import Any

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax

from bridgelib.data.normalization import Normalizer
from bridgelib.data.statistics import Moments, Statistics
from bridgelib.training.checkpoints import Checkpoints, LoopState
from bridgelib.training.devices import Devices, is_writer
from bridgelib.training.interruption import Interruption
from bridgelib.training.learner import Learner
from bridgelib.training.loop import Loop, Schedule
from bridgelib.training.metrics import Metrics
from bridgelib.training.tracking import WandbMirror
from bridgelib.training.validation import evaluation, validated

OPTIMISER = optax.adam(0.03)
MOMENTS = Moments(*(np.array(row, float) for row in ([0] * 6 + [0.5], [0.01] * 6 + [0.5], [-1] * 7, [1] * 7)))
STATISTICS = Statistics(MOMENTS, MOMENTS, 10, 100)


class ToyState(flax.struct.PyTreeNode):
    step: jax.Array
    params: Any
    opt_state: Any
    key: jax.Array


class ToyAgent(flax.struct.PyTreeNode):
    state: ToyState

    @classmethod
    def create(cls, seed: int = 0) -> "ToyAgent":
        params = {"kernel": jnp.zeros((7, 7)), "bias": jnp.zeros(7)}
        state = ToyState(jnp.zeros((), jnp.int32), params, OPTIMISER.init(params), jax.random.PRNGKey(seed))
        return cls(state)

    def sample_actions(self, observations, goals=None, *, params=None):
        params = params or self.state.params
        return observations["proprio"] @ params["kernel"] + params["bias"]

    def train_step(self, batch):
        state = self.state
        noise = 0.01 * jax.random.normal(jax.random.fold_in(state.key, state.step), batch["actions"].shape)

        def loss(params):
            predicted = self.sample_actions(batch["observations"], params=params)
            return jnp.mean(jnp.sum((predicted + noise - batch["actions"]) ** 2, axis=-1))

        value, gradients = jax.value_and_grad(loss)(state.params)
        updates, opt_state = OPTIMISER.update(gradients, state.opt_state)
        params = optax.apply_updates(state.params, updates)
        new = state.replace(step=state.step + 1, params=params, opt_state=opt_state)
        return self.replace(state=new), {"actor_loss": value, "grad_norm": optax.global_norm(gradients)}

    def evaluate(self, batch, key):
        actions = self.sample_actions(batch["observations"])
        return {"draw": jax.random.uniform(key, batch["valid"].shape), "actions": actions}


def toy_batch(seed: int, step: int, size: int = 8, valid: int | None = None) -> dict:
    generator = np.random.default_rng([seed, step])
    proprio = generator.standard_normal((size, 7)).astype(np.float32)
    actions = (0.5 * proprio + 0.1).astype(np.float32)
    actions[:, 6] = proprio[:, 6] > 0
    batch = {
        "observations": {"proprio": proprio},
        "actions": actions,
        "valid": np.arange(size) < (size if valid is None else valid),
    }
    share = size // jax.process_count()
    own = slice(jax.process_index() * share, (jax.process_index() + 1) * share)
    return jax.tree_util.tree_map(lambda rows: rows[own], batch)


class ToyBatches:
    """Batches from `step` on; the one of `poisoned` holds a NaN."""

    def __init__(self, step: int, poisoned: int | None = None):
        self.step, self.poisoned, self.waited = step, poisoned, 0.0

    def __next__(self):
        batch = toy_batch(1, self.step)
        if self.step == self.poisoned:
            batch["actions"][0, 0] = np.nan
        self.step += 1
        return batch


@cache
def toy_learner() -> Learner:
    """One for all tests of a process: compiling is what takes time."""
    return Learner(
        ToyAgent.create(),
        Devices(),
        augment=lambda batch, key: batch,
        evaluate=evaluation(Normalizer(STATISTICS, "normal"), STATISTICS.action.mean),
        key=jax.random.PRNGKey(3),
        interruption=Interruption(),
    )


class ToyValidation:
    """Eleven transitions in two batches."""

    def __len__(self):
        return 2

    def batch(self, number):
        return toy_batch(2, number, valid=(8, 3)[number])


def place(learner: Learner, state) -> None:
    learner.agent = learner.agent.replace(state=learner.devices.replicate(state))


def toy_loop(folder, num_steps, *, interruption=None, poisoned=None, validation=True, **schedule) -> Loop:
    """A loop over the run folder, resumed from its newest checkpoint, as `bridgelib.training.run` puts it together."""
    interruption = interruption or Interruption()
    learner = toy_learner()
    learner.interruption = interruption
    place(learner, ToyAgent.create().state)
    schedule = {"log_interval": 1, "eval_interval": 2, "save_interval": 2, **schedule}
    checkpoints = Checkpoints(folder / "checkpoints", interval=schedule["save_interval"])
    metrics = folder / "metrics.jsonl"
    found = checkpoints.newest(learner.state(), metrics.stat().st_size if metrics.exists() else 0)
    state = LoopState()
    if found:
        place(learner, found[0])
        state = found[1]
    folder.mkdir(exist_ok=True)
    return Loop(
        learner=learner,
        batches=ToyBatches(state.step, poisoned),
        validate=(lambda: validated(learner, ToyValidation(), interruption)) if validation else None,
        schedule=Schedule(num_steps, **schedule),
        metrics=Metrics(metrics, state.log_position) if is_writer() else None,
        mirror=WandbMirror(folder, "disabled", project="", name="", config={}),
        checkpoints=checkpoints,
        interruption=interruption,
        state=state,
        saved=found and found[1],
    )
