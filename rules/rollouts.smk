"""
Roll trained policies out in the simulator, beside their references; only on a machine that simulates.

INPUTS   <runs>/<experiment>/done.json, and the policy beside it
OUTPUTS  <runs>/<experiment>/rollouts.json and rollouts/, animated pictures of some episodes
         <runs>/references.json
"""

from bridgelib.layout import DONE, REFERENCES, ROLLOUTS

if MACHINE.simulation is not None:
    PICTURES = in_report(
        directory(Path(MACHINE.runs, "{experiment}", "rollouts")),
        "rollouts",
        "rollouts",
        patterns=["{episode}.webp"],
        labels={"experiment": "{experiment}", "episode": "{episode}"},
    )

    rule rollout_policy:
        """Let the policy of one experiment act in scenes that no demonstration has."""
        input:
            environment=environment_stamp(TRAINING),
            done=Path(MACHINE.runs, "{experiment}", DONE),
            former=made_as_now("rollout_policy", TRAINING),
        output:
            results=Path(MACHINE.runs, "{experiment}", ROLLOUTS),
            pictures=PICTURES,
        log:
            "logs/rollout_policy/{experiment}.log",
        benchmark:
            "benchmarks/rollout_policy/{experiment}.tsv"
        conda:
            f"../envs/{TRAINING}.yaml"
        params:
            environment=environment_folder(TRAINING),
            lock=lock_of(TRAINING),
            run=subpath(input.done, parent=True),
            tasks=from_plan(PLAN.rollouts.tasks),
            camera=from_plan(PLAN.camera),
            instructions=from_plan(PLAN.rollouts.instructions),
            settings=PLAN.settings,
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --platform=cpu --gpus 0 --'
            ' python "$BRIDGE/workflow_scripts/rollout_policy.py" --policy {params.run:q}/latest/policy'
            " --task {params.tasks:q} --instructions {params.instructions} --camera {params.camera}"
            " --episodes {params.settings.episodes} --seed {params.settings.episode_seed}"
            " --json {output.results:q} --pictures {output.pictures:q} > {log:q} 2>&1"

    rule rollout_references:
        """Roll out the expert, replayed demonstrations, the nearest neighbour and random actions."""
        input:
            environment=environment_stamp(TRAINING),
            records=from_plan(PLAN.all_records),
            former=made_as_now("rollout_references", TRAINING),
        output:
            results=Path(MACHINE.runs, REFERENCES),
        log:
            "logs/rollout_references.log",
        benchmark:
            "benchmarks/rollout_references.tsv"
        conda:
            f"../envs/{TRAINING}.yaml"
        params:
            environment=environment_folder(TRAINING),
            lock=lock_of(TRAINING),
            machine=MACHINE,
            tasks=from_plan(PLAN.rollouts.all_tasks),
            camera=from_plan(PLAN.camera),
            settings=PLAN.settings,
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --platform=cpu --gpus 0 --'
            ' python "$BRIDGE/workflow_scripts/rollout_references.py" --data {params.machine.tfrecord:q}'
            " --task {params.tasks:q} --camera {params.camera}"
            " --episodes {params.settings.episodes} --seed {params.settings.episode_seed}"
            " --json {output.results:q} > {log:q} 2>&1"
