"""Evaluation without a simulator: what a policy would do on the validation split, beside what was demonstrated."""
