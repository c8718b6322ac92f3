"""The program of bridgelib/commands/data_report.py."""

from _start import start

start(__file__)
