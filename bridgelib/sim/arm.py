"""The arm: how it follows commands, how it holds its gripper, and the solids it is drawn from."""

import numpy as np

from bridgelib.sim.solids import Coloured, box, strut, turned

# Metres and radians in base_link: the arm stops here, as BridgeData's controller does.
WORKSPACE_LOW = np.array([0.18, -0.22, 0.012, -0.9, -0.9, -1.2])
WORKSPACE_HIGH = np.array([0.42, 0.22, 0.26, 0.9, 0.9, 1.2])
LARGEST_STEP = np.array([0.05, 0.05, 0.05, 0.3, 0.3, 0.3])

# Metres between the fingers of the open gripper.
OPENING = 0.074
_GRIPPER_SPEED = 0.4

_SHOULDER = np.array([0.0, 0.0, 0.13])
_UPPER_ARM, _FOREARM, _WRIST_HEIGHT = 0.29, 0.27, 0.135
_FINGER_THICKNESS = 0.012
_FINGER = box((-0.0125, 0.0, -0.012), (0.0125, _FINGER_THICKNESS, 0.066))

_BLACK, _GREY, _LIGHT_GREY = (0.13, 0.13, 0.145), (0.24, 0.24, 0.26), (0.36, 0.36, 0.39)


def natural_orientation(position: np.ndarray) -> np.ndarray:
    """The natural roll, pitch and yaw of the arm at a position: turned outwards, and tilted the more the higher it is.

    Args:
        position: x, y, z in metres, float [3].

    Returns:
        Radians, float64 [3]; (0, 0, 0) is a gripper that points straight down.
    """
    x, y, z = position
    return np.array([12 * y * z, -2.4 * z, np.arctan2(y, x)])


def reached_pose(pose: np.ndarray, command: np.ndarray, drift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where the arm is one control step (0.2 s) after a command: near the commanded pose, never quite there.

    Args:
        pose: x, y, z, roll, pitch, yaw now, float64 [6].
        command: The commanded change, float64 [6]; cut to LARGEST_STEP.
        drift: The change during the last step, of which a little carries over, float64 [6].
        rng: The controller's inaccuracy, which grows with the step.

    Returns:
        The pose reached, inside the workspace, float64 [6].
    """
    command = np.clip(command, -LARGEST_STEP, LARGEST_STEP)
    noise = rng.standard_normal(6) * (0.0002 + 0.04 * np.abs(command))
    return np.clip(pose + 0.88 * command + 0.08 * drift + noise, WORKSPACE_LOW, WORKSPACE_HIGH)


def reached_opening(opening: float, target: float, narrowest: float = 0.0) -> float:
    """The gripper's opening one step after the command to go to `target` (1 = open, 0 = closed).

    Args:
        opening: Now, in [0, 1].
        target: Absolute, cut to [0, 1].
        narrowest: How far the fingers can close, because of what is between them.
    """
    target = max(min(max(target, 0.0), 1.0), narrowest)
    return opening + min(max(target - opening, -_GRIPPER_SPEED), _GRIPPER_SPEED)


def base_solids() -> list[Coloured]:
    """The part of the robot that never moves, with colours, in drawing order."""
    return [
        (box((-0.09, -0.075, 0.0), (0.08, 0.075, 0.018)), _GREY),
        (box((-0.065, -0.055, 0.018), (0.055, 0.055, 0.055)), _BLACK),
        (strut((0, 0, 0.055), (0, 0, 0.085), 0.048, 0.044, 24), _GREY),
    ]


def link_solids(pose: np.ndarray) -> list[Coloured]:
    """Shoulder, upper arm, forearm, wrist and palm, with colours, in drawing order from base to hand.

    Args:
        pose: x, y, z, roll, pitch, yaw of the point between the fingertips, float64 [6].
    """
    hand = turned(*pose[3:])
    wrist = pose[:3] + hand @ (0, 0, _WRIST_HEIGHT)
    sideways = np.array([-wrist[1], wrist[0], 0.0]) / np.hypot(wrist[0], wrist[1])
    elbow = _elbow(wrist)
    return [
        (strut((0, 0, 0.085), (0, 0, 0.115), 0.036, 0.036, 20), _BLACK),
        _joint(_SHOULDER, sideways, 0.034, 0.046),
        (strut(_SHOULDER, elbow, 0.027, 0.022, 8), _BLACK),
        _joint(elbow, sideways, 0.029, 0.038),
        (strut(elbow, wrist, 0.023, 0.018, 8), _BLACK),
        _joint(wrist, sideways, 0.024, 0.032),
        (strut(wrist, pose[:3] + hand @ (0, 0, 0.092), 0.022, 0.022, 12), _BLACK),
        (box((-0.020, -0.058, 0.066), (0.020, 0.058, 0.092)).moved(hand, pose[:3]), _LIGHT_GREY),
    ]


def finger_solids(pose: np.ndarray, opening: float) -> list[Coloured]:
    """The two fingers, with colours; they close along the gripper's own y axis.

    Args:
        pose: x, y, z, roll, pitch, yaw of the point between the fingertips, float64 [6].
        opening: 1 open, 0 closed.
    """
    hand = turned(*pose[3:])
    gap = opening * OPENING / 2
    return [
        (_FINGER.moved(np.eye(3), np.array([0.0, inner, 0.0])).moved(hand, pose[:3]), _GREY)
        for inner in (gap, -gap - _FINGER_THICKNESS)
    ]


def _joint(middle: np.ndarray, axis: np.ndarray, radius: float, half_width: float) -> Coloured:
    return strut(middle - axis * half_width, middle + axis * half_width, radius, radius, 16), _GREY


def _elbow(wrist: np.ndarray) -> np.ndarray:
    """Where the elbow is, by the law of cosines in the vertical plane of shoulder and wrist; it points up."""
    along = wrist - _SHOULDER
    reach = min(float(np.linalg.norm(along)), 0.999 * (_UPPER_ARM + _FOREARM))
    outward = along / np.linalg.norm(along)
    up = np.array([0.0, 0.0, 1.0]) - outward[2] * outward
    up /= np.linalg.norm(up)
    forward = (reach**2 + _UPPER_ARM**2 - _FOREARM**2) / (2 * reach)
    return _SHOULDER + forward * outward + np.sqrt(_UPPER_ARM**2 - forward**2) * up
