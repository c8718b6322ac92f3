"""The program of bridgelib/commands/raw_to_numpy.py."""

from _start import start

start(__file__)
