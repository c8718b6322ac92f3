"""The program of bridgelib/commands/report.py."""

from _start import start

start(__file__)
