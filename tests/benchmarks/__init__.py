"""Measurements, each a program of its own: `python -m tests.benchmarks.<name>`. pytest collects none of them."""
