"""
Train one policy per experiment.

INPUTS   <tfrecord>/<task>/{train,val}/out.tfrecord of the experiment's tasks
OUTPUTS  <runs>/<experiment>/done.json; checkpoints and metrics lie beside it in a folder that Snakemake does not know,
         so that a failed or killed job keeps them and its successor goes on from there. For the same reason the
         code is no parameter here: days of training are not thrown away because a file was tidied up
"""


rule train_policy:
    """Train the policy of one experiment; go on from its newest checkpoint."""
    input:
        environment=environment_stamp(training_environment()),
        records=told(PLAN.records),
        language=told(PLAN.language_table),
        former=made_as_now("train_policy"),
    output:
        done=f"{RUNS}/{{experiment}}/done.json",
    log:
        "logs/train_policy/{experiment}.log",
    benchmark:
        "benchmarks/train_policy/{experiment}.tsv"
    # Not in a cluster's job as well, where they would multiply: who submitted it submits it again.
    retries: 2 if workflow.is_main_process else 0
    conda:
        f"../envs/{training_environment()}.yaml"
    resources:
        gpu=told(PLAN.gpus),
        mem_mb=doubled_when_repeated(PLAN.training_memory),
        cpus_per_task=MACHINE.workers,  # of SLURM only: on one machine training takes what cores there are
    params:
        environment=environment_folder(training_environment()),
        launch=told(PLAN.launch_options),
        experiment=told(PLAN.training_options),
        made_with=made_with("train_policy", training_environment()),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} {params.launch} --gpus {resources.gpu} --'
        ' python "$BRIDGE/workflow_scripts/train_policy.py" {params.experiment}'
        " --language {input.language:q} --done {output.done:q}"
        " > {log:q} 2>&1"
