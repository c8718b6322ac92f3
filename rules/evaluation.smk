"""
Say how good each trained policy is.

INPUTS   <runs>/<experiment>/done.json, and latest/policy beside it
         <tfrecord>/<task>/{train,val}/out.tfrecord of the experiment's tasks
OUTPUTS  <runs>/<experiment>/evaluation.json, what it is worth on the validation side, without a simulator
"""


rule evaluate_policy:
    """Hold the actions of one policy against those that were demonstrated, beside actions that anyone could give."""
    input:
        environment=environment_stamp(training_environment()),
        records=told(PLAN.records),
        done=f"{RUNS}/{{experiment}}/done.json",
        former=made_as_now("evaluate_policy"),
    output:
        evaluation=f"{RUNS}/{{experiment}}/evaluation.json",
    log:
        "logs/evaluate_policy/{experiment}.log",
    benchmark:
        "benchmarks/evaluate_policy/{experiment}.tsv"
    conda:
        f"../envs/{training_environment()}.yaml"
    resources:
        gpu=told(PLAN.evaluation_gpus),
        mem_mb=doubled_when_repeated(PLAN.training_memory),
        cpus_per_task=MACHINE.workers,  # of SLURM only: on one machine it takes what cores there are
    params:
        environment=environment_folder(training_environment()),
        launch=told(PLAN.launch_options),
        experiment=told(PLAN.experiment_options),
        policy=f"{RUNS}/{{experiment}}/latest/policy",
        made_with=made_with("evaluate_policy", training_environment()),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} {params.launch} --gpus {resources.gpu} --'
        ' python "$BRIDGE/workflow_scripts/evaluate_policy.py" {params.experiment}'
        " --policy {params.policy:q} --output {output.evaluation:q}"
        " > {log:q} 2>&1"
