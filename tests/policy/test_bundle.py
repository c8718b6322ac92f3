import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import serialization

from bridgelib.errors import BridgeError, DataError
from bridgelib.policy import load
from bridgelib.policy.bundle import policy_folder
from bridgelib.policy.weights import hash_of
from tests.conftest import REPOSITORY
from tests.policy.bundles import SIZE, write_bundle
from tests.policy.fakes import STATISTICS, image


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "policy"
    write_bundle(folder)
    return folder


@pytest.fixture
def copied(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "policy")


def rewrite(folder, name, content: bytes) -> None:
    """Put other bytes in place, with their right hash: what no hash can find."""
    (folder / name).write_bytes(content)
    description = json.loads((folder / "policy.json").read_text())
    description["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / "policy.json").write_text(json.dumps(description))


def test_loaded_policy_acts(bundle):
    policy = load(bundle)
    assert (policy.spec.algorithm, policy.spec.goal, policy.spec.step) == ("gc_bc", "image", 5)
    first = policy.act(image(10, SIZE), np.zeros(7), goal=image(200, SIZE))
    other = policy.act(image(10, SIZE), np.zeros(7), goal=image(0, SIZE))
    assert first.shape == (7,) and np.isfinite(first).all()
    assert not np.allclose(first, other)  # it looks at the goal


def test_policy_json_tells_a_reader_all_that_is_needed(bundle):
    description = json.loads((bundle / "policy.json").read_text())
    assert description["preprocessing"] == {
        "resize": "lanczos",
        "aspect": "squashed",
        "colours": "RGB",
        "dtype": "uint8",
    }
    assert description["action"]["x"] == "m" and description["normalisation"] == "normal"
    assert description["statistics"]["action"]["mean"] == STATISTICS.action.mean.tolist()
    assert description["relabel_angles"] == description["statistics"]["relabel_angles"] == "plain"
    assert description["statistics"]["action"]["floor"] == [1e-4] * 3 + [1e-3] * 4
    assert description["config"]["encoder"] == "resnetv1-18-bridge"


def test_a_policy_of_before_there_were_floors_is_loaded(copied):
    description = json.loads((copied / "policy.json").read_text())
    statistics = description["statistics"]
    for key in ("relabel_angles", "crossings", "straddling"):
        del statistics[key]
    for quantity in ("action", "proprio"):
        del statistics[quantity]["floor"]
    (copied / "policy.json").write_text(json.dumps(description))
    loaded = load(copied).spec.statistics
    assert loaded.relabel_angles == "plain" and loaded.action.floor[0] == 1e-4


@pytest.mark.parametrize("name", ["params.msgpack", "golden.npz"])
def test_damaged_or_missing_file_is_refused(copied, name):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}\n.*other bytes than policy.json says"):
        load(copied)
    (copied / name).unlink()
    with pytest.raises(DataError, match=name):
        load(copied)


def test_other_weights_are_found_by_the_golden_action(copied):
    weights = serialization.msgpack_restore((copied / "params.msgpack").read_bytes())
    weights["params"] = jax.tree_util.tree_map(lambda leaf: 1.1 * leaf, weights["params"])
    rewrite(copied, "params.msgpack", serialization.msgpack_serialize(weights))
    with pytest.raises(DataError, match="differ from the golden ones"):
        load(copied)


def test_other_statistics_are_found_by_the_golden_action(copied):
    description = json.loads((copied / "policy.json").read_text())
    description["statistics"]["proprio"]["mean"][0] += 0.5
    (copied / "policy.json").write_text(json.dumps(description))
    with pytest.raises(DataError, match="differ from the golden ones"):
        load(copied)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"image_shape": [16, 16, 3]}, "a golden image of shape [8, 8, 3]"),
        ({"algorithm": "gc_bcc"}, "key 'algorithm'\n  given:   'gc_bcc'"),
        ({"statistics": None}, "no 'statistics'"),
        ({"sha256": None}, "no 'sha256'"),
        ({"version": 2}, "version 2 of the format"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(copied, changed, said):
    description = json.loads((copied / "policy.json").read_text()) | changed
    left = {key: value for key, value in description.items() if key not in changed or changed[key] is not None}
    (copied / "policy.json").write_text(json.dumps(left))
    with pytest.raises(DataError) as refused:
        load(copied)
    assert said in str(refused.value)


def test_parameters_of_another_network_are_refused_leaf_by_leaf(copied):
    description = json.loads((copied / "policy.json").read_text())
    description["config"]["encoder_kwargs"]["num_filters"] = 8
    (copied / "policy.json").write_text(json.dumps(description))
    with pytest.raises(DataError, match=r"params.msgpack, \[.*\n.*given:.*\n.*allowed:"):
        load(copied)


def test_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path)
    (tmp_path / "policy.json").write_text("[]")
    with pytest.raises(DataError, match="version None"):
        load(tmp_path)
    with pytest.raises(DataError, match="Not a directory"):
        load(tmp_path / "policy.json")


def test_hash_tells_values_and_names_apart():
    tree = {"a": np.zeros(2, np.float32)}
    assert hash_of(tree) == hash_of({"a": np.zeros(2, np.float32)})
    assert len({hash_of(tree), hash_of({"b": tree["a"]}), hash_of({"a": np.ones(2, np.float32)})}) == 3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("execute", "4"), ("image_shape", "64"), ("gripper", "sometimes"), ("algorithm", ["gc_bc"])),
        *(("goal", "none"), ("goal", "words"), ("proprio_size", "7"), ("proprio_size", 8), ("action_size", None)),
        *(("history", "1"), ("chunk", 0), ("step", None), ("config", {}), ("config", None)),
        *(("statistics", {}), ("statistics", []), ("statistics", {"action": {"mean": [0.0]}, "proprio": {}})),
        *(("sha256", {}), ("sha256", None), ("sha256", {"params.msgpack": ""})),
    ],
)
def test_values_of_another_kind_are_refused_in_words(copied, key, value):
    path = copied / "policy.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    said = "statistics" if key.endswith("_size") and value == 8 else key
    with pytest.raises(BridgeError, match=f"key '{said}'"):
        load(copied)


def test_a_folder_of_before_chunks_and_grippers_acts_as_it_did(copied):
    path = copied / "policy.json"
    content = json.loads(path.read_text())
    del content["execute"], content["gripper"]
    path.write_text(json.dumps(content))
    spec = load(copied).spec
    assert (spec.execute, spec.gripper) == (1, "continuous")


@pytest.fixture
def run(bundle, tmp_path):
    """`<runs>/x` with its run, and `latest` that points to it."""
    shutil.copytree(bundle, tmp_path / "x" / "x-0123456789ab" / "policy")
    (tmp_path / "x" / "latest").symlink_to("x-0123456789ab")
    return tmp_path / "x"


@pytest.mark.parametrize("given", [".", "latest", "x-0123456789ab", "latest/policy"])
def test_the_policy_of_a_run_or_an_experiment_is_found_in_it(run, given):
    assert policy_folder(run / given).resolve() == run / "x-0123456789ab" / "policy"
    assert policy_folder(str(run / given)) == policy_folder(run / given)


def test_a_policy_is_loaded_by_the_folder_of_its_experiment(run):
    assert load(str(run)).spec.algorithm == "gc_bc"


def test_a_run_that_has_no_policy_yet_is_refused(run):
    shutil.rmtree(run / "latest" / "policy")
    for given in (run, run / "latest"):
        with pytest.raises(DataError, match=r"no such file, nor[\s\S]*export_policy.py"):
            load(given)


@pytest.mark.parametrize("shape", [[0, 8, 3], [8, 8], "64", 8, None])
def test_a_policy_for_images_without_a_pixel_is_refused_in_words(copied, shape):
    path = copied / "policy.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "image_shape": shape}))
    with pytest.raises(BridgeError, match="key 'image_shape'"):
        load(copied)


@pytest.mark.parametrize("platform", ["cuda", "tpu", "nonsense"])
def test_without_a_device_it_is_refused_in_words(bundle, platform):
    if platform == "cuda" and Path("/dev/nvidia0").exists():
        pytest.skip("here is a GPU")
    program = f"""
from bridgelib.errors import run_program
from bridgelib.policy import load
run_program(lambda: load({str(bundle)!r}))
"""
    environ = {**os.environ, "JAX_PLATFORMS": platform}
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, env=environ, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"JAX has no device of JAX_PLATFORMS={platform}" in done.stderr and "JAX_PLATFORMS=cpu" in done.stderr
