"""
Train one policy per experiment.

INPUTS   <tfrecord>/<task>/{train,val}/out.tfrecord of the experiment's tasks
OUTPUTS  <runs>/<experiment>/done.json; checkpoints and metrics lie beside it in a folder that Snakemake does not know,
         so that a failed or killed job keeps them and its successor goes on from there
"""


rule train_policy:
    """Train the policy of one experiment; go on from its newest checkpoint."""
    input:
        environment=environment_stamp(training_environment()),
        records=told(PLAN.records),
    output:
        done=f"{RUNS}/{{experiment}}/done.json",
    log:
        "logs/train_policy/{experiment}.log",
    benchmark:
        "benchmarks/train_policy/{experiment}.tsv"
    retries: 2
    conda:
        "../envs/train.yaml"
    resources:
        gpu=told(PLAN.gpus),
    params:
        data=told(PLAN.data_root),
        environment=environment_folder(training_environment()),
        launch=told(PLAN.launch_options),
        experiments=shown(PLAN.settings.experiments_file),
        digest=told(PLAN.experiment_digest),
        code=code_digest("bridgelib.training.run"),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} {params.launch} --gpus {resources.gpu} --'
        ' python "$BRIDGE/workflow_scripts/train_policy.py"'
        " --experiments {params.experiments:q} --experiment {wildcards.experiment:q} --digest {params.digest}"
        " --data {params.data:q} --done {output.done:q}"
        " > {log:q} 2>&1"
