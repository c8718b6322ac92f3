"""
Make the demonstrations of a machine that has none: a simulated collection session per dated folder.

INPUTS   the `simulation:` section of the machine profile
OUTPUTS  <raw>/<task>/<date>/, of which collection_metadata.json is written last
"""

if MACHINE.simulation is not None:

    rule simulate_demonstrations:
        """Simulate one collection session."""
        input:
            environment=environment_stamp("convert"),
            former=made_as_now("simulate_demonstrations"),
        output:
            metadata=f"{RAW}/{{task}}/{{date}}/collection_metadata.json",
        log:
            "logs/simulate_demonstrations/{task}/{date}.log",
        benchmark:
            "benchmarks/simulate_demonstrations/{task}/{date}.tsv"
        conda:
            "../envs/convert.yaml"
        params:
            raw=raw_root,
            environment=environment_folder("convert"),
            entry=told(PLAN.simulation_options),
            made_with=made_with("simulate_demonstrations", "convert"),
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --'
            ' python "$BRIDGE/workflow_scripts/simulate_demonstrations.py"'
            " --raw {params.raw:q} --task {wildcards.task:q} --date {wildcards.date:q} {params.entry}"
            " > {log:q} 2>&1"
