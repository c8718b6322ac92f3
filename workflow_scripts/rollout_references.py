"""The program of bridgelib/commands/rollout_references.py."""

from _start import start

start(__file__)
