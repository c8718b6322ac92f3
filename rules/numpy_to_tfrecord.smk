"""
Convert numpy shards to TFRecords, and say what became of all data.

INPUTS   <numpy>/<task>/<date>.npz and .report.json
OUTPUTS  <tfrecord>/<task>/{train,val}/out.tfrecord and out.index.npz, split.json, statistics.json, report.json
         <tfrecord>/data_report.txt and .json
"""

from bridgelib.layout import table_paths, task_paths

DATA_REPORT = table_paths(MACHINE.tfrecord, "data_report")


# On a cluster: the table is for the user's terminal.
localrules:
    data_report,


rule numpy_to_tfrecord:
    """Split a task into training and validation, and write both splits as TFRecords."""
    input:
        environment=environment_stamp("convert"),
        shards=from_plan(PLAN.shards),
        former=made_as_now("numpy_to_tfrecord", "convert"),
    output:
        **task_paths(Path(MACHINE.tfrecord, "{task}")),
    log:
        "logs/numpy_to_tfrecord/{task}.log",
    benchmark:
        "benchmarks/numpy_to_tfrecord/{task}.tsv"
    conda:
        "../envs/convert.yaml"
    threads: MACHINE.tfrecord_workers
    resources:
        mem_mb=doubled_when_repeated(PLAN.tfrecord_memory),
    params:
        machine=MACHINE,
        environment=environment_folder("convert"),
        lock=lock_of("convert"),
        seed=PLAN.settings.split_seed,
        shard_count=number_of_shards,
    # The folder, not the shards one by one: thousands are more than a command line may hold.
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/numpy_to_tfrecord.py"'
        " --shards {params.machine.numpy:q}/{wildcards.task:q} --count {params.shard_count} --overwrite"
        " --raw {params.machine.raw:q}/{wildcards.task:q} --output {params.machine.tfrecord:q}/{wildcards.task:q}"
        " --train_proportion {params.machine.train_proportion} --seed {params.seed} --im_size {params.machine.im_size}"
        " --image_encoding {params.machine.image_encoding} > {log:q} 2>&1"


rule data_report:
    """Count what was found, kept and rejected, by task and reason, and print the table."""
    input:
        environment=environment_stamp("convert"),
        reports=from_plan(PLAN.task_reports),
        former=made_as_now("data_report", "convert"),
    output:
        text=in_report(DATA_REPORT["text"], "data_report", "data"),
        json=DATA_REPORT["json"],
    log:
        "logs/data_report.log",
    conda:
        "../envs/convert.yaml"
    params:
        machine=MACHINE,
        environment=environment_folder("convert"),
        lock=lock_of("convert"),
        exclude=exclusions,
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/data_report.py"'
        " --root {params.machine.tfrecord:q} --raw {params.machine.raw:q} --depth {params.machine.depth}"
        " {params.exclude:q} --text {output.text:q} --json {output.json:q} 2> {log:q}"
