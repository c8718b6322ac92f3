"""
Examine this host: packages, CUDA libraries, GPUs, disk and memory, data, settings; explain jobs that failed.

INPUTS   none: whatever is missing is what it is there to say
OUTPUTS  none: it prints, and runs whenever it is asked for
"""

from bridgelib.doctor.failures import explanation
from bridgelib.doctor.subject import Subject, as_words, settings_given
from bridgelib.workflow.remainder import report_on_the_rest

GIVEN = settings_given(config, REPOSITORY)


localrules:
    doctor,


onerror:
    print(report_on_the_rest(PLAN, sys.argv[1:]), end="")
    say_last(explanation(log, Subject(REPOSITORY, PLAN.settings, GIVEN)))


rule doctor:
    """Say what is wrong with this machine, and the command that cures it."""
    log:
        "logs/doctor.log",
    # Only for `--sdm conda`: the environment that is examined. Otherwise the doctor needs none.
    conda:
        f"../envs/{TRAINING}.yaml"
    params:
        settings=as_words(GIVEN),
        cluster="--cluster" if slots().elsewhere else "",
        environment=(
            '--environment "$CONDA_PREFIX"'
            if environment_from_elsewhere() == "active"
            else ""
        ),
    shell:
        '"$BRIDGE_PYTHON" "$BRIDGE/workflow_scripts/doctor.py" --fail-on error {params.cluster} {params.environment}'
        " --config {params.settings:q} 2> {log:q}"
