"""The program of bridgelib/commands/summarise_runs.py."""

from _start import start

start(__file__)
