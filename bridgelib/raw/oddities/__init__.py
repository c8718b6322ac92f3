"""What is looked for in the arrays of a trajectory while it is read, to be remarked on."""
