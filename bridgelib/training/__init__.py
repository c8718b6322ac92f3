"""Training: a loop that a kill cannot harm, and what it leaves behind in a run folder."""
