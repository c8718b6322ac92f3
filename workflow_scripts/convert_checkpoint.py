"""The program of bridgelib/commands/convert_checkpoint.py."""

from _start import start

start(__file__)
