"""
Say where the work stands, whoever has started it: in another shell, on another host, by SLURM.

INPUTS   locks, metrics and logs, as they are
OUTPUTS  none: it prints
"""

import json


localrules:
    status,


rule status:
    """Print state, step, rate, ETA, validation and last message of every training; with watch=SECONDS again and again."""
    log:
        "logs/status.log",
    conda:
        "../envs/workflow.yaml"
    params:
        settings=[f"{key}={json.dumps(value)}" for key, value in config.items()],
        watch=PLAN.settings.watch,
    shell:
        '"$BRIDGE_PYTHON" "$BRIDGE/workflow_scripts/status.py" --config {params.settings:q} --watch {params.watch}'
        " 2> {log:q}"
