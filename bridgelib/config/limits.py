"""What the value of each setting may be, so that an experiment that cannot train fails before anything is converted.

The rooms that read a setting check it again where it matters to them. The words and ranges here are theirs, said where
neither numpy nor JAX is at hand.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bridgelib.config.goal_settings import GOAL_SETTINGS
from bridgelib.config.schema import as_type
from bridgelib.errors import ConfigError

_ACTION_SIZE = 7


@dataclass(frozen=True)
class Limit:
    """What a value must be.

    Attributes:
        kind: Its type, as `schema.as_type` takes it.
        allowed: The rest in words.
        fits: Whether a value of that type is allowed.
    """

    kind: Any
    allowed: str = ""
    fits: Callable[[Any], bool] = lambda value: True


def _whole(low: int) -> Limit:
    return Limit(int, f"a whole number, {low} or more", lambda number: number >= low)


def _number(allowed: str, fits: Callable[[float], bool]) -> Limit:
    return Limit(float, f"a number {allowed}", fits)


def _numbers(count: int, allowed: str, fits: Callable[[tuple[float, ...]], bool]) -> Limit:
    return Limit(tuple[float, ...], allowed, lambda numbers: len(numbers) == count and fits(numbers))


def _or_null(limit: Limit) -> Limit:
    return Limit(limit.kind | None, f"{limit.allowed}; or null", lambda value: value is None or limit.fits(value))


def _words(*words: str) -> Limit:
    return Limit(Literal[words])


_SWITCH = Limit(bool)
_POSITIVE = _number("above 0", lambda number: number > 0)
_SHARE = _number("from 0 to 1", lambda number: 0 <= number <= 1)
_SOME = _number("above 0, at most 1", lambda number: 0 < number <= 1)
_RANGE = _numbers(2, "[low, high], 0 < low <= high", lambda pair: 0 < pair[0] <= pair[1])
_FACTORS = _numbers(2, "[low, high], 0 <= low <= high", lambda pair: 0 <= pair[0] <= pair[1])
_WIDTHS = Limit(tuple[int, ...], "whole numbers, 1 or more each", lambda widths: all(width >= 1 for width in widths))
_DEVIATIONS = _numbers(
    _ACTION_SIZE, f"{_ACTION_SIZE} positive numbers, one for each dimension of an action", lambda std: min(std) > 0
)
_DELTA = Limit(tuple[int, ...], "[low, high], 0 <= low < high", lambda pair: len(pair) == 2 and 0 <= pair[0] < pair[1])

_RESNETS = ("18", "34", "50", "18-deeper", "18-deepest", "18-bridge", "34-bridge", "50-bridge")
_FILM = tuple(f"{depth}-bridge-film" for depth in (18, 34, 50))
_AUGMENTATIONS = tuple(
    f"random_{name}" for name in ("resized_crop", "brightness", "contrast", "saturation", "hue", "flip_left_right")
)

LIMITS: dict[str, Limit] = {
    # the training
    **dict.fromkeys(("batch_size", "val_batch_size", "num_steps", "keep_last"), _whole(1)),
    **dict.fromkeys(("log_interval", "eval_interval", "save_interval"), _whole(1)),
    **dict.fromkeys(("keep_every", "eval_batches"), _or_null(_whole(1))),
    "policy_from": _words("last", "best", "success"),
    # JAX makes its keys of the lower 32 bits: beyond them two seeds would begin with the same weights
    "seed": Limit(int, "a whole number from -2^31 to 2^32 - 1", lambda seed: -(2**31) <= seed < 2**32),
    "act_gripper": _words("binary", "continuous"),
    # the encoder
    "encoder": _words(*(f"resnetv1-{name}" for name in (*_RESNETS, *_FILM)), "convnet-3", "convnet-3-film"),
    "pooling_method": _words("avg", "max", "none", "spatial_softmax", "spatial_learned_embeddings"),
    "act": _words("relu", "swish", "gelu", "elu"),
    "norm": _words("group", "layer"),
    "num_filters": Limit(int, "a multiple of 4, 4 or more", lambda number: number >= 4 and number % 4 == 0),
    "num_spatial_blocks": _whole(1),
    "softmax_temperature": _number("above 0, or -1 to learn it", lambda number: number > 0 or number == -1),
    **dict.fromkeys(("add_spatial_coordinates", "use_multiplicative_cond"), _SWITCH),
    # perceptrons and policies
    "hidden_dims": _WIDTHS,
    "dropout_rate": _or_null(_number("from 0 to below 1", lambda number: 0 <= number < 1)),
    **dict.fromkeys(("use_layer_norm", "tanh_squash_distribution", "state_dependent_std"), _SWITCH),
    "fixed_std": _or_null(_DEVIATIONS),
    **dict.fromkeys(("log_std_min", "log_std_max"), Limit(float)),
    "distribution": _words("normal", "laplace"),
    **dict.fromkeys(("use_proprio", "blind", "early_goal_concat", "shared_goal_encoder", "shared_encoder"), _SWITCH),
    # learning
    "learning_rate": _POSITIVE,
    "warmup_steps": _whole(0),
    "weight_decay": _number("from 0 on", lambda number: number >= 0),
    "decay_steps": _whole(1),
    "actor_decay_steps": _or_null(_whole(1)),
    "target_update_rate": _SOME,
    "dropout_target_networks": _SWITCH,
    "discount": _SHARE,
    "temperature": _POSITIVE,
    # implicit Q-learning
    "expectile": _number("between 0 and 1", lambda number: 0 < number < 1),
    "negative_proportion": _SHARE,
    # diffusion
    "time_dim": Limit(int, "an even number, 2 or more", lambda number: number >= 2 and number % 2 == 0),
    "num_blocks": _whole(0),
    "hidden_dim": _whole(1),
    "beta_schedule": _words("cosine", "linear", "vp"),
    "diffusion_steps": _whole(1),
    "action_samples": Limit(Literal[1]),
    "repeat_last_step": _whole(0),
    # contrastive reinforcement learning
    "init_final": _or_null(_POSITIVE),
    "repr_dim": _whole(1),
    **dict.fromkeys(("twin_q", "use_td"), _SWITCH),
    "gcbc_coef": _SHARE,
    # gaze
    "lambda_weight": _number("from 0 on", lambda number: number >= 0),
    "prob_dist_type": _words("KL", "JS", "TV", "MSE"),
    "gaze_ratio": _SHARE,
    "beta": _POSITIVE,
    # the data
    **dict.fromkeys(("relabel_actions", "load_language", "skip_unlabeled"), _SWITCH),
    "relabel_angles": _words("wrapped", "plain"),
    "chunk_padding": _words("repeat", "still", "mask"),
    "normalization_type": _words("normal", "bounds", "none"),
    "goal_relabeling_strategy": _words(*GOAL_SETTINGS),
    "reached_proportion": _SHARE,
    "goal_relabeling_kwargs.discount": _SOME,
    "goal_delta": _DELTA,
    **dict.fromkeys(("act_pred_horizon", "obs_horizon", "act_exec_horizon"), _or_null(_whole(1))),
    **dict.fromkeys(("augment", "augment_next_obs_goal_differently"), _SWITCH),
    **dict.fromkeys(("scale", "ratio"), _RANGE),
    "random_brightness": _numbers(1, "[largest change], 0 or more", lambda most: most[0] >= 0),
    **dict.fromkeys(("random_contrast", "random_saturation"), _FACTORS),
    "random_hue": _numbers(1, "[largest change], from 0 to 0.5", lambda most: 0 <= most[0] <= 0.5),
    "augment_order": Limit(
        tuple[Literal[_AUGMENTATIONS], ...], "each at most once", lambda ops: len(set(ops)) == len(ops)
    ),
    # language
    "text_processor": Limit(str),
    "model": Limit(str | None),
}
"""By name, or by the end of a dotted path where a name alone would mean two things. A setting that is not here takes
any value of its default's type; a test holds that those of our own algorithms are."""

_NEEDED: dict[str, dict[str, Any]] = {
    "lc_bc": {
        "agent_kwargs.early_goal_concat": True,
        "agent_kwargs.shared_goal_encoder": True,
        "dataset_kwargs.load_language": True,
    },
    "contrastive_rl_td": {
        "agent_kwargs.early_goal_concat": False,
        "agent_kwargs.temperature": 1,
        "dataset_kwargs.obs_horizon": None,
    },
    "bc_saliency": {"encoder_kwargs.pooling_method": "none", "dataset_kwargs.obs_horizon": None},
}
"""Settings of which an algorithm knows one value only, carried because published configurations carry them."""


def check_limits(config: dict[str, Any], algorithm: str, where: str) -> None:
    """Hold a complete configuration tree to the limits; numbers written as text become numbers, in place.

    Raises:
        ConfigError: A value of another kind or out of range, or settings that contradict each other.
    """
    _check_values(config, "config", where)
    for path, only in _NEEDED.get(algorithm, {}).items():
        if (value := _at(config, path)) != only:
            raise _refusal(where, path, value, f"{_shown(only)}, for {algorithm}", "remove this override")
    _check_horizons(config, algorithm, where)
    _check_encoder(config, algorithm, where)
    _check_twins(config, where)
    _check_distribution(config, where)
    require_decay_after_warmup(config["agent_kwargs"], f"{where}, config.agent_kwargs")


def require_decay_after_warmup(agent_kwargs: Mapping[str, Any], where: str) -> None:
    """Refuse a learning rate that is to have decayed before it is warm.

    Raises:
        ConfigError: It is.
    """
    for name in ("decay_steps", "actor_decay_steps"):
        steps = agent_kwargs.get(name)
        if steps is not None and steps <= (warmup := agent_kwargs.get("warmup_steps", 0)):
            raise ConfigError(
                f"{where}.{name}",
                given=steps,
                allowed=f"more than warmup_steps, which is {warmup}",
                do="decay over more steps, or warm up over fewer",
            )


def _check_values(section: dict[str, Any], path: str, where: str) -> None:
    for key, value in section.items():
        place = f"{path}.{key}"
        limit = LIMITS.get(".".join(place.split(".")[-2:])) or LIMITS.get(key)
        if limit is None and isinstance(value, dict):
            _check_values(value, place, where)
        if limit is None:  # a section, or a setting without limits: only its type is fixed, by its default
            continue
        converted = as_type(value, limit.kind, f"{where}, {place}")
        if not limit.fits(converted):
            raise ConfigError(f"{where}, {place}", given=value, allowed=limit.allowed, do="correct the value")
        converted = list(converted) if isinstance(converted, tuple) else converted
        if converted != value:  # else it stays as it was written: 1, not 1.0
            section[key] = converted


def _check_horizons(config: Mapping[str, Any], algorithm: str, where: str) -> None:
    """A value function judges single actions; diffusion needs chunks and a history, and one of one frame will do."""
    dataset, agent = config["dataset_kwargs"], config["agent_kwargs"]
    chunk, history = dataset["act_pred_horizon"], dataset["obs_horizon"]
    if chunk is not None and "discount" in agent:
        allowed, do = f"null: the value functions of {algorithm} judge one action at a time", "remove it"
        raise _refusal(where, "dataset_kwargs.act_pred_horizon", chunk, allowed, do)
    executed = config.get("act_exec_horizon")
    if executed is not None and executed > (chunk or 1):
        allowed, do = f"at most act_pred_horizon, which is {_shown(chunk)}", "predict longer chunks, or carry out less"
        raise _refusal(where, "act_exec_horizon", executed, allowed, do)
    if "score_network_kwargs" in agent and None in (chunk, history):
        name = "act_pred_horizon" if chunk is None else "obs_horizon"
        raise _refusal(where, f"dataset_kwargs.{name}", None, f"1 or more, for {algorithm}", "give a whole number")


def _check_encoder(config: Mapping[str, Any], algorithm: str, where: str) -> None:
    """An encoder takes an instruction where, and only where, the algorithm has one."""
    is_conditioned = config["encoder_kwargs"].get("use_multiplicative_cond", False)
    takes_instruction = config["encoder"].endswith("-film") or is_conditioned
    if takes_instruction != ("text_processor" in config):
        raise _refusal(
            where,
            "encoder",
            f"{config['encoder']}, which takes {'an' if takes_instruction else 'no'} instruction, for {algorithm}",
            "a '-film' encoder for lc_bc, any other for the other algorithms (use_multiplicative_cond: false)",
            f"choose the encoder {'without' if takes_instruction else 'with'} '-film' in its name",
        )


def _check_distribution(config: Mapping[str, Any], where: str) -> None:
    policy = config["agent_kwargs"].get("policy_kwargs") or {}
    low, high = (policy.get(name) for name in ("log_std_min", "log_std_max"))
    if None not in (low, high) and low > high:
        allowed, do = f"at most log_std_max, which is {high}", "raise log_std_max, or lower log_std_min"
        raise _refusal(where, "agent_kwargs.policy_kwargs.log_std_min", low, allowed, do)
    if policy.get("tanh_squash_distribution") and policy.get("distribution", "normal") != "normal":
        allowed, do = "normal where tanh_squash_distribution is true", "set one of the two to its default"
        raise _refusal(where, "agent_kwargs.policy_kwargs.distribution", policy["distribution"], allowed, do)


def _check_twins(config: Mapping[str, Any], where: str) -> None:
    agent = config["agent_kwargs"]
    if agent.get("use_td") and not (agent.get("critic_kwargs") or {}).get("twin_q", True):
        allowed, do = "true where use_td is true", "set twin_q to true, or use_td to false"
        raise _refusal(where, "agent_kwargs.critic_kwargs.twin_q", False, allowed, do)


def _at(config: Any, path: str) -> Any:
    for part in path.split("."):
        config = config[part]
    return config


def _refusal(where: str, path: str, given: Any, allowed: str, do: str) -> ConfigError:
    return ConfigError(f"{where}, config.{path}", given=_shown(given), allowed=allowed, do=do)


def _shown(value: Any) -> str:
    """As YAML writes it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
