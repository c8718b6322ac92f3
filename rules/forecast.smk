"""
Say what the work still to be done will need: disk, files, memory, time.

INPUTS   listings of the raw tree; for the time, the environment `convert` where it is built
OUTPUTS  none: the table is printed
"""

import json


localrules:
    forecast,


rule forecast:
    """Print what every remaining step will need, compared with what this machine has."""
    log:
        "logs/forecast.log",
    conda:
        "../envs/workflow.yaml"
    params:
        environment=environment_folder("convert"),
        training_environment=environment_folder(TRAINING),
        settings=[f"{key}={json.dumps(value)}" for key, value in config.items()],
        cores=slots().cores,
        gpus=slots().gpus,
        json="logs/forecast.json",
    shell:
        '"$BRIDGE_PYTHON" "$BRIDGE/workflow_scripts/forecast.py" --config {params.settings:q}'
        " --environment {params.environment:q} --training-environment {params.training_environment:q}"
        " --cores {params.cores} --gpus {params.gpus} --json {params.json} 2>&1 | tee {log:q}"
