# From raw BridgeData demonstrations to trained policies. The paths tell what a file is:
#
#   <raw>/<task>/<date>/raw/traj_group*/traj*           demonstrations, as collected
#   <numpy>/<task>/<date>.npz                           one shard per collection session, and its .report.json
#   <tfrecord>/<task>/{train,val}/out.tfrecord          the BridgeData format, with index, split and statistics
#   <runs>/<experiment>/done.json                       a trained policy
#   <runs>/<experiment>/evaluation.json                 its errors on the validation split
#   <runs>/<experiment>/rollouts.json                   how often it succeeds, where there is a simulator
#   <runs>/report/index.html                            all of this to look at
#
# The four roots stand in the machine profile (config/machines/), chosen with --config machine=NAME.
from snakemake.utils import min_version

min_version("9.20")


configfile: Path(workflow.basedir) / "config" / "config.yaml"


include: "rules/plan.smk"
include: "rules/start.smk"
include: "rules/venvs.smk"
include: "rules/functions.smk"
include: "rules/captions.smk"
include: "rules/environments.smk"
include: "rules/doctor.smk"
include: "rules/forecast.smk"
include: "rules/status.smk"
include: "rules/tracing.smk"
include: "rules/simulation.smk"
include: "rules/raw_to_numpy.smk"
include: "rules/numpy_to_tfrecord.smk"
include: "rules/language.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"
include: "rules/rollouts.smk"
include: "rules/success.smk"
include: "rules/report.smk"


localrules:
    all,
    environments,
    numpy,
    tfrecords,
    train_all,
    evaluate_all,


rule all:
    """Everything: data, a trained and evaluated policy per experiment and, simulated, its success; and the report."""
    default_target: True
    input:
        from_plan(partial(PLAN.results_of, {"all"})),
        rules.report.output,


rule environments:
    """The environments that the other steps run in."""
    input:
        [environment_stamp(name) for name in PLAN.environments],


rule numpy:
    """Every numpy shard."""
    input:
        from_plan(PLAN.all_shards),


rule tfrecords:
    """The TFRecords of every task, with index, split and statistics."""
    input:
        from_plan(PLAN.all_records),


rule train_all:
    """A trained policy per experiment."""
    input:
        from_plan(PLAN.done_files),


rule evaluate_all:
    """The evaluation of every policy on its validation split; the table is printed."""
    input:
        from_plan(PLAN.evaluation_files),
    log:
        "logs/evaluate_all.log",
    conda:
        "envs/workflow.yaml"
    params:
        seeds=seeds_as_words(PLAN.settings.experiments),
    shell:
        '"$BRIDGE_PYTHON" "$BRIDGE/workflow_scripts/summarise_evaluations.py" {input:q}'
        " --seeds {params.seeds:q} 2> {log:q}"
