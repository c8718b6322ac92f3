"""The program of bridgelib/commands/forecast.py."""

from _start import start

start(__file__)
