"""
Say what a result was made from, whether results are still as they were written, and whether others read them as we do.

INPUTS   whatever lies in the four roots; `--config of=...` names a result
OUTPUTS  none: they print
"""

import json
from functools import partial

from bridgelib.workflow.targets import targets_in


localrules:
    trace,
    verify,
    verify_records,


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


rule verify_records:
    """Have TensorFlow read every TFRecord, or those of --config of=PATH; name what it finds otherwise than we wrote."""
    input:
        environment=environment_stamp("verify"),
        results=from_plan(partial(PLAN.results_of, targets_in(sys.argv[1:]))),
    log:
        "logs/verify_records.log",
    conda:
        "../envs/verify.yaml"
    params:
        environment=environment_folder("verify"),
        machine=MACHINE,
        data=PLAN.settings.of or MACHINE.tfrecord,
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/verify_records.py"'
        " --tensorflow --data {params.data:q} --numpy {params.machine.numpy:q} 2>&1 | tee {log:q}"
