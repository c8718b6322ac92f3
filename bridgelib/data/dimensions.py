"""The seven dimensions of a state and of an action: names, which are angles, and the smallest scale to divide by."""

import numpy as np

DIMENSIONS = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
ANGLES = slice(3, 6)

_METRES, _RADIANS, _GRIPPER = 1e-4, 1e-3, 1e-3
_FLOOR = np.array([_METRES] * 3 + [_RADIANS] * 3 + [_GRIPPER])


def scale_floor(size: int) -> np.ndarray:
    """The smallest scale that a state or an action is divided by, float64 [size], in the robot's units.

    0.1 mm and 1 mrad are less than the robot can resolve: one step of its joints' encoders is a 4096th of a turn (1.5
    mrad), and its hand comes back to a place within a millimetre. What varies by less is rounding or trembling; divided
    by its own spread it would look like motion, and real motion like nothing that was ever seen. Of the gripper, from 0
    to 1 or in metres, it is a thousandth. The floors of an action, which is of one step, are the same. Where there are
    not seven numbers their units are not known, and all have the smallest floor.
    """
    return _FLOOR.copy() if size == len(_FLOOR) else np.full(size, _FLOOR.min())


def name_of(place: int, size: int) -> str:
    """The name of a dimension among `size`."""
    return DIMENSIONS[place] if size == len(DIMENSIONS) else f"number {place}"
