"""Examine this host and say what is wrong with it, why that matters, and the command that cures it."""

from bridgelib.doctor.__main__ import main

__all__ = ["main"]
