"""What a gripper's command means: 1 is open, 0 is closed, as BridgeData records it."""

OPEN_ABOVE = 0.95
CLOSED_BELOW = 0.05  # a command in between counts as the next one outside of both bounds
