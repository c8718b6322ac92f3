"""The program of bridgelib/commands/probe_conversion.py."""

from _start import start

start(__file__)
