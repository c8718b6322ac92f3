"""The sections of a configuration that algorithms share, with the published defaults.

Source: Walke et al. 2023, "BridgeData V2: A Dataset for Robot Learning at Scale", and the training configuration
published with it, whose names these are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, get_args

from bridgelib.config.algorithms.goals import STRATEGIES, Strategy, Uniform, read_goals
from bridgelib.config.declaration import Chosen, Contradiction, Section
from bridgelib.config.limits import (
    ACTION_SIZE,
    DEVIATIONS,
    FACTORS,
    NOT_NEGATIVE,
    POSITIVE,
    RANGE,
    SOME,
    WIDTHS,
    Limit,
    at_least,
    one_of,
)

Normalization = Literal["normal", "bounds", "none"]
Padding = Literal["repeat", "still", "mask"]
"""What stands in a chunk beyond the end of its trajectory: the last action again, which for a relative motion means to
keep moving; no motion, the gripper held as last commanded; or the last action, which the loss leaves out."""
Angles = Literal["wrapped", "plain"]
"""Differences of angles as the shorter way round, or as plain numbers. BridgeData's states jump from π to -π, and its
published statistics have turns of ±6.28 rad within a step: the predecessor subtracts plain numbers."""
Op = Literal[
    "random_resized_crop",
    "random_brightness",
    "random_contrast",
    "random_saturation",
    "random_hue",
    "random_flip_left_right",
]

_ONES = (1,) * ACTION_SIZE  # published: with normalised actions, likelihood is then squared error, all dimensions alike
BELOW_ONE = Limit("a number from 0 to below 1", lambda share: 0 <= share < 1)
_FILTERS = Limit("a multiple of 4, 4 or more", lambda number: number >= 4 and number % 4 == 0)
_TEMPERATURE = Limit("a number above 0, or -1 to learn it", lambda number: number > 0 or number == -1)
_UP_TO = Limit("[largest change], 0 or more", lambda most: len(most) == 1 and most[0] >= 0)
_UP_TO_HALF = Limit("[largest change], from 0 to 0.5", lambda most: len(most) == 1 and 0 <= most[0] <= 0.5)
_EACH_ONCE = Limit(f"any of {', '.join(get_args(Op))}, each at most once", lambda ops: len(set(ops)) == len(ops))


@dataclass(frozen=True)
class NetworkSettings(Section):
    """A multi-layer perceptron."""

    hidden_dims: Annotated[tuple[int, ...], WIDTHS, "The width of each layer."] = (256, 256, 256)
    dropout_rate: Annotated[float | None, BELOW_ONE, "Share of units dropped in training."] = None
    use_layer_norm: Annotated[bool, "Whether each layer is normalised."] = False


@dataclass(frozen=True)
class PolicySettings(Section):
    """A Gaussian policy."""

    tanh_squash_distribution: Annotated[bool, "Whether actions are squashed into (-1, 1)."] = False
    state_dependent_std: Annotated[bool, "Whether a learned deviation depends on the observation."] = False
    fixed_std: Annotated[tuple[float, ...] | None, DEVIATIONS, "The deviation of each dimension; null learns it."] = (
        _ONES
    )
    log_std_min: Annotated[float, "Lower bound of the logarithm of the deviation."] = -20.0
    log_std_max: Annotated[float, "Upper bound of the logarithm of the deviation."] = 2.0
    dropout_rate: Annotated[float | None, BELOW_ONE, "Dropout of the policy alone; null: that of the network."] = None
    distribution: Annotated[
        Literal["normal", "laplace"], "Normal, whose likelihood is the squared error, or Laplace: the absolute error."
    ] = "normal"

    def contradictions(self) -> Iterator[Contradiction]:
        """Bounds in the wrong order; a Laplace distribution cannot be squashed."""
        if self.log_std_min > self.log_std_max:
            allowed = f"at most log_std_max, which is {self.log_std_max:g}"
            do = "raise log_std_max, or lower log_std_min"
            yield Contradiction("log_std_min", self.log_std_min, allowed, do)
        if self.tanh_squash_distribution and self.distribution != "normal":
            allowed, do = "normal where tanh_squash_distribution is true", "set one of the two to its default"
            yield Contradiction("distribution", self.distribution, allowed, do)


@dataclass(frozen=True)
class SightSettings(Section):
    """What of an observation reaches the networks."""

    use_proprio: Annotated[bool, "Whether the networks see the robot's own state, beside the frames."] = False
    blind: Annotated[bool, "Whether the frames are black; a policy that does no better does not look."] = False


@dataclass(frozen=True)
class OptimiserSettings(Section):
    """Adam's learning rate: linear warm-up, then perhaps cosine decay to zero.

    Class attributes:
        decay: The name of the setting that is the length of that decay; empty where there is none.
    """

    decay: ClassVar[str] = ""

    learning_rate: Annotated[float, POSITIVE, "The highest learning rate."] = 3e-4
    warmup_steps: Annotated[int, at_least(0), "Steps until the learning rate is reached."] = 2000
    weight_decay: Annotated[
        float, NOT_NEGATIVE, 'Decoupled weight decay (Loshchilov & Hutter 2019, "AdamW"); 0 is Adam.'
    ] = 0.0

    @property
    def decayed_at(self) -> int | None:
        """The step from which on the learning rate is 0."""
        return getattr(self, self.decay) if self.decay else None

    def contradictions(self) -> Iterator[Contradiction]:
        """A learning rate that is to have decayed before it is warm."""
        if self.decayed_at is not None and self.decayed_at <= self.warmup_steps:
            allowed = f"more than warmup_steps, which is {self.warmup_steps}"
            yield Contradiction(self.decay, self.decayed_at, allowed, "decay over more steps, or warm up over fewer")


@dataclass(frozen=True)
class AgentSettings(SightSettings, OptimiserSettings):
    """What can be set about every agent (`agent_kwargs`)."""


@dataclass(frozen=True)
class ActorDecaySettings(AgentSettings):
    """A learning rate that decays for the policy alone."""

    decay = "actor_decay_steps"

    actor_decay_steps: Annotated[int | None, at_least(1), "Length of the policy's cosine decay; null: none."] = None


@dataclass(frozen=True)
class GoalSettings(Section):
    """How a goal image is joined to the observation."""

    # published (Walke et al. 2023): the first convolution sees frame and goal at once
    early_goal_concat: Annotated[bool, "Whether a goal image is more channels of each frame; or encoded alone."] = True
    shared_goal_encoder: Annotated[bool, "Whether that is by the encoder of the observation; or by its own."] = True


@dataclass(frozen=True)
class TargetSettings(Section):
    """Slow averages of the parameters, beside them."""

    target_update_rate: Annotated[float, SOME, "Share of the new parameters in the targets after each step."] = 0.002


@dataclass(frozen=True)
class EncoderSettings(Section):
    """What can be set about an image encoder (`encoder_kwargs`)."""

    pooling_method: Annotated[
        Literal["avg", "max", "none", "spatial_softmax", "spatial_learned_embeddings"],
        "How the last feature map becomes a vector; none keeps the map.",
    ] = "avg"
    add_spatial_coordinates: Annotated[bool, "Whether row and column, in [-1, 1], are two more input channels."] = True
    act: Annotated[Literal["relu", "swish", "gelu", "elu"], "The activation."] = "swish"
    norm: Annotated[Literal["group", "layer"], "Normalization of 4 groups of channels, or of layers."] = "group"
    num_filters: Annotated[int, _FILTERS, "Width of the first stage; each later one is twice as wide."] = 64
    num_spatial_blocks: Annotated[int, at_least(1), "Weightings per channel of spatial_learned_embeddings."] = 8
    softmax_temperature: Annotated[float, _TEMPERATURE, "Temperature of spatial_softmax."] = 1.0
    use_multiplicative_cond: Annotated[bool, "Whether an instruction scales the features of each block."] = False


@dataclass(frozen=True)
class CropSettings(Section):
    """A random crop."""

    scale: Annotated[tuple[float, ...], RANGE, "Its area, as a share of the image's."] = (0.8, 1.0)
    ratio: Annotated[tuple[float, ...], RANGE, "Its width by its height."] = (0.9, 1.1)


@dataclass(frozen=True)
class AugmentationSettings(Section):
    """How images are augmented."""

    random_resized_crop: CropSettings = field(default_factory=CropSettings)
    random_brightness: Annotated[tuple[float, ...], _UP_TO, "The largest number that is added or taken away."] = (0.2,)
    random_contrast: Annotated[tuple[float, ...], FACTORS, "The factors that it lies between."] = (0.8, 1.2)
    random_saturation: Annotated[tuple[float, ...], FACTORS, "The factors that it lies between."] = (0.8, 1.2)
    random_hue: Annotated[tuple[float, ...], _UP_TO_HALF, "How far the hue is turned, in circles."] = (0.1,)
    # published without the flip: the actions would have to be mirrored with the image
    augment_order: Annotated[tuple[Op, ...], _EACH_ONCE, "Which operations, one after the other."] = (
        "random_resized_crop",
        "random_brightness",
        "random_contrast",
        "random_saturation",
        "random_hue",
    )


@dataclass(frozen=True)
class DatasetSettings(Section):
    """What is made of the data (`dataset_kwargs`)."""

    # published: the arm lags behind its commands, and what it did is what the frames show
    relabel_actions: Annotated[bool, "Whether actions are what was reached, not what was commanded."] = True
    relabel_angles: Annotated[
        Angles, "A rotation across ±π as the shorter way round, or as the predecessor's turn of almost 2π."
    ] = "wrapped"
    normalization_type: Annotated[
        Normalization, "Actions and proprio to mean 0 and deviation 1, to [0, 1] between their bounds, or not at all."
    ] = "normal"
    goal_relabeling_strategy: Annotated[str, one_of(STRATEGIES), "Which later frame becomes the goal."] = "uniform"
    goal_relabeling_kwargs: Annotated[Strategy, Chosen("goal_relabeling_strategy", read_goals)] = field(
        default_factory=Uniform
    )
    act_pred_horizon: Annotated[int | None, at_least(1), "Actions predicted at once; null: one, and no such axis."] = (
        None
    )
    chunk_padding: Annotated[
        Padding, "Beyond the trajectory's end: the last action again, no motion, or nothing that the loss would count."
    ] = "repeat"
    obs_horizon: Annotated[int | None, at_least(1), "Frames per observation; null: one, and no such axis."] = None
    load_language: Annotated[bool, "Carried from published configurations: what is needed is loaded."] = False
    skip_unlabeled: Annotated[bool, "Whether trajectories without an instruction are left out."] = False
    augment: Annotated[bool, "Whether images are augmented in training."] = True
    augment_next_obs_goal_differently: Annotated[
        bool, "Whether the images of a sample, its goal and its next frames are each augmented otherwise."
    ] = False
    augment_kwargs: AugmentationSettings = field(default_factory=AugmentationSettings)
