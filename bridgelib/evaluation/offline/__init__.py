"""Evaluation without a simulator: what a policy would do on the validation side, beside what was demonstrated."""
