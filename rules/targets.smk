"""What can be asked for: snakemake all (the default), environments, numpy, tfrecords, data_report, train_all."""


localrules:
    all,
    environments,
    numpy,
    tfrecords,
    train_all,


rule all:
    """Everything: shards, TFRecords, the data report, and a trained policy per experiment."""
    default_target: True
    input:
        rules.data_report.output,
        told(PLAN.done_files),


rule environments:
    """The environments that the other steps run in."""
    input:
        environment_stamp("convert"),
        environment_stamp(training_environment()),


rule numpy:
    """Every numpy shard."""
    input:
        told(PLAN.all_shards),


rule tfrecords:
    """The TFRecords of every task, with index, split and statistics."""
    input:
        told(PLAN.all_records),


rule train_all:
    """A trained policy per experiment."""
    input:
        told(PLAN.done_files),
