"""
The doctor: what is wrong with a machine, an environment, the data or the settings, and the command that cures it.

Standard library and YAML only. It runs beside Snakemake and looks into the training environment from outside, so that
it still works where nothing in there can be imported.
"""
