"""What may be configured about an agent (`agent_kwargs`): closed, typed, and complete when it is read.

The defaults here are those of the predecessor's constructors, which fill the gaps of its configurations and of the
checkpoints' `config.json`; the published values of each algorithm are in `bridgelib.config.algorithms`. A field whose
type allows one value only is carried because published configurations carry it.
"""

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bridgelib.config.limits import require_decay_after_warmup
from bridgelib.config.schema import read_section, require_mapping

T = TypeVar("T")


@dataclass(frozen=True)
class NetworkSettings:
    """A multi-layer perceptron (`network_kwargs`).

    Attributes:
        hidden_dims: Width of each layer.
        activate_final: Heads always stand on an activated layer.
        use_layer_norm: Whether each layer is normalised.
        dropout_rate: Share of units dropped in training.
    """

    hidden_dims: tuple[int, ...] = (256, 256)
    activate_final: Literal[True] = True
    use_layer_norm: bool = False
    dropout_rate: float | None = None


@dataclass(frozen=True)
class PolicySettings:
    """A Gaussian policy (`policy_kwargs`).

    Attributes:
        tanh_squash_distribution: Whether actions are squashed into (-1, 1).
        state_dependent_std: Whether a learned deviation depends on the observation.
        fixed_std: The deviation of each dimension; None learns it.
        log_std_min, log_std_max: Bounds of the logarithm of the deviation.
        dropout_rate: Dropout of the policy alone; None leaves it to `network_kwargs`.
        distribution: Normal, whose likelihood is the squared error, or Laplace, whose is the absolute error.
    """

    tanh_squash_distribution: bool = False
    state_dependent_std: bool = True
    fixed_std: tuple[float, ...] | None = None
    log_std_min: float = -20.0
    log_std_max: float = 2.0
    dropout_rate: float | None = None
    distribution: Literal["normal", "laplace"] = "normal"


@dataclass(frozen=True)
class SightSettings:
    """What of an observation reaches the networks.

    Attributes:
        use_proprio: Whether the robot's own state does, beside the frames.
        blind: Whether the frames do not: they are black. A policy that does not beat such a one does not look.
    """

    use_proprio: bool = False
    blind: bool = False


@dataclass(frozen=True)
class OptimiserSettings:
    """Adam's learning rate: linear warm-up, then cosine decay to zero.

    Attributes:
        learning_rate: The highest learning rate.
        warmup_steps: Steps until it is reached.
        weight_decay: Decoupled weight decay (Loshchilov & Hutter 2019, "AdamW"); 0 is Adam.
    """

    learning_rate: float = 3e-4
    warmup_steps: int = 2000
    weight_decay: float = 0.0


@dataclass(frozen=True)
class GoalSettings:
    """How a goal image is joined to the observation.

    Attributes:
        early_goal_concat: As more channels of each frame; otherwise encoded by itself.
        shared_goal_encoder: By the encoder of the observation; otherwise by one of its own.
    """

    early_goal_concat: bool = False
    shared_goal_encoder: bool = True


def read_settings(schema: type[T], given: Mapping[str, Any], where: str) -> T:
    """The frozen dataclass `schema` from a tree; a field that is itself a dataclass is read from the mapping there.

    Raises:
        ConfigError: An unknown key, or a value of another type.
    """
    require_mapping(given, where)
    sections = {name: hint for name, hint in typing.get_type_hints(schema).items() if dataclasses.is_dataclass(hint)}
    content = {
        key: read_settings(sections[key], value, f"{where}.{key}") if key in sections else value
        for key, value in given.items()
    }
    settings = read_section(schema, content, where)
    require_decay_after_warmup(vars(settings), where)
    return settings
