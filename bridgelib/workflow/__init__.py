"""What the Snakefile asks: which jobs there are, and what makes their results stale. Standard library and YAML only."""
