"""The program of bridgelib/commands/train_policy.py."""

from _start import start

start(__file__)
