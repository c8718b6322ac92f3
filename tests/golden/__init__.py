"""Our networks and losses against the predecessor's numbers: `python -m tests.golden DIR`."""
