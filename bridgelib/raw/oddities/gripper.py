"""Gripper commands in other units, or of the other sign, than 1 for open and 0 for closed."""

from collections.abc import Iterator

import numpy as np

from bridgelib.raw.gripper import CLOSED_BELOW, OPEN_ABOVE
from bridgelib.raw.remarks import Noticed

SLACK = 0.01  # how far from 0 to 1 a command may lie by rounding
FINGERS = 0.015  # metres; commands in metres go up and down by more than this, noise by less
SWING = 0.4  # share of the largest command (of the largest state: 0.2); more than that is no noise either
STATE_SWING = 0.2
FEWEST_HELD = 2  # commands on either side; a single one is on its way, or a slip of the hand
LONGEST_DELAY = 4  # steps until a gripper has followed its command
FEWEST_PAIRS = 5  # pairs of a command and a later state
AGAINST = -0.6  # correlation below which the gripper moves against its commands


def odd_gripper(commands: np.ndarray, states: np.ndarray) -> Iterator[Noticed]:
    """Remarks on the gripper of one trajectory.

    Args:
        commands: [T], the last column of the actions.
        states: [T+1], the last column of the states.
    """
    low, high = float(commands.min()), float(commands.max())
    if low < -SLACK or high > 1 + SLACK:
        yield Noticed("gripper_out_of_range", f"commands from {low:.4g} to {high:.4g}")
    yield from _of_one_side(commands, low, high)
    correlation, delay = _answer(commands, states)
    if correlation <= AGAINST:
        steps = f"{delay} step{'s' * (delay > 1)}"
        yield Noticed("gripper_against_state", f"correlation of command and state {steps} later: {correlation:.2f}")


def _of_one_side(commands: np.ndarray, low: float, high: float) -> Iterator[Noticed]:
    """A remark where commands go up and down, and binarising takes all of them for one."""
    upper = int((commands > (low + high) / 2).sum())
    swings = high - low > max(FINGERS, SWING * max(abs(low), abs(high)))
    if swings and min(upper, len(commands) - upper) >= FEWEST_HELD:
        told = f"commands from {low:.4g} to {high:.4g}, none of which counts as"
        if high <= OPEN_ABOVE:
            yield Noticed("gripper_scale", f"{told} open (above {OPEN_ABOVE})")
        elif low >= CLOSED_BELOW:
            yield Noticed("gripper_scale", f"{told} closed (below {CLOSED_BELOW})")


def _answer(commands: np.ndarray, states: np.ndarray) -> tuple[float, int]:
    """How the state follows the command: the most significant correlation, and after how many steps.

    Correlations of few pairs are large by chance: they count by the root of how many there are.
    """
    if np.ptp(states) < STATE_SWING * np.abs(states).max() or _is_noise(commands):
        return 0.0, 0
    found = [(0.0, 0.0, 0)]
    for delay in range(1, LONGEST_DELAY + 1):
        pairs = len(states) - delay
        told, shown = commands[:pairs], states[delay:]
        if pairs >= FEWEST_PAIRS and np.ptp(told) > 0 and np.ptp(shown) > 0:
            correlation = float(np.corrcoef(told, shown)[0, 1])
            found.append((abs(correlation) * pairs**0.5, correlation, delay))
    return max(found)[1:]


def _is_noise(commands: np.ndarray) -> bool:
    """Whether commands are all about the same, and do not keep to two levels either, as those of fingers in metres."""
    spread = np.ptp(commands)
    return bool(spread <= CLOSED_BELOW and np.diff(np.sort(commands)).max() <= spread / 2)
