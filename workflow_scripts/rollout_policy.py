"""The program of bridgelib/commands/rollout_policy.py."""

from _start import start

start(__file__)
