"""Makes the tiny encoders known: what is tested is what surrounds them."""

from tests.agents.examples import tiny_encoders

__all__ = ["tiny_encoders"]
