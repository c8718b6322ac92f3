"""How good a policy is: in closed loop in an environment, and on the validation split of its data."""
