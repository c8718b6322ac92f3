"""Checkpoints of the predecessor (jaxrl_m) to policy folders, and back."""

from bridgelib.policy.jaxrl_m.conversion import export_checkpoint, import_checkpoint

__all__ = ["export_checkpoint", "import_checkpoint"]
