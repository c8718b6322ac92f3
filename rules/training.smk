"""
Train one policy per experiment.

INPUTS   <tfrecord>/<task>/{train,val}/out.tfrecord of the experiment's tasks
OUTPUTS  <runs>/<experiment>/done.json; checkpoints and metrics lie beside it in a folder that Snakemake does not know,
         so that a failed or killed job keeps them and its successor resumes from there
"""

from bridgelib.layout import DONE

# Only where the main process runs: inside of a cluster's job further attempts would multiply with its own.
RETRIES = 2 if workflow.is_main_process else 0


rule train_policy:
    """Train the policy of one experiment; resume from its newest checkpoint."""
    input:
        environment=environment_stamp(TRAINING),
        records=from_plan(PLAN.records),
        language=from_plan(PLAN.language_table),
        former=made_as_now("train_policy", TRAINING),
    output:
        done=in_report(Path(MACHINE.runs, "{experiment}", DONE), "training", "policies"),
    log:
        "logs/train_policy/{experiment}.log",
    benchmark:
        "benchmarks/train_policy/{experiment}.tsv"
    retries: RETRIES
    conda:
        f"../envs/{TRAINING}.yaml"
    resources:
        gpu=from_plan(PLAN.gpus),
        mem_mb=doubled_when_repeated(PLAN.training_memory),
        cpus_per_task=MACHINE.workers,  # of SLURM only: on one machine it takes what cores there are
    params:
        environment=environment_folder(TRAINING),
        lock=lock_of(TRAINING),
        launch=from_plan(PLAN.launch_options),
        assignment=ASSIGNMENT,
        camera=from_plan(PLAN.camera),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} {params.launch:q} --gpus {resources.gpu} --'
        ' python "$BRIDGE/workflow_scripts/train_policy.py" --assignment {params.assignment:q}'
        " --language {input.language:q} --camera {params.camera} --done {output.done:q} > {log:q} 2>&1"
