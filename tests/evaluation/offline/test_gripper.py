"""Changes of the gripper, counted by hand."""

import numpy as np
import pytest

from bridgelib.evaluation.offline.gripper import gripper_counts


def counts(demonstrated: str, predicted: str) -> tuple:
    """Agreeing; demonstrated changes and how many are found; changes of the policy and how many are right."""
    found = gripper_counts(
        *(np.array([float(digit) for digit in row], np.float32) for row in (demonstrated, predicted))
    )
    names = ("agreeing", "demonstrated_changes", "found", "policy_changes", "right")
    return tuple(found[name] for name in names)


@pytest.mark.parametrize(
    ("demonstrated", "predicted", "expected"),
    [
        # It closes at step 3.
        ("11100", "11100", (5, 1, 1, 1, 1)),
        # One step early: the policy would change at step 2, and at step 3, where the gripper is still open.
        ("11100", "11000", (4, 1, 1, 2, 2)),
        # Four steps early: of its changes at 2 ... 6 those at 4, 5 and 6 are near enough.
        ("1111110000", "1100000000", (6, 1, 1, 5, 3)),
        # Too early at 2 and 3, too late at 6, and at 7 it would open what was just closed. What it would do at step 0
        # is no change, for there is nothing before.
        ("1111110000", "0100111100", (5, 1, 0, 3, 0)),
        # Going on with what it sees, one step late: no change at all.
        ("11100", "11110", (4, 1, 0, 0, 0)),
        # Never closed: at step 4 it would open what was just closed, which is another change than to close it.
        ("11100", "11111", (3, 1, 0, 1, 0)),
        ("11100", "11101", (4, 1, 1, 2, 1)),
        # Nothing changes, and the policy changes nothing, or once.
        ("11111", "11111", (5, 0, 0, 0, 0)),
        ("11111", "11011", (4, 0, 0, 1, 0)),
        # Two changes, the second found one step early, and closed again at step 6.
        ("1100011", "1100100", (4, 2, 2, 3, 2)),
        ("1", "0", (0, 0, 0, 0, 0)),
    ],
)
def test_changes_by_hand(demonstrated, predicted, expected):
    assert counts(demonstrated, predicted) == expected


def test_open_begins_above_one_half():
    found = gripper_counts(np.array([1, 1, 0, 0]), np.array([0.6, 0.51, 0.5, -0.2]))
    assert (found["agreeing"], found["found"], found["policy_changes"]) == (4, 1, 1)
