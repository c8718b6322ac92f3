"""
Roll trained policies out in the simulator, beside what they are held against; only on a machine that simulates.

INPUTS   <runs>/<experiment>/done.json, and the policy beside it
OUTPUTS  <runs>/<experiment>/rollouts.json and rollouts/, animated pictures of some episodes
         <runs>/references.json; <runs>/success.txt and success.json
"""

if MACHINE.simulation is not None:

    localrules:
        success,

    rule rollout_policy:
        """Let the policy of one experiment act in scenes that no demonstration has."""
        input:
            environment=environment_stamp(training_environment()),
            done=f"{RUNS}/{{experiment}}/done.json",
            former=made_as_now("rollout_policy"),
        output:
            results=f"{RUNS}/{{experiment}}/rollouts.json",
            pictures=directory(f"{RUNS}/{{experiment}}/rollouts"),
        log:
            "logs/rollout_policy/{experiment}.log",
        benchmark:
            "benchmarks/rollout_policy/{experiment}.tsv"
        conda:
            f"../envs/{training_environment()}.yaml"
        params:
            environment=environment_folder(training_environment()),
            run=subpath(input.done, parent=True),
            scenes=told(PLAN.rollouts.options),
            made_with=made_with("rollout_policy", training_environment()),
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --platform=cpu --gpus 0 --'
            ' python "$BRIDGE/workflow_scripts/rollout_policy.py" --policy {params.run:q}/latest/policy {params.scenes}'
            " --json {output.results:q} --pictures {output.pictures:q}"
            " > {log:q} 2>&1"

    rule rollout_references:
        """Roll out the expert, replayed demonstrations, the nearest neighbour and random actions."""
        input:
            environment=environment_stamp(training_environment()),
            records=told(PLAN.all_records),
            former=made_as_now("rollout_references"),
        output:
            results=f"{RUNS}/references.json",
        log:
            "logs/rollout_references.log",
        benchmark:
            "benchmarks/rollout_references.tsv"
        conda:
            f"../envs/{training_environment()}.yaml"
        params:
            environment=environment_folder(training_environment()),
            data=TFRECORD,
            scenes=told(PLAN.rollouts.reference_options),
            made_with=made_with("rollout_references", training_environment()),
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --platform=cpu --gpus 0 --'
            ' python "$BRIDGE/workflow_scripts/rollout_references.py" --data {params.data:q} {params.scenes}'
            " --json {output.results:q}"
            " > {log:q} 2>&1"

    rule success:
        """Print how often each policy succeeds, beside the references, task by task."""
        input:
            environment=environment_stamp(training_environment()),
            references=rules.rollout_references.output.results,
            rollouts=told(PLAN.rollouts.files),
            former=made_as_now("success"),
        output:
            text=f"{RUNS}/success.txt",
            json=f"{RUNS}/success.json",
        log:
            "logs/success.log",
        conda:
            f"../envs/{training_environment()}.yaml"
        params:
            environment=environment_folder(training_environment()),
            named=told(PLAN.rollouts.named),
            seeds=seeds_as_words(PLAN.settings.experiments),
            made_with=made_with("success", training_environment()),
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --platform=cpu --gpus 0 --'
            ' python "$BRIDGE/workflow_scripts/success_table.py" --references {input.references:q}'
            " --rollouts {params.named} --seeds {params.seeds} --text {output.text:q} --json {output.json:q}"
            " 2> {log:q}"
