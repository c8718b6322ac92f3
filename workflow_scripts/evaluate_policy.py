"""The program of bridgelib/commands/evaluate_policy.py."""

from _start import start

start(__file__)
