"""The program of bridgelib/commands/verify_records.py."""

from _start import start

start(__file__)
