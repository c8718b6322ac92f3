"""The program of bridgelib/commands/doctor.py."""

from _start import start

start(__file__)
