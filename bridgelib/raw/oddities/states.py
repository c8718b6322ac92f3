"""States of an arm that does not move, or turns through the angle where numbers jump."""

from collections.abc import Iterator

import numpy as np

from bridgelib.raw.remarks import Noticed

STILL_POSITION = 1e-3  # metres; an arm at rest shows a tenth of it
STILL_ROTATION = 5e-3  # radians
LONG = 5  # steps without any change that are no waiting, where they are half of all
AXES = {3: "roll", 4: "pitch", 5: "yaw"}


def odd_states(state: np.ndarray) -> Iterator[Noticed]:
    """Remarks on states.

    Args:
        state: [T+1, 7]: x, y, z (m), roll, pitch, yaw (rad), gripper.
    """
    spread = np.ptp(state[:, :6], axis=0)
    if (spread[:3] < STILL_POSITION).all() and (spread[3:] < STILL_ROTATION).all():
        far, turned = 1e3 * spread[:3].max(), spread[3:].max()
        yield Noticed("still_states", f"{len(state)} states within {far:.2g} mm and {turned:.2g} rad")
    else:
        yield from _stuck(state)
    for axis, name in AXES.items():
        crossings = np.flatnonzero(np.abs(np.diff(state[:, axis])) > np.pi)
        if len(crossings):
            before, after = state[crossings[0] : crossings[0] + 2, axis]
            where = f"{name} goes from {before:.2f} to {after:.2f} after state {crossings[0]}"
            others = f", and crosses {len(crossings) - 1} times more" if len(crossings) > 1 else ""
            yield Noticed("rotation_crosses_pi", where + others)


def _stuck(state: np.ndarray) -> Iterator[Noticed]:
    """A remark where half of the steps or more, one after the other, change nothing at all in the pose."""
    changing = np.flatnonzero(np.diff(state[:, :6], axis=0).any(axis=1))
    bounds = np.concatenate([[-1], changing, [len(state) - 1]])
    between = np.diff(bounds) - 1  # steps without change
    longest = int(between.argmax())
    if between[longest] >= max(LONG, len(state) / 2):
        first = int(bounds[longest]) + 1
        yield Noticed("still_states", f"states {first} to {first + int(between[longest])} of {len(state)} are the same")
