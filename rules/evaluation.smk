"""
Say how good each trained policy is.

INPUTS   <runs>/<experiment>/done.json, and latest/policy beside it
         <tfrecord>/<task>/{train,val}/out.tfrecord of the experiment's tasks
OUTPUTS  <runs>/<experiment>/evaluation.json, what it is worth on the validation split, without a simulator
"""

from bridgelib.layout import DONE, EVALUATION

RESULT = Path(MACHINE.runs, "{experiment}", EVALUATION)


rule evaluate_policy:
    """Compare the actions of one policy with the demonstrated ones, beside simple baselines."""
    input:
        environment=environment_stamp(TRAINING),
        records=from_plan(PLAN.records),
        done=Path(MACHINE.runs, "{experiment}", DONE),
        former=made_as_now("evaluate_policy", TRAINING),
    output:
        evaluation=in_report(RESULT, "evaluation", "policies"),
    log:
        "logs/evaluate_policy/{experiment}.log",
    benchmark:
        "benchmarks/evaluate_policy/{experiment}.tsv"
    conda:
        f"../envs/{TRAINING}.yaml"
    resources:
        gpu=from_plan(PLAN.evaluation_gpus),
        mem_mb=doubled_when_repeated(PLAN.training_memory),
        cpus_per_task=MACHINE.workers,  # of SLURM only: on one machine it takes what cores there are
    params:
        environment=environment_folder(TRAINING),
        lock=lock_of(TRAINING),
        launch=from_plan(PLAN.launch_options),
        assignment=ASSIGNMENT,
        run=subpath(input.done, parent=True),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} {params.launch:q} --gpus {resources.gpu} --'
        ' python "$BRIDGE/workflow_scripts/evaluate_policy.py" --assignment {params.assignment:q}'
        " --policy {params.run:q}/latest/policy --output {output.evaluation:q} > {log:q} 2>&1"
