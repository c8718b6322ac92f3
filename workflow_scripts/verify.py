"""The program of bridgelib/commands/verify.py."""

from _start import start

start(__file__)
