"""The predecessor's checkpoints as policy folders."""

import json
import sys

import jax
import numpy as np
import pytest
from flax import serialization

from bridgelib.language.table import LanguageTable
from bridgelib.policy import load
from bridgelib.policy.jaxrl_m.checkpoint import read_checkpoint
from tests.golden.files import as_tree, drawn_weights, read_case
from tests.policy.jaxrl_m.predecessor import (
    LANGUAGE_SIZE,
    SIZE,
    configuration,
    importing,
    same,
    saved,
    small_weights,
    their_agent,
)


@pytest.mark.parametrize("name", ["bc_proprio", "gc_bc", "gc_iql"])
def test_an_imported_policy_acts_as_the_predecessor(shared, convert, tmp_path, name):
    description = shared / "golden" / "jaxrl_m" / f"{name}.json"
    case = read_case(description)
    weights = as_tree(drawn_weights(case.shapes, case.seed))
    agent = their_agent(weights, weights, ("actor", "value", "critic") if name == "gc_iql" else ())
    agent = agent.replace(state=agent.state.replace(opt_states={}))  # of Adam's 100 MB nothing is read
    sections = {key: json.loads(description.read_text())[key] for key in ("encoder", "encoder_kwargs", "agent_kwargs")}
    config = configuration(tmp_path / "config.json", case.algorithm, **sections)
    images = case.batch["observations"]["image"]
    convert(*importing(saved(agent, tmp_path), config, tmp_path / "policy", images.shape[1]))

    policy = load(tmp_path / "policy")
    golden = case.outputs["actions_mode"]
    goals = case.batch["goals"]["image"] if policy.spec.goal == "image" else [None] * len(images)
    for image, proprio, goal, expected in zip(
        images, case.batch["observations"]["proprio"], goals, golden, strict=True
    ):
        action = policy.act(image, proprio, goal=goal)
        assert np.abs(action - expected).max() <= 1e-4 * np.abs(golden).max()


def test_a_saved_optimiser_does_not_stand_in_the_way(small, convert, tmp_path, capsys):
    checkpoint, config = small
    convert(*importing(checkpoint, config, tmp_path / "policy"))
    assert capsys.readouterr().out == f"bc after 7 updates: wrote {tmp_path / 'policy'}\n"
    written = serialization.msgpack_restore((tmp_path / "policy" / "params.msgpack").read_bytes())
    assert same(written["params"], small_weights("bc"))
    spec = load(tmp_path / "policy").spec
    assert (spec.step, spec.image_shape, spec.normalisation) == (7, (SIZE, SIZE, 3), "normal")


def test_an_orbax_folder_holds_the_same(small, tmp_path):
    pytest.importorskip("orbax.checkpoint")
    params = small_weights("bc")
    try:
        folder = saved(their_agent(params, params, step=7), tmp_path, use_orbax=True)
    except TypeError:
        pytest.skip("flax and orbax of this environment do not go together")
    assert folder.is_dir()
    state, expected = read_checkpoint(folder), read_checkpoint(small[0])
    for key in ("params", "target_params", "step"):
        assert same(state[key], expected[key])
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree_util.tree_leaves(state["params"]))


def test_the_predecessors_own_orbax_folder_needs_no_orbax(small, tmp_path, monkeypatch):
    """flax 0.7.0 gathered all arrays in one file of the folder."""
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    (tmp_path / "checkpoint").write_bytes(small[0].read_bytes())
    assert same(read_checkpoint(tmp_path)["params"], small_weights("bc"))


def test_where_only_orbax_can_read_its_absence_is_told(small, refusal, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    (tmp_path / "checkpoint_7").mkdir()
    (tmp_path / "checkpoint_7" / "_METADATA").write_text("{}")
    printed = refusal(*importing(tmp_path / "checkpoint_7", small[1], tmp_path / "policy"))
    assert "install the pip package orbax-checkpoint" in printed


def test_a_damaged_orbax_folder_is_refused(small, refusal, tmp_path):
    pytest.importorskip("orbax.checkpoint")
    (tmp_path / "_METADATA").write_text("{}")
    assert "orbax cannot restore it" in refusal(*importing(tmp_path, small[1], tmp_path / "policy"))


def test_a_policy_for_instructions_takes_embeddings_of_its_training(refusal, convert, tmp_path):
    params = small_weights("lc_bc")
    checkpoint = saved(their_agent(params, params), tmp_path)
    config = configuration(tmp_path / "config.json", "lc_bc", encoder="tiny-film")
    for size in (LANGUAGE_SIZE, LANGUAGE_SIZE + 1):
        table = LanguageTable(("", "lift"), np.eye(2, size, dtype=np.float32), {"name": "muse"})
        table.save(tmp_path / f"{size}.npz")
    arguments = importing(checkpoint, config, tmp_path / "policy")
    convert(*arguments, "--language", tmp_path / f"{LANGUAGE_SIZE}.npz")
    policy, image = load(tmp_path / "policy"), np.zeros((SIZE, SIZE, 3), np.uint8)
    assert np.abs(policy.act(image, instruction="lift") - policy.act(image, instruction="")).max() > 1e-3
    printed = refusal(*arguments, "--language", tmp_path / f"{LANGUAGE_SIZE + 1}.npz")
    assert "embeddings of 6 entries" in printed and "allowed: 5 entries" in printed
