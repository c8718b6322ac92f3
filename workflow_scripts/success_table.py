"""The program of bridgelib/commands/success_table.py."""

from _start import start

start(__file__)
