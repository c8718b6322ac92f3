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
    "policy_from": "last",  # which of them becomes the policy: the last, the best, or by success in the simulator
    "eval_batches": None,  # None: the whole validation side
    "seed": 42,
    "act_exec_horizon": None,  # actions of each predicted chunk that are carried out; None: one
    "act_gripper": "binary",  # what a robot is told: open or close, or what the network says
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
    "relabel_angles": "wrapped",  # a rotation across ±π is the shorter way round; plain: the predecessor's turn of 2π
    "normalization_type": "normal",
    "goal_relabeling_strategy": "uniform",
    "goal_relabeling_kwargs": {"reached_proportion": 0.0},
    "act_pred_horizon": None,
    "chunk_padding": "repeat",  # what stands in a chunk beyond the trajectory's end; see bridgelib.data.chunks
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
        "num_spatial_blocks": 8,  # of spatial_learned_embeddings
        "softmax_temperature": 1.0,  # of spatial_softmax; -1 learns it
        "use_multiplicative_cond": False,
    },
}

_NETWORK = {"hidden_dims": [256, 256, 256], "dropout_rate": None, "use_layer_norm": False}

_POLICY_NETWORK = {**_NETWORK, "dropout_rate": 0.1}

_POLICY = {
    "tanh_squash_distribution": False,
    "state_dependent_std": False,
    "fixed_std": [1, 1, 1, 1, 1, 1, 1],
    "log_std_min": -20.0,
    "log_std_max": 2.0,
    "dropout_rate": None,  # None: that of the network
    "distribution": "normal",
}

_SEEN = {"use_proprio": False, "blind": False}

_OPTIMISER = {"learning_rate": 3e-4, "warmup_steps": 2000, "weight_decay": 0.0}

_GOAL = {"early_goal_concat": True, "shared_goal_encoder": True}

_BC_AGENT = {
    "network_kwargs": _POLICY_NETWORK,
    "policy_kwargs": _POLICY,
    **_SEEN,
    **_OPTIMISER,
    "decay_steps": 2_000_000,
}

_DIFFUSION_AGENT = {
    "score_network_kwargs": {
        "time_dim": 32,
        "num_blocks": 3,
        "dropout_rate": 0.1,
        "hidden_dim": 256,
        "use_layer_norm": True,
    },
    **_GOAL,
    **_SEEN,
    "beta_schedule": "cosine",
    "diffusion_steps": 20,
    "action_samples": 1,
    "repeat_last_step": 0,
    "target_update_rate": 0.002,
    **_OPTIMISER,
    "actor_decay_steps": 2_000_000,
}

_IQL_AGENT = {
    "network_kwargs": _NETWORK,
    "policy_kwargs": {**_POLICY, "dropout_rate": 0.1},
    **_SEEN,
    "shared_encoder": True,
    "discount": 0.98,
    "expectile": 0.7,
    "temperature": 1.0,
    "target_update_rate": 0.002,
    "dropout_target_networks": True,
    **_OPTIMISER,
    "actor_decay_steps": None,  # None: no decay
}

_CONTRASTIVE_AGENT = {
    "critic_network_kwargs": {**_NETWORK, "use_layer_norm": True},
    "critic_kwargs": {"init_final": 1e-12, "repr_dim": 16, "twin_q": True},
    "policy_network_kwargs": _POLICY_NETWORK,
    "policy_kwargs": _POLICY,
    "shared_encoder": False,
    "early_goal_concat": False,
    "shared_goal_encoder": True,
    **_SEEN,
    "use_td": True,
    "gcbc_coef": 0.2,
    "discount": 0.98,
    "temperature": 1.0,
    "target_update_rate": 0.002,
    "dropout_target_networks": True,
    **_OPTIMISER,
    "actor_decay_steps": 2_000_000,
}

_SALIENCY_AGENT = {**_BC_AGENT, "lambda_weight": 1.0, "prob_dist_type": "KL", "gaze_ratio": 1.0, "beta": 1.0}

_REACHED_GOALS = {"goal_relabeling_kwargs": {"reached_proportion": 0.1}}


def _algorithm(
    agent_kwargs: dict, *, dataset_kwargs: dict | None = None, encoder_kwargs: dict | None = None, **more
) -> dict:
    sections = {
        "agent_kwargs": agent_kwargs,
        "dataset_kwargs": {**_DATASET, **(dataset_kwargs or {})},
        "encoder_kwargs": {**_ENCODER["encoder_kwargs"], **(encoder_kwargs or {})},
    }
    return deepcopy({**_TRAINING, **_ENCODER, **sections, **more})


ALGORITHMS: dict[str, dict] = {
    "bc": _algorithm(_BC_AGENT),
    "gc_bc": _algorithm({**_BC_AGENT, **_GOAL}),
    "lc_bc": _algorithm(
        {**_BC_AGENT, **_GOAL},
        dataset_kwargs={"load_language": True, "skip_unlabeled": True},
        encoder="resnetv1-34-bridge-film",
        text_processor="hashing",  # published: the predecessor's muse_embedding, which must be downloaded
        text_processor_kwargs={"model": None},
    ),
    "gc_ddpm_bc": _algorithm(_DIFFUSION_AGENT, dataset_kwargs={"obs_horizon": 2, "act_pred_horizon": 4}),
    "iql": _algorithm(_IQL_AGENT, dataset_kwargs=_REACHED_GOALS),
    "gc_iql": _algorithm({**_IQL_AGENT, **_GOAL, "negative_proportion": 0.1}, dataset_kwargs=_REACHED_GOALS),
    "contrastive_rl_td": _algorithm(_CONTRASTIVE_AGENT, encoder_kwargs={"add_spatial_coordinates": False}),
    "bc_saliency": _algorithm(_SALIENCY_AGENT, encoder_kwargs={"pooling_method": "none"}),
}


def algorithm_defaults(algorithm: str) -> dict:
    """A fresh copy of the default configuration tree of `algorithm`, which must be a key of ALGORITHMS."""
    return deepcopy(ALGORITHMS[algorithm])


ADDED = {
    "act_exec_horizon": None,
    "act_gripper": "binary",
    "policy_from": "last",
    "agent_kwargs.blind": False,
    "agent_kwargs.weight_decay": 0.0,
    "agent_kwargs.policy_kwargs.distribution": "normal",
    "dataset_kwargs.chunk_padding": "repeat",
    "dataset_kwargs.relabel_angles": "wrapped",
}
"""Settings that came later than the first runs, each with the value under which a run learns what it learned before.

Wrapped angles change what is learnt only where one crosses ±π; there the statistics differ, which name a run as well.
"""


def without_added(config: dict) -> dict:
    """A copy of a configuration tree without the `ADDED` settings that change nothing.

    What names a run is made of this, so that a run begun before a setting came is gone on with, not begun anew.
    """
    config = deepcopy(config)
    for path, neutral in ADDED.items():
        *sections, name = path.split(".")
        section = config
        for key in sections:
            section = section.get(key, {})
        if section.get(name, ...) == neutral:
            del section[name]
    return config
