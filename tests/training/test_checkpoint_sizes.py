import jax
import numpy as np
import pytest

from bridgelib.agents import make_agent
from bridgelib.config.algorithms import ALGORITHMS, algorithm_defaults
from bridgelib.config.algorithms.bc import BC
from bridgelib.config.algorithms.encoders import ENCODERS, Architecture
from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from bridgelib.training.checkpoint_sizes import approximate_weights, bytes_of_checkpoint, checkpoint_forecast
from bridgelib.training.memory import training_memory


def config_of(algorithm: str, encoder: str = "resnetv1-34-bridge", num_filters: int = 64, **changes) -> dict:
    config = {**algorithm_defaults(algorithm), **changes}
    config["encoder"] = encoder + ("-film" if algorithm == "lc_bc" else "")
    config["encoder_kwargs"]["num_filters"] = num_filters
    return config


def abstract_state(algorithm: str, config: dict):
    dataset = config["dataset_kwargs"]
    past = () if dataset["obs_horizon"] is None else (dataset["obs_horizon"],)
    ahead = () if dataset["act_pred_horizon"] is None else (dataset["act_pred_horizon"],)

    def frames(*axes):
        return {"image": np.zeros((1, *axes, 64, 64, 3), np.uint8), "proprio": np.zeros((1, *axes, 7), np.float32)}

    gaze = np.zeros((1, *past, 64, 64, 1), np.float32)
    batch = {
        "observations": {**frames(*past), "gaze": gaze},
        "next_observations": {**frames(*past), "gaze": gaze},
        "goals": {**frames(), "language": np.zeros((1, 512), np.float32)},
        "actions": np.zeros((1, *ahead, 7), np.float32),
        "rewards": np.zeros(1, np.int32),
        "masks": np.zeros(1, bool),
    }
    return jax.eval_shape(lambda key: make_agent(algorithm, key, batch, config), jax.random.PRNGKey(0)).state


def size(tree) -> int:
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree_util.tree_leaves(tree))


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@pytest.mark.parametrize(("depth", "filters"), [(3, 32), (18, 8), (18, 16), (34, 64), (50, 64)])
def test_forecast_is_close_to_what_the_networks_really_have(algorithm, depth, filters):
    config = config_of(algorithm, "convnet-3" if depth == 3 else f"resnetv1-{depth}-bridge", filters)
    state = abstract_state(algorithm, config)
    forecast = checkpoint_forecast(algorithm, config)
    assert approximate_weights(algorithm, config) == pytest.approx(size(state.params), rel=0.1)
    assert forecast.bytes_each == pytest.approx(4 * size(state), rel=0.1)
    assert forecast.policy_bytes == pytest.approx(4 * (size(state.params) + size(state.target_params)), rel=0.1)


DEPTHS = {10: ((1, 1, 1, 1), False), 26: ((3, 3, 3, 3), False), 101: ((3, 4, 23, 3), True), 152: ((3, 8, 36, 3), True)}


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_depth_that_no_table_has_is_forecast_from_the_nearest(monkeypatch, depth):
    blocks, bottleneck = DEPTHS[depth]
    monkeypatch.setitem(ENCODERS, f"resnetv1-{depth}", Architecture(blocks, bottleneck))
    config = config_of("bc", f"resnetv1-{depth}")
    weights = size(abstract_state("bc", config).params)
    assert approximate_weights("bc", config) == pytest.approx(weights, rel=0.3)


@pytest.mark.parametrize("encoder", ["resnetv1-18-deeper", "resnetv1-18-deepest"])
def test_the_deeper_ones_are_deeper_than_their_names(encoder):
    config = config_of("bc", encoder)
    weights = size(abstract_state("bc", config).params)
    assert approximate_weights("bc", config) == pytest.approx(weights, rel=0.12)


@pytest.mark.parametrize("stages", [(), (1,), (9, 99, 999)])
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_no_encoder_and_no_separate_encoders_kill_the_forecast(monkeypatch, algorithm, stages):
    for name in ("new", "new-film"):
        monkeypatch.setitem(ENCODERS, name, Architecture(stages, use_film=name == "new-film"))
    config = config_of(algorithm, "new")
    config["agent_kwargs"]["shared_encoder"] = True
    shared = approximate_weights(algorithm, config)
    config["agent_kwargs"]["shared_encoder"] = False
    assert approximate_weights(algorithm, config) >= shared > 0
    assert checkpoint_forecast(algorithm, config).total > 0


@pytest.mark.parametrize(("name", "layers"), [("18", 18), ("18-deeper", 26), ("34-bridge", 34), ("50-bridge-film", 50)])
def test_a_resnet_has_as_many_layers_as_it_is_called_after(name, layers):
    assert ENCODERS[f"resnetv1-{name}"].layers == layers and ENCODERS["convnet-3"].layers == 3


@pytest.mark.parametrize(
    ("section", "entries"),
    [
        ("encoder_kwargs", {}),
        ("encoder_kwargs", {"patch_size": 16}),
        ("encoder_kwargs", {"pooling_method": "spatial_learned_embeddings"}),
        ("agent_kwargs", {}),
        ("agent_kwargs", {"network_kwargs": None}),
        ("agent_kwargs", {"policy_network_kwargs": {"hidden_dims": []}, "target_update_rate": 0.1}),
    ],
)
def test_what_a_new_algorithm_or_encoder_has_not_kills_no_forecast(monkeypatch, section, entries):
    """Their author declares them, and need not give them what all of ours have."""
    monkeypatch.setitem(ALGORITHMS, "new", BC())
    monkeypatch.setitem(ENCODERS, "vit-b16", Architecture())
    config = {**config_of("bc", "vit-b16"), section: entries}
    experiment = Experiment("mine", "new", Dataset("t", (("t",),)), config)
    assert checkpoint_forecast("new", config).total > 0
    assert all(training_memory(experiment, 64, 1000, on_gpu) > 0 for on_gpu in (False, True))


@pytest.mark.parametrize("algorithm", ["bc", "gc_bc", "lc_bc"])
def test_pooling_and_widths_count(algorithm):
    config = config_of(algorithm, "convnet-3", 32)
    config["encoder_kwargs"]["pooling_method"] = "spatial_softmax"
    config["agent_kwargs"]["network_kwargs"]["hidden_dims"] = [512, 128]
    weights = size(abstract_state(algorithm, config).params)
    assert approximate_weights(algorithm, config) == pytest.approx(weights, rel=0.1)


def test_bytes_are_weights_moments_and_targets_in_float32():
    assert bytes_of_checkpoint(21_000_000) == 252_000_000  # the users' ResNet-34: 255 MB
    assert bytes_of_checkpoint(100, losses=3, targets=True) == 4 * 100 * (1 + 6 + 1)


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"num_steps": 50_000, "save_interval": 50, "keep_last": 2, "keep_every": None}, 2 + 1 + 1),
        ({"num_steps": 50_000, "save_interval": 50, "keep_last": 2, "keep_every": 10_000}, 2 + 5 + 1 + 1),
        ({"num_steps": 100, "save_interval": 200, "keep_last": 5, "keep_every": None}, 1 + 1 + 1),
    ],
)
def test_forecast_counts_last_periodic_best_and_the_one_being_written(changes, count):
    forecast = checkpoint_forecast("bc", config_of("bc", **changes))
    assert forecast.count == count
    assert forecast.total == count * forecast.bytes_each + forecast.policy_bytes
    assert str(forecast).startswith(f"{count} checkpoints of 25")
