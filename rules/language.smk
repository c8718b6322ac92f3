"""
Embed every instruction of an experiment once, for algorithms that follow instructions.

INPUTS   <tfrecord>/<task>/{train,val}/out.tfrecord of the experiment's tasks
OUTPUTS  <runs>/<experiment>/language.npz
"""

from bridgelib.layout import LANGUAGE

MUSE = [
    name
    for name in PLAN.settings.experiments
    if PLAN.encoder_environment(name) == "muse"
]


# On a cluster: encoders may have to be downloaded, and only the login node may have the network.
localrules:
    embed_language,


rule embed_language:
    """Embed the instructions of one experiment; refuse it where there are none."""
    input:
        environment=environment_stamp("convert"),
        records=from_plan(PLAN.records),
        former=made_as_now("embed_language", "convert"),
    output:
        table=Path(MACHINE.runs, "{experiment}", LANGUAGE),
    log:
        "logs/embed_language/{experiment}.log",
    conda:
        "../envs/convert.yaml"
    params:
        environment=environment_folder("convert"),
        lock=lock_of("convert"),
        assignment=ASSIGNMENT,
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/embed_language.py"'
        " --assignment {params.assignment:q} --output {output.table:q} > {log:q} 2>&1"


if MUSE:

    localrules:
        embed_language_with_muse,

    ruleorder: embed_language_with_muse > embed_language

    # The published encoder is a model of TensorFlow's, which no other step needs.
    use rule embed_language as embed_language_with_muse with:
        input:
            environment=environment_stamp("muse"),
            records=from_plan(PLAN.records),
            former=made_as_now("embed_language", "muse"),
        wildcard_constraints:
            experiment="|".join(map(re.escape, MUSE)),
        conda:
            "../envs/muse.yaml"
        params:
            environment=environment_folder("muse"),
            lock=lock_of("muse"),
            assignment=ASSIGNMENT,
