"""The program of bridgelib/commands/export_policy.py."""

from _start import start

start(__file__)
