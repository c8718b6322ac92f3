"""The program of bridgelib/commands/embed_language.py."""

from _start import start

start(__file__)
