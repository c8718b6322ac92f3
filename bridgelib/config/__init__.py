"""What a user can set: machine profiles, datasets, experiments, and the defaults of each algorithm."""
