"""What an algorithm declares: its complete configuration tree, and what other packages must know of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from bridgelib.config.algorithms.encoders import ENCODERS
from bridgelib.config.algorithms.parts import AgentSettings, DatasetSettings, EncoderSettings
from bridgelib.config.declaration import Contradiction, Section
from bridgelib.config.limits import Limit, at_least, one_of

Need = Literal["goals", "language", "next_observations", "gaze"]
EncoderName = Annotated[str, one_of(ENCODERS), "The image encoder."]
MB = 1 << 20

# JAX makes its keys of the lower 32 bits: beyond them two seeds would begin with the same weights
_SEED = Limit("a whole number from -2^31 to 2^32 - 1", lambda seed: -(2**31) <= seed < 2**32)


@dataclass(frozen=True)
class Algorithm(Section):
    """An algorithm; an instance is a configuration of it, by default the published one.

    Class attributes:
        name: What configurations call it.
        agent: Where its agent is, "module:class".
        needs: What a batch must hold besides observations and actions.
        only: Settings of which it knows one value, carried because published configurations carry them, by their path:
            the value, and why it is the only one.
        single_actions: Whether it has value functions, which judge one action at a time.
        chunks_with_history: Whether it needs chunks of actions and a history of observations, be they of one.
        losses: How many losses, each with its own Adam.
        heads: How many perceptrons of the size that `head` names.
        head: The section of `agent_kwargs` that says how large they are.
        encoders: How many image encoders, where networks do not share one.
        more_weights: Weights besides those, and more of them for each entry of the encoding.
        encoded: How many images of each sample are encoded with their activations kept (measured).
        compiling: Bytes of main memory per layer of the encoder that compiling it on a CPU takes more (measured).
    """

    name: ClassVar[str]
    agent: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    only: ClassVar[Mapping[str, tuple[Any, str]]] = {}
    single_actions: ClassVar[bool] = False
    chunks_with_history: ClassVar[bool] = False
    losses: ClassVar[int] = 1
    heads: ClassVar[int] = 1
    head: ClassVar[str] = "network_kwargs"
    encoders: ClassVar[int] = 1
    more_weights: ClassVar[tuple[float, float]] = (0, 0)
    encoded: ClassVar[float] = 1
    compiling: ClassVar[float] = 0

    batch_size: Annotated[int, at_least(1), "Transitions in a training batch."] = 256
    val_batch_size: Annotated[int, at_least(1), "Transitions in a validation batch."] = 256
    num_steps: Annotated[int, at_least(1), "Steps of training."] = 2_000_000
    log_interval: Annotated[int, at_least(1), "Steps between two lines of the log."] = 100
    eval_interval: Annotated[int, at_least(1), "Steps between two validations."] = 5000
    save_interval: Annotated[int, at_least(1), "Steps between two checkpoints."] = 5000
    keep_last: Annotated[int, at_least(1), "How many checkpoints are kept, besides the best one."] = 2
    keep_every: Annotated[int | None, at_least(1), "And those at multiples of this many steps."] = None
    policy_from: Annotated[
        Literal["last", "best", "success"], "Which of them becomes the policy; success: by that in the simulator."
    ] = "last"
    eval_batches: Annotated[int | None, at_least(1), "Batches of one validation; null: the whole validation split."] = (
        None
    )
    seed: Annotated[int, _SEED, "What weights and batches are drawn from."] = 42
    act_exec_horizon: Annotated[
        int | None, at_least(1), "Actions of each predicted chunk that are carried out; null: one."
    ] = None
    act_gripper: Annotated[
        Literal["binary", "continuous"], "What a robot is told: open or close, or what the network says."
    ] = "binary"
    encoder: EncoderName = "resnetv1-34-bridge"
    encoder_kwargs: EncoderSettings = field(default_factory=EncoderSettings)
    dataset_kwargs: DatasetSettings = field(default_factory=DatasetSettings)
    agent_kwargs: Section = field(default_factory=AgentSettings)

    def contradictions(self) -> Iterator[Contradiction]:
        """What this algorithm does not know, or what does not go together beyond a single section."""
        yield from self._other_values()
        yield from self._horizons()
        is_conditioned = getattr(self.encoder_kwargs, "use_multiplicative_cond", False)  # a new one need not have it
        takes_instruction = ENCODERS[self.encoder].use_film or is_conditioned
        if takes_instruction != ("language" in self.needs):
            yield Contradiction(
                "encoder",
                f"{self.encoder}, which takes {'an' if takes_instruction else 'no'} instruction, for {self.name}",
                "a '-film' encoder for lc_bc, any other for the other algorithms (use_multiplicative_cond: false)",
                f"choose the encoder {'without' if takes_instruction else 'with'} '-film' in its name",
            )

    def _other_values(self) -> Iterator[Contradiction]:
        for path, (value, why) in self.only.items():
            *sections, name = path.split(".")
            section: Any = self
            for key in sections:
                section = getattr(section, key)
            if getattr(section, name) != value:
                allowed = f"{in_yaml(value)}, for {self.name}: {why}"
                yield Contradiction(path, in_yaml(getattr(section, name)), allowed, "remove this override")

    def _horizons(self) -> Iterator[Contradiction]:
        chunk, history = self.dataset_kwargs.act_pred_horizon, self.dataset_kwargs.obs_horizon
        if chunk is not None and self.single_actions:
            allowed = f"null: the value functions of {self.name} judge one action at a time"
            yield Contradiction("dataset_kwargs.act_pred_horizon", chunk, allowed, "remove it")
        if self.act_exec_horizon is not None and self.act_exec_horizon > (chunk or 1):
            allowed = f"at most act_pred_horizon, which is {in_yaml(chunk)}"
            do = "predict longer chunks, or carry out less"
            yield Contradiction("act_exec_horizon", self.act_exec_horizon, allowed, do)
        if self.chunks_with_history and None in (chunk, history):
            path = f"dataset_kwargs.{'act_pred_horizon' if chunk is None else 'obs_horizon'}"
            yield Contradiction(path, "null", f"1 or more, for {self.name}", "give a whole number")


def in_yaml(value: object) -> str:
    """A value as YAML writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(in_yaml, value))}]"
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
