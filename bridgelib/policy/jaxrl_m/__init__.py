"""Checkpoints of the predecessor (jaxrl_m) to policy folders, and back."""
