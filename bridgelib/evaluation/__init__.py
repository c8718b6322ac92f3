"""How good a policy is: in closed loop in an environment, and on the validation side of its data."""
