"""From raw BridgeData demonstrations to trained policies.

ARCHITECTURE.md says what each room is, and which may import which.
"""

__version__ = "0.2.0"
"""The release. Results record it for readers only; what is stale, `bridgelib.versions` decides."""
