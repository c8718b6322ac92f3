"""Whether a policy opens and closes the gripper where it was demonstrated.

A *change* is a transition whose gripper action opens or closes, other than the demonstrated action one step before. For
a policy it is its own action that is compared with the demonstrated one before: it would change the gripper there. So a
policy that only repeats the present gripper makes no change at all, and has F1 0; and one that closes the gripper only
after it was closed has missed the change. The first transition of a trajectory has none before it, and no change.

A demonstrated change is found where the policy makes one in the same direction at most WINDOW steps away, in the same
trajectory; a change of the policy is right where a demonstrated one is as near.

    recall     found / demonstrated changes
    precision  right / changes of the policy
    F1         their harmonic mean; 0 where nothing is found, none where there is no change at all
"""

import numpy as np

from bridgelib.policy.memory import OPEN
from bridgelib.shapes import require_shapes

WINDOW = 2
"""Steps; 0.4 s where BridgeData's robots act, five times a second."""

COUNTS = ("agreeing", "demonstrated_changes", "found", "policy_changes", "right")


def gripper_counts(demonstrated: np.ndarray, predicted: np.ndarray) -> dict[str, int]:
    """The counts of one trajectory, by the names of COUNTS, to be added up.

    Args:
        demonstrated: float [T]; gripper actions, above OPEN for open.
        predicted: float [T]; what the policy would have done in the same T situations.
    """
    require_shapes(demonstrated=(demonstrated, "T"), predicted=(predicted, "T"))
    wanted, opens = (np.asarray(actions > OPEN, int) for actions in (demonstrated, predicted))
    before = np.concatenate([wanted[:1], wanted[:-1]])
    demonstrated_changes = wanted - before  # 1 where it opens, -1 where it closes
    policy_changes = opens - before
    policy_changes[:1] = 0
    return {
        "agreeing": int((wanted == opens).sum()),
        "demonstrated_changes": int(np.abs(demonstrated_changes).sum()),
        "found": int(_near(demonstrated_changes, policy_changes).sum()),
        "policy_changes": int(np.abs(policy_changes).sum()),
        "right": int(_near(policy_changes, demonstrated_changes).sum()),
    }


def _near(changes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """bool [T]: where one makes a change, and the other makes the same at most WINDOW steps away."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(others, WINDOW), 2 * WINDOW + 1)  # [T, window]
    return (changes != 0) & (around == changes[:, None]).any(axis=1)
