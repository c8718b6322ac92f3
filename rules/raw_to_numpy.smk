"""
Convert raw demonstrations to numpy shards; account for every trajectory.

INPUTS   <raw>/<task>/<date>/
OUTPUTS  <numpy>/<task>/<date>.npz and .report.json
"""

from bridgelib.layout import shard_path, shard_report_path

SHARD = shard_path(MACHINE.numpy, "{task}", "{date}")


rule raw_to_numpy:
    """Convert one collection session to a numpy shard; reject broken trajectories with a reason."""
    input:
        environment=environment_stamp("convert"),
        session=collection_session(),
        former=made_as_now("raw_to_numpy", "convert"),
    output:
        shard=SHARD,
        report=shard_report_path(SHARD),
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
        machine=MACHINE,
        environment=environment_folder("convert"),
        lock=lock_of("convert"),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/raw_to_numpy.py"'
        " --raw {params.machine.raw:q} --dated-folder {params.machine.raw:q}/{wildcards.task:q}/{wildcards.date:q}"
        " --shard {output.shard:q} --report {output.report:q} --workers {threads} --overwrite"
        " --im_size {params.machine.im_size} --cameras {params.machine.cameras} --gaze {params.machine.gaze}"
        " --latency_shift {params.machine.latency_shift} > {log:q} 2>&1"
