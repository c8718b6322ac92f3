"""Makes the tiny encoders known to every test of agents."""

from tests.agents.examples import tiny_encoders

__all__ = ["tiny_encoders"]
