"""The program of bridgelib/commands/status.py."""

from _start import start

start(__file__)
