"""How a job's process is started: its environment's variables and its GPUs. Standard library only."""
