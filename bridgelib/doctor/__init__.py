"""
The doctor: what is wrong with a machine, an environment, the data or the settings, and the command that cures it.

It needs the standard library, YAML and `packaging` only: it runs beside Snakemake and looks into the training
environment from outside, so that it still works where nothing in there can be imported.
"""
