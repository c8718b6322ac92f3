"""
Convert raw demonstrations to numpy shards, and shards to TFRecords; account for every trajectory.

INPUTS   <raw>/<task>/<date>/
OUTPUTS  <numpy>/<task>/<date>.npz and .report.json
         <tfrecord>/<task>/{train,val}/out.tfrecord and out.index.npz, split.json, statistics.json, report.json
         <tfrecord>/data_report.txt and .json
"""


# On a cluster: the table is for the user's terminal.
localrules:
    data_report,


rule raw_to_numpy:
    """Convert one collection session to a numpy shard; reject broken trajectories with a reason."""
    input:
        environment=environment_stamp("convert"),
        session=collection_session(),
        former=made_as_now("raw_to_numpy"),
    output:
        shard=f"{NUMPY}/{{task}}/{{date}}.npz",
        report=f"{NUMPY}/{{task}}/{{date}}.report.json",
    log:
        "logs/raw_to_numpy/{task}/{date}.log",
    benchmark:
        "benchmarks/raw_to_numpy/{task}/{date}.tsv"
    conda:
        "../envs/convert.yaml"
    threads: MACHINE.workers
    resources:
        mem_mb=doubled_when_repeated(PLAN.conversion_memory),
    params:
        raw=raw_root,
        environment=environment_folder("convert"),
        im_size=MACHINE.im_size,
        cameras=MACHINE.cameras,
        gaze="" if MACHINE.gaze == "none" else f" --gaze {MACHINE.gaze}",
        latency_shift=(
            ""
            if MACHINE.latency_shift == "auto"
            else f" --latency_shift {MACHINE.latency_shift}"
        ),
        trajectories=told(PLAN.trajectories_digest),
        made_with=made_with("raw_to_numpy", "convert"),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} --'
        ' python "$BRIDGE/workflow_scripts/raw_to_numpy.py"'
        " --raw {params.raw:q} --dated-folder {params.raw:q}/{wildcards.task:q}/{wildcards.date:q}"
        " --shard {output.shard:q} --report {output.report:q}"
        " --im_size {params.im_size} --cameras {params.cameras} --workers {threads} --overwrite{params.gaze}{params.latency_shift}"
        " > {log:q} 2>&1"


rule numpy_to_tfrecord:
    """Divide a task into training and validation and write both as TFRecords."""
    input:
        environment=environment_stamp("convert"),
        shards=told(PLAN.shards),
        former=made_as_now("numpy_to_tfrecord"),
    output:
        train=f"{TFRECORD}/{{task}}/train/out.tfrecord",
        train_index=f"{TFRECORD}/{{task}}/train/out.index.npz",
        val=f"{TFRECORD}/{{task}}/val/out.tfrecord",
        val_index=f"{TFRECORD}/{{task}}/val/out.index.npz",
        split=f"{TFRECORD}/{{task}}/split.json",
        statistics=f"{TFRECORD}/{{task}}/statistics.json",
        report=f"{TFRECORD}/{{task}}/report.json",
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
        folder=subpath(output.report, parent=True),
        shard_folder=f"{NUMPY}/{{task}}",  # not one by one: thousands are more than a command line may hold
        shard_count=number_of_shards,
        raw=raw_root,
        environment=environment_folder("convert"),
        im_size=MACHINE.im_size,
        train_proportion=MACHINE.train_proportion,
        seed=PLAN.settings.split_seed,
        image_encoding=MACHINE.image_encoding,
        made_with=made_with("numpy_to_tfrecord", "convert"),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} --'
        ' python "$BRIDGE/workflow_scripts/numpy_to_tfrecord.py"'
        " --shards {params.shard_folder:q} --count {params.shard_count} --raw {params.raw:q}/{wildcards.task:q}"
        " --output {params.folder:q} --im_size {params.im_size}"
        " --train_proportion {params.train_proportion} --seed {params.seed}"
        " --image_encoding {params.image_encoding} --overwrite"
        " > {log:q} 2>&1"


rule data_report:
    """Count what was found, kept and rejected, by task and reason, and print the table."""
    input:
        environment=environment_stamp("convert"),
        reports=told(PLAN.task_reports),
        former=made_as_now("data_report"),
    output:
        text=f"{TFRECORD}/data_report.txt",
        json=f"{TFRECORD}/data_report.json",
    log:
        "logs/data_report.log",
    conda:
        "../envs/convert.yaml"
    params:
        root=subpath(output.text, parent=True),
        raw=raw_root,
        depth=MACHINE.depth,
        exclude=told(PLAN.exclude_option),
        environment=environment_folder("convert"),
        made_with=made_with("data_report", "convert"),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} --'
        ' python "$BRIDGE/workflow_scripts/data_report.py"'
        " --root {params.root:q} --raw {params.raw:q} --depth {params.depth} --text {output.text:q} --json {output.json:q}"
        "{params.exclude} 2> {log:q}"
