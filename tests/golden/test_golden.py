import json
import shutil

import numpy as np
import pytest

from bridgelib.errors import DataError
from tests.golden.__main__ import main, table
from tests.golden.comparison import Comparison, compare, relative_error
from tests.golden.files import drawn_weights, read_case

NAMES = (
    "bc",
    "bc_proprio",
    "bc_saliency",
    "contrastive_rl_td",
    "gc_bc",
    "gc_bc_proprio",
    "gc_ddpm_bc",
    "gc_iql",
    "lc_bc",
)
# Draws of JAX 0.4.13 that a newer one does not repeat: the action whose odds weigh the critic's loss, the action the
# policy is judged by, and all that follows from the first step.
RANDOM = {
    "contrastive_rl_td": {
        "actions_mode_after_3_updates",
        "update 1: actor/actor_loss",
        "update 1: actor/q_action_loss",
        "update 1: actor/sampled_log_probs",
        "update 1: critic/critic_loss",
    }
}


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "golden" / "jaxrl_m"


def test_every_golden_file_is_tested(folder):
    assert {path.stem for path in folder.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_agree_with_the_predecessors(folder, name):
    comparisons = compare(read_case(folder / f"{name}.json"))
    assert [comparison for comparison in comparisons if comparison.failed] == []
    random = {comparison.quantity for comparison in comparisons if comparison.error is None}
    assert {quantity for quantity in random if not quantity.startswith(("update 2", "update 3"))} == RANDOM.get(
        name, set()
    )
    if name not in RANDOM:
        assert random == set()


def test_weights_are_drawn_from_the_path():
    drawn = drawn_weights({"a/kernel": (2, 3), "a/bias": (3,), "b/scale": (1000,)}, seed=0)
    again = drawn_weights({"a/kernel": (2, 3)}, seed=0)
    np.testing.assert_array_equal(drawn["a/kernel"], again["a/kernel"])
    assert not np.array_equal(drawn["a/kernel"], drawn_weights({"a/kernel": (2, 3)}, seed=1)["a/kernel"])
    assert drawn["b/scale"].mean() == pytest.approx(1, abs=0.02) and drawn["b/scale"].std() == pytest.approx(0.1, 0.1)
    assert all(array.dtype == np.float32 for array in drawn.values())


@pytest.mark.parametrize(
    ("ours", "golden", "quantity", "expected"),
    [
        ([1.0, 2.1], [1.0, 2.0], "actions_mode", 0.05),
        (0.001, 0.0, "update 1: pi_actions", 0.1),
        (3.1e-4, 3.0e-4, "update 1: lr", 0.1 / 3),
        (0.0, 0.0, "update 1: lr", 0.0),
        ([1.0], [1.0, 2.0], "critic", np.inf),
    ],
)
def test_the_relative_error(ours, golden, quantity, expected):
    assert relative_error(np.asarray(ours), np.asarray(golden), quantity) == pytest.approx(expected)


def test_nan_is_a_failure():
    error = relative_error(np.asarray(np.nan), np.asarray(1.0), "loss")
    assert Comparison("bc", "loss", error, 1e-4).failed
    assert not Comparison("bc", "loss", None, 1e-4).failed


def test_the_table_shows_the_worst_of_each_quantity():
    rows = table(
        [
            Comparison("bc", "update 1: mse", 3e-5, 1e-4),
            Comparison("bc", "update 2: mse", 1e-3, 2e-3),
            Comparison("bc", "update 3: mse", 4e-3, 2e-3),
            Comparison("gc_iql", "critic", None, 1e-4),
        ]
    ).splitlines()
    assert rows[1].split() == ["bc", "mse", "3.0e-05", "4.0e-03", "TOO", "FAR"]
    assert rows[2].split() == ["gc_iql", "critic", "random"]


@pytest.fixture
def copy(folder, tmp_path):
    """A folder with one golden case, and a function that changes its json."""
    for ending in ("json", "npz"):
        shutil.copy(folder / f"bc.{ending}", tmp_path / f"bc.{ending}")
        (tmp_path / f"bc.{ending}").chmod(0o644)

    def change(function):
        content = json.loads((tmp_path / "bc.json").read_text())
        function(content)
        (tmp_path / "bc.json").write_text(json.dumps(content))

    return tmp_path, change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c["params"].pop("modules_actor/Dense_0/bias"), "it lacks our modules_actor/Dense_0/bias"),
        (lambda c: c["params"].update({"modules_actor/Dense_9/bias": [7]}), "we lack modules_actor/Dense_9/bias"),
        (lambda c: c["params"].update({"modules_actor/Dense_0/bias": [6]}), "is [6], ours [7]"),
        (lambda c: c["agent_kwargs"].update(learning_rat=1), "did you mean 'learning_rate'"),
        (lambda c: c.pop("seed"), "no key 'seed'"),
    ],
)
def test_golden_files_we_cannot_build_fail(copy, capsys, change, told):
    folder, change_json = copy
    change_json(change)
    assert main([str(folder)]) == 1
    assert told in capsys.readouterr().out


def test_a_broken_file_fails_and_the_others_are_still_compared(copy, capsys):
    folder, _ = copy
    (folder / "bc.npz").write_bytes(b"PK")
    (folder / "unknown.json").write_text("{}")
    (folder / "unknown.npz").write_bytes(b"")
    assert main([str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "2 files that could not be compared" in printed


def test_an_empty_folder_or_a_lonely_npz_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no golden files"):
        main([str(tmp_path)])
    (tmp_path / "bc.npz").write_bytes(b"")
    with pytest.raises(DataError, match=r"bc\.npz without its json"):
        main([str(tmp_path)])
    with pytest.raises(DataError, match="no folder"):
        main([str(tmp_path / "missing")])
