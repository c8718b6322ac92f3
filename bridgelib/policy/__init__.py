"""Trained policies as they are taken to a robot: weights, preprocessing and statistics in one folder."""

from bridgelib.policy.bundle import load, policy_of, save
from bridgelib.policy.policy import Policy
from bridgelib.policy.spec import PolicySpec

__all__ = ["Policy", "PolicySpec", "load", "policy_of", "save"]
