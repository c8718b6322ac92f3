"""The program of bridgelib/commands/trace.py."""

from _start import start

start(__file__)
