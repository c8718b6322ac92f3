"""Checkpoints that are refused, and what is said of them."""

import numpy as np
import pytest
from flax import serialization

from bridgelib.agents import TrainState
from bridgelib.training.checkpoints import Checkpoints, LoopState
from tests.policy.jaxrl_m.predecessor import configuration, importing, saved, small_weights, their_agent


def rewritten(checkpoint, path, change):
    """A copy of a checkpoint file after `change` has been at its content."""
    content = serialization.msgpack_restore(checkpoint.read_bytes())
    change(content["state"])
    path.write_bytes(serialization.msgpack_serialize(content))
    return path


def test_a_wrong_encoder_is_refused_with_the_first_parameter(small, refusal, tmp_path):
    config = configuration(tmp_path / "config.json", "bc", encoder="resnetv1-18-bridge")
    printed = refusal(*importing(small[0], config, tmp_path / "policy"))
    assert "params, modules_actor/encoder/encoder/ResNetBlock_1/" in printed
    assert "given:   no such parameter" in printed and "allowed: float32[" in printed
    assert not (tmp_path / "policy").exists()


def _without(state, name):
    del state["params"]["modules_actor"]["Dense_0"][name]


def _with_more(state):
    state["params"]["modules_critic"] = {"bias": np.zeros(3, np.float32)}


def _set(state, value):
    state["params"]["modules_actor"]["Dense_0"]["kernel"] = value


DENSE = "modules_actor/Dense_0/kernel"
CHANGES = {
    "missing": (lambda state: _without(state, "kernel"), DENSE, "no such parameter", "float32[8, 7]"),
    "foreign": (_with_more, "modules_critic/bias", "float32[3]", "no such parameter in this network"),
    "shape": (lambda state: _set(state, np.zeros((8, 6), np.float32)), DENSE, "float32[8, 6]", "float32[8, 7]"),
    "dtype": (lambda state: _set(state, np.zeros((8, 7), np.float16)), DENSE, "float16[8, 7]", "float32[8, 7]"),
    "text": (lambda state: _set(state, "elsewhere"), DENSE, "str, not an array", "float32[8, 7]"),
    "NaN": (lambda state: _set(state, np.full((8, 7), np.nan, np.float32)), DENSE, "NaN or infinity", None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_parameter_that_does_not_fit_is_named(small, refusal, tmp_path, change):
    edit, path, given, allowed = CHANGES[change]
    checkpoint = rewritten(small[0], tmp_path / "checkpoint_7", edit)
    lines = refusal(*importing(checkpoint, small[1], tmp_path / "policy")).splitlines()
    assert lines[0] == f"DataError: {checkpoint}, params, {path}"
    assert lines[1] == f"  given:   {given}"
    assert allowed is None or lines[2] == f"  allowed: {allowed}"


def test_targets_are_checked_where_the_algorithm_has_them(refusal, tmp_path):
    params = small_weights("gc_iql")
    checkpoint = saved(their_agent(params, {}, ("actor", "value", "critic")), tmp_path)
    config = configuration(tmp_path / "config.json", "gc_iql")
    printed = refusal(*importing(checkpoint, config, tmp_path / "policy"))
    assert f"{checkpoint}, target_params, modules_actor/Dense_0/bias" in printed


CONTENTS = {
    "truncated": (lambda content: content[: len(content) // 2], "no whole msgpack"),
    "empty": (lambda content: b"", "no whole msgpack"),
    "a JSON": (lambda content: b'{"agent": "bc"}', "no whole msgpack"),
    "a list": (lambda content: serialization.msgpack_serialize([1, 2]), "no mapping"),
    "no agent": (lambda content: serialization.msgpack_serialize({"params": {}}), "the keys ['params']"),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_a_file_that_is_no_whole_checkpoint_is_refused(small, refusal, tmp_path, content):
    damage, told = CONTENTS[content]
    (tmp_path / "checkpoint_7").write_bytes(damage(small[0].read_bytes()))
    assert told in refusal(*importing(tmp_path / "checkpoint_7", small[1], tmp_path / "policy"))


def test_a_folder_of_several_checkpoints_is_told_to_name_one(small, refusal, tmp_path):
    for step in (900, 1000):
        (tmp_path / f"checkpoint_{step}").touch()
    printed = refusal(*importing(tmp_path, small[1], tmp_path / "policy"))
    assert "a folder of 2 checkpoints" in printed and f"{tmp_path / 'checkpoint_1000'}" in printed
    assert "no such file" in refusal(*importing(tmp_path / "none", small[1], tmp_path / "policy"))


@pytest.mark.parametrize("given", ["step-000005000.msgpack", "."])
def test_a_checkpoint_of_our_own_is_known_and_the_program_for_it_named(refusal, tmp_path, given):
    """Whatever is given with it: config.json of a run is none of the predecessor's."""
    run = tmp_path / "runs" / "bc_all" / "bc all-0123456789ab"
    state = TrainState(np.int32(5000), small_weights("bc"), None, {}, np.zeros(2, np.uint32))
    for step in (100, 5000):
        Checkpoints(run / "checkpoints").save(state, LoopState(step))
    (run / "config.json").write_text("{}")
    printed = refusal(*importing(run / "checkpoints" / given, run / "config.json", tmp_path / "policy"))
    assert "a checkpoint of this pipeline itself, not of the predecessor: step 5000" in printed
    assert f"export_policy.py --run '{run}' --step 5000 --output" in printed
    assert not (tmp_path / "policy").exists()


def test_a_checkpoint_of_our_own_is_known_where_it_was_copied_to(refusal, tmp_path):
    state = TrainState(np.int32(7), small_weights("bc"), None, {}, np.zeros(2, np.uint32))
    Checkpoints(tmp_path).save(state, LoopState(7))
    (tmp_path / "step-000000007.msgpack").rename(tmp_path / "mine")
    printed = refusal(*importing(tmp_path / "mine", tmp_path / "none.json", tmp_path / "policy"))
    assert "export_policy.py --run <the folder of its run> --step 7 --output" in printed
