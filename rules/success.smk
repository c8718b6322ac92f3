"""
Say how often each policy succeeds; only on a machine that simulates.

INPUTS   <runs>/<experiment>/rollouts.json, <runs>/references.json
OUTPUTS  <runs>/success.txt and success.json
"""

from bridgelib.layout import table_paths

SUCCESS = table_paths(MACHINE.runs, "success")

if MACHINE.simulation is not None:

    localrules:
        success,

    rule success:
        """Print how often each policy succeeds, beside the references, task by task."""
        input:
            environment=environment_stamp(TRAINING),
            references=rules.rollout_references.output.results,
            rollouts=from_plan(PLAN.rollouts.files),
            former=made_as_now("success", TRAINING),
        output:
            text=in_report(SUCCESS["text"], "success", "policies"),
            json=SUCCESS["json"],
        log:
            "logs/success.log",
        conda:
            f"../envs/{TRAINING}.yaml"
        params:
            environment=environment_folder(TRAINING),
            lock=lock_of(TRAINING),
            named=from_plan(PLAN.rollouts.named),
            seeds=seeds_as_words(PLAN.settings.experiments),
        shell:
            '"$BRIDGE/envs/run" {params.environment:q} --platform=cpu --gpus 0 --'
            ' python "$BRIDGE/workflow_scripts/success_table.py" --references {input.references:q}'
            " --rollouts {params.named:q} --seeds {params.seeds:q} --text {output.text:q} --json {output.json:q}"
            " 2> {log:q}"
