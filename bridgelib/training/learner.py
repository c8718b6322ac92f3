"""The learner: an agent on the devices, with the two functions that XLA compiles."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from bridgelib.training.devices import Devices
from bridgelib.training.interruption import Interruption

Batch = Mapping[str, Any]
Augment = Callable[[Batch, jax.Array], Batch]
Evaluate = Callable[[Any, Batch, jax.Array], Mapping[str, jax.Array]]

_STEPS_IN_FLIGHT = 2


class Learner:
    """An agent that learns from host batches.

    Args:
        agent: As `bridgelib.agents.make_agent` gives it.
        devices: Where it learns.
        augment: Batch and key -> batch; part of the compiled step.
        evaluate: Agent, batch, key -> sums over the batch's valid samples; compiled.
        key: The random key of augmentation and validation; the agent's own is part of its state.
        interruption: Watched while the first call of each function compiles.
    """

    def __init__(
        self,
        agent: Any,
        devices: Devices,
        *,
        augment: Augment,
        evaluate: Evaluate,
        key: jax.Array,
        interruption: Interruption,
    ):
        self.devices = devices
        self.agent = agent.replace(state=devices.replicate(agent.state))
        self._update_key, self._evaluate_key = (devices.replicate(part) for part in jax.random.split(key))
        self.interruption = interruption
        self._compiled: set[Callable] = set()
        self._in_flight: list[Any] = []

        def update(agent: Any, batch: Batch, key: jax.Array) -> tuple[Any, Mapping[str, jax.Array]]:
            return agent.train_step(augment(batch, jax.random.fold_in(key, agent.state.step)))

        # On an accelerator the old state's memory is given to the new one. XLA's CPU backend of old cannot do it.
        donated = () if devices.mesh.devices.flat[0].platform == "cpu" else (0,)
        self._update = jax.jit(update, donate_argnums=donated, out_shardings=devices.replicated)
        self._evaluate = jax.jit(evaluate, out_shardings=devices.replicated)

    def update(self, batch: Batch) -> Mapping[str, jax.Array]:
        """One train step; returns its scalars, which the devices may still be computing.

        Raises:
            Interrupted: A signal came during the first call; the state is then as before.
        """
        self._wait_for_room()
        self.agent, info = self._call(self._update, self.agent, self.devices.split_batch(batch), self._update_key)
        self._in_flight.append(info)
        return info

    def evaluate(self, batch: Batch, number: int) -> dict[str, np.ndarray]:
        """Sums over the valid samples of validation batch `number`, whose draws are the same at every validation."""
        key = jax.random.fold_in(self._evaluate_key, number)
        sums = self._call(self._evaluate, self.agent, self.devices.split_batch(batch), key)
        return {name: np.asarray(value, np.float64) for name, value in sums.items()}

    def state(self) -> Any:
        """The agent's state on the host: a pytree of numpy arrays."""
        return jax.device_get(self.agent.state)

    def _wait_for_room(self) -> None:
        """Let the host run ahead of the devices by a few steps only: each holds a batch in the devices' memory."""
        while len(self._in_flight) >= _STEPS_IN_FLIGHT:
            jax.block_until_ready(self._in_flight.pop(0))

    def _call(self, function: Callable, *arguments: Any) -> Any:
        if function in self._compiled:
            return function(*arguments)
        result = self.interruption.wait_for(function, *arguments)
        self._compiled.add(function)
        return result
