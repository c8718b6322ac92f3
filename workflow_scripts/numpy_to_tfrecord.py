"""The program of bridgelib/commands/numpy_to_tfrecord.py."""

from _start import start

start(__file__)
