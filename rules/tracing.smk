"""
Say what a result was made from, and whether results are still as they were written.

INPUTS   whatever lies in the four roots; `--config of=...` names a result
OUTPUTS  none: they print
"""

import json


localrules:
    trace,
    verify,


rule trace:
    """Print the chain from a result back to the content ids of the demonstrations: --config of=RESULT."""
    log:
        "logs/trace.log",
    conda:
        "../envs/workflow.yaml"
    params:
        settings=[f"{key}={json.dumps(value)}" for key, value in config.items()],
        result=PLAN.settings.of,
        ids="--ids" if PLAN.settings.ids == "all" else "",
    shell:
        '"$BRIDGE_PYTHON" "$BRIDGE/workflow_scripts/trace.py" --config {params.settings:q} {params.ids}'
        " -- {params.result:q} 2>&1 | tee {log:q}"


rule verify:
    """Read every byte of all results and demonstrations, or of --config of=RESULT; name the files that changed."""
    input:
        environment=environment_stamp("convert"),
    log:
        "logs/verify.log",
    conda:
        "../envs/convert.yaml"
    params:
        workers=slots().cores,
        environment=environment_folder("convert"),
        settings=[f"{key}={json.dumps(value)}" for key, value in config.items()],
        results=[PLAN.settings.of] if PLAN.settings.of else [],
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/verify.py"'
        " --config {params.settings:q} --workers {params.workers} -- {params.results:q} 2>&1 | tee {log:q}"
