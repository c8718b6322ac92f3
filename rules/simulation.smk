"""
Make the demonstrations of a machine that has none: a simulated collection session per dated folder.

INPUTS   the `simulation:` section of the machine profile
OUTPUTS  <raw>/<task>/<date>/, of which collection_metadata.json is written last
"""

from bridgelib.layout import metadata_path

if MACHINE.simulation is not None:

    rule simulate_demonstrations:
        """Simulate one collection session."""
        input:
            environment=environment_stamp("convert"),
            former=made_as_now("simulate_demonstrations", "convert"),
        output:
            metadata=metadata_path(Path(MACHINE.raw, "{task}", "{date}")),
        log:
            "logs/simulate_demonstrations/{task}/{date}.log",
        benchmark:
            "benchmarks/simulate_demonstrations/{task}/{date}.tsv"
        conda:
            "../envs/convert.yaml"
        params:
            machine=MACHINE,
            environment=environment_folder("convert"),
            lock=lock_of("convert"),
            entry=from_plan(PLAN.entry),
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --'
            ' python "$BRIDGE/workflow_scripts/simulate_demonstrations.py"'
            " --raw {params.machine.raw:q} --task {wildcards.task:q} --date {wildcards.date:q}"
            " --demonstrations {params.entry.demonstrations} --seed {params.entry.seed}"
            " --image_size {params.entry.image_size} --action_noise {params.entry.action_noise}"
            " > {log:q} 2>&1"
