"""The program of bridgelib/commands/simulate_demonstrations.py."""

from _start import start

start(__file__)
