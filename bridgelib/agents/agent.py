"""What all agents have in common: their state, one update, and how they are asked for actions."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Self, TypeVar

import flax
import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.core import FrozenDict

from bridgelib.config.algorithms.parts import OptimiserSettings, TargetSettings
from bridgelib.config.declaration import Section
from bridgelib.networks.encoders import Encoder

Batch = Mapping[str, Any]
Params = dict[str, Any]
Info = dict[str, jax.Array]
Loss = Callable[[Params, jax.Array], tuple[jax.Array, Info]]
NewEncoder = Callable[[], Encoder]
Networks = dict[str, tuple[nn.Module, tuple[Any, ...]]]
S = TypeVar("S", bound=Section)


class TrainState(flax.struct.PyTreeNode):
    """All that training changes.

    Attributes:
        step: int32, the number of updates made.
        params: Parameters, `modules_<network>` on top.
        target_params: Their slow average, or None for an algorithm without targets.
        opt_state: Adam's state for each loss.
        key: The random key of the run, never changed; update number n draws from `fold_in(key, n)`, so a resumed run
            makes the same draws.
    """

    step: jax.Array
    params: Params
    target_params: Params | None
    opt_state: dict[str, Any]
    key: jax.Array


class Agent(Generic[S], flax.struct.PyTreeNode):
    """An algorithm with its state. Agents are values: `update` returns a new one.

    Attributes:
        state: What training changes.
        networks: The modules by name, "actor" among them.
        settings: The hyperparameters that its algorithm declares in `bridgelib.config.algorithms`; there are targets
            where they are `TargetSettings`. A subclass names their class as `Agent[ItsSettings]`: to declare the field
            again would make it one that JAX traces.
    """

    state: TrainState
    networks: FrozenDict = flax.struct.field(pytree_node=False)
    settings: S = flax.struct.field(pytree_node=False)

    # What an algorithm defines

    @classmethod
    def make_networks(cls, settings: S, new_encoder: NewEncoder, batch: Batch) -> Networks:
        """The networks by name, "actor" first, each with an example of its inputs."""
        raise NotImplementedError

    @classmethod
    def shares_encoder(cls, settings: S) -> bool:
        """Whether all networks use the actor's encoder."""
        return False

    def schedules(self) -> dict[str, optax.Schedule]:
        """The learning rate of each loss."""
        raise NotImplementedError

    def losses(self, batch: Batch) -> dict[str, Loss]:
        """The losses by name: functions of the parameters to differentiate and a random key."""
        raise NotImplementedError

    def eval_metrics(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """What `evaluate` returns, not compiled."""
        raise NotImplementedError

    # What all share

    @property
    def target_params(self) -> Params:
        """The slow average of the parameters, of an algorithm that has it."""
        assert self.state.target_params is not None, "no TargetSettings"
        return self.state.target_params

    @classmethod
    def create(cls, key: jax.Array, batch: Batch, settings: S, new_encoder: NewEncoder) -> Self:
        """A new agent with random parameters.

        Args:
            key: Gives the first parameters and all later draws.
            batch: An example; only shapes and dtypes count.
            settings: The hyperparameters.
            new_encoder: Returns a new image encoder.
        """
        # flax initialises from shapes; one sample of zeros spares encoding a whole batch of images
        example = jax.tree_util.tree_map(lambda x: jnp.zeros((1, *x.shape[1:]), x.dtype), dict(batch))
        built = cls.make_networks(settings, new_encoder, example)
        init_key, run_key = jax.random.split(key)

        def initialise(init_key: jax.Array) -> Params:
            params = {}
            for number, (name, (network, inputs)) in enumerate(built.items()):
                # a key by number, not a split: adding a network leaves the first weights of the others as they were
                own = dict(network.init(jax.random.fold_in(init_key, number), *inputs)["params"])
                if name != "actor" and cls.shares_encoder(settings):
                    # dropped, not copied: `apply` lends the actor's, so that every loss trains the same weights
                    del own["encoder"]
                params[f"modules_{name}"] = own
            return params

        params = jax.jit(initialise)(init_key)  # compiled, the forward pass of `init` is dropped as unused
        agent = cls(
            state=TrainState(jnp.zeros((), jnp.int32), params, None, {}, run_key),
            networks=FrozenDict({name: network for name, (network, _) in built.items()}),
            settings=settings,
        )
        opt_state = {name: agent.optimiser(rate).init(params) for name, rate in agent.schedules().items()}
        # equal at first (Lillicrap et al. 2016, "DDPG"), but a copy: a training step may donate its buffers
        target_params = jax.tree_util.tree_map(jnp.copy, params) if isinstance(settings, TargetSettings) else None
        return agent.replace(state=agent.state.replace(opt_state=opt_state, target_params=target_params))

    def apply(self, name: str, params: Params, *inputs: Any, dropout: jax.Array | None = None, **options: Any) -> Any:
        """The output of a network. Gradients flow through `params`, so a loss shows at each call what it trains.

        Args:
            name: The network.
            params: A tree like `state.params`.
            inputs: The network's inputs.
            dropout: Random key; None turns dropout off.
            options: Further keywords of the network or of flax's `apply`.
        """
        own = params[f"modules_{name}"]
        if "encoder" not in own:  # a shared encoder; see `create`
            own = {**own, "encoder": params["modules_actor"]["encoder"]}
        if dropout is not None:
            options = {**options, "train": True, "rngs": {"dropout": dropout}}
        return self.networks[name].apply({"params": own}, *inputs, **options)

    def train_step(self, batch: Batch) -> tuple[Self, Info]:
        """One step of training, to be compiled by the caller (`update` is this, compiled).

        Returns:
            The agent after the step, and float32 scalars: `loss` (the sum of the losses), `grad_norm`, `lr` (the
            actor's), and what each loss reports.
        """
        state, schedules, losses = self.state, self.schedules(), self.losses(batch)
        keys = jax.random.split(jax.random.fold_in(state.key, state.step), len(losses))
        gradients, info = {}, {"loss": jnp.zeros(())}
        for (name, loss), key in zip(losses.items(), keys, strict=True):
            # every loss at the parameters before the step, so that their order does not matter
            (value, measured), gradients[name] = jax.value_and_grad(loss, has_aux=True)(state.params, key)
            info["loss"] += value
            prefix = f"{name}/" if len(losses) > 1 else ""
            info.update({f"{prefix}{quantity}": number for quantity, number in measured.items()})
            if len(losses) > 1:
                info[f"{name}_lr"] = schedules[name](state.step)
        info["lr"] = schedules["actor"](state.step)
        info["grad_norm"] = optax.global_norm(gradients)
        return self.replace(state=self._stepped(gradients, schedules)), info

    def optimiser(self, rate: optax.Schedule) -> optax.GradientTransformation:
        """Adam, with decoupled weight decay where it is asked for."""
        decay = self.settings.weight_decay if isinstance(self.settings, OptimiserSettings) else 0.0
        # not adamw with a decay of 0: its state has one entry more, which checkpoints from before the setting lack
        return optax.adamw(rate, weight_decay=decay) if decay else optax.adam(rate)

    def _stepped(self, gradients: dict[str, Params], schedules: dict[str, optax.Schedule]) -> TrainState:
        """The state after each loss's own Adam has made its step; steps on shared parameters add up."""
        params, opt_state = self.state.params, {}
        for name, gradient in gradients.items():
            # moments of its own for each loss: in common ones, large gradients of one would shrink the others' steps
            change, opt_state[name] = self.optimiser(schedules[name]).update(
                gradient, self.state.opt_state[name], self.state.params
            )
            params = optax.apply_updates(params, change)
        target_params = self.state.target_params
        if isinstance(self.settings, TargetSettings):
            rate = self.settings.target_update_rate
            # Polyak averaging (Lillicrap et al. 2016, "DDPG"): a target that follows slowly keeps bootstrapping stable
            target_params = jax.tree_util.tree_map(
                lambda param, target: rate * param + (1 - rate) * target, params, target_params
            )
        return self.state.replace(
            step=self.state.step + 1, params=params, target_params=target_params, opt_state=opt_state
        )

    @jax.jit
    def update(self, batch: Batch) -> tuple[Self, Info]:
        """One compiled step of training; see `train_step`."""
        return self.train_step(batch)

    @jax.jit
    def evaluate(self, batch: Batch, key: jax.Array) -> dict[str, jax.Array]:
        """What the agent does on a batch, sample by sample, dropout off.

        Returns:
            `actions`, the policy's best actions, in the shape and units of the batch's; all else float32 [B], to be
            averaged over the valid samples.
        """
        return self.eval_metrics(batch, key)

    @jax.jit
    def sample_actions(
        self,
        observations: Mapping[str, jax.Array],
        goals: Mapping[str, jax.Array] | None = None,
        *,
        key: jax.Array | None = None,
        temperature: float | jax.Array = 1.0,
    ) -> jax.Array:
        """Actions in normalised units, [B, A] or [B, Ta, A].

        Args:
            observations, goals: As in a batch.
            key: Draws from the policy; None takes its mode.
            temperature: How widely to draw.
        """
        policy = self.apply("actor", self.state.params, observations, goals, temperature=temperature)
        return policy.mode() if key is None else policy.sample(key)  # the mode: at work there is nothing to explore


def learning_rate_schedule(peak: float, warmup_steps: int, decay_steps: int | None) -> optax.Schedule:
    """Linear from 0 to `peak` in `warmup_steps`, then by a cosine to 0 at `decay_steps`; None keeps the peak."""
    # warm-up: Adam's second moments are noise at first (Liu et al. 2020, "RAdam"); cosine: Loshchilov & Hutter 2017
    if decay_steps is None:
        # from the peak to the peak: optax asks for a decay of one step at least
        return optax.warmup_cosine_decay_schedule(0.0, peak, warmup_steps, warmup_steps + 1, end_value=peak)
    return optax.warmup_cosine_decay_schedule(0.0, peak, warmup_steps, decay_steps, end_value=0.0)
