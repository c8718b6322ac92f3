"""The program of bridgelib/commands/summarise_evaluations.py."""

from _start import start

start(__file__)
