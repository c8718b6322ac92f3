"""The default configuration of every algorithm: the published hyperparameters of BridgeData V2's own training code.

Each entry is a plain tree with the predecessor's names, so that the overrides users write
(`config.agent_kwargs.use_proprio: true`) address it by path. Source: Walke et al. 2023, "BridgeData V2: A Dataset
for Robot Learning at Scale", and the training configuration published with it.
"""

from copy import deepcopy

_TRAINING = {
    "batch_size": 256,
    "val_batch_size": 256,
    "num_steps": 2_000_000,
    "log_interval": 100,
    "eval_interval": 5000,
    "save_interval": 5000,
    "keep_last": 2,  # checkpoints, besides the best one
    "keep_every": None,  # and those at multiples of this many steps
    "eval_batches": None,  # None: the whole validation side
    "seed": 42,
}

_AUGMENTATION = {
    "augment": True,
    "augment_next_obs_goal_differently": False,
    "augment_kwargs": {
        "random_resized_crop": {"scale": [0.8, 1.0], "ratio": [0.9, 1.1]},
        "random_brightness": [0.2],
        "random_contrast": [0.8, 1.2],
        "random_saturation": [0.8, 1.2],
        "random_hue": [0.1],
        "augment_order": [
            "random_resized_crop",
            "random_brightness",
            "random_contrast",
            "random_saturation",
            "random_hue",
        ],
    },
}

_DATASET = {
    "relabel_actions": True,
    "normalization_type": "normal",
    "goal_relabeling_strategy": "uniform",
    "goal_relabeling_kwargs": {"reached_proportion": 0.0},
    "act_pred_horizon": None,
    "obs_horizon": None,
    "load_language": False,
    "skip_unlabeled": False,
    **_AUGMENTATION,
}

_ENCODER = {
    "encoder": "resnetv1-34-bridge",
    "encoder_kwargs": {
        "pooling_method": "avg",
        "add_spatial_coordinates": True,
        "act": "swish",
        "norm": "group",
        "num_filters": 64,
    },
}

_FIXED_STD_POLICY = {
    "tanh_squash_distribution": False,
    "state_dependent_std": False,
    "fixed_std": [1, 1, 1, 1, 1, 1, 1],
}

_BC_AGENT = {
    "network_kwargs": {"hidden_dims": [256, 256, 256], "dropout_rate": 0.1},
    "policy_kwargs": _FIXED_STD_POLICY,
    "use_proprio": False,
    "learning_rate": 3e-4,
    "warmup_steps": 2000,
    "decay_steps": 2_000_000,
}

_GOAL_BC_AGENT = {**_BC_AGENT, "early_goal_concat": True, "shared_goal_encoder": True}

_IQL_AGENT = {
    "network_kwargs": {"hidden_dims": [256, 256, 256]},
    "policy_kwargs": {**_FIXED_STD_POLICY, "dropout_rate": 0.1},
    "use_proprio": False,
    "shared_encoder": True,
    "learning_rate": 3e-4,
    "warmup_steps": 2000,
    "actor_decay_steps": 2_000_000,
    "discount": 0.98,
    "expectile": 0.7,
    "temperature": 1.0,
    "target_update_rate": 0.002,
}


def _algorithm(agent_kwargs: dict, *, dataset_kwargs: dict | None = None, **more) -> dict:
    dataset = {**_DATASET, **(dataset_kwargs or {})}
    return deepcopy({**_TRAINING, **_ENCODER, "agent_kwargs": agent_kwargs, "dataset_kwargs": dataset, **more})


ALGORITHMS: dict[str, dict] = {
    "bc": _algorithm(_BC_AGENT),
    "gc_bc": _algorithm(_GOAL_BC_AGENT),
}


def algorithm_defaults(algorithm: str) -> dict:
    """A fresh copy of the default configuration tree of `algorithm`, which must be a key of ALGORITHMS."""
    return deepcopy(ALGORITHMS[algorithm])
