"""Make a policy folder of a checkpoint of the predecessor (jaxrl_m), or a checkpoint of a policy folder."""

import argparse

from bridgelib.commands._paths import path

EXAMPLES = """\
a checkpoint of the predecessor, to be loaded by bridgelib.policy.load:
  convert_checkpoint.py --checkpoint gc_bc_run/checkpoint_100000 --config gc_bc_run/config.json --im_size 256 \\
      --output policies/gc_bc

a policy folder, to be restored by the predecessor:
  convert_checkpoint.py --bundle runs/gc_bc_all/gc_bc_all-0123456789ab/policy --output checkpoint_100000

The checkpoint is a file or an orbax folder; its configuration is what the predecessor's eval.py reads, or W&B's
config.yaml of the run. A checkpoint written here holds parameters and targets for evaluation, with the configuration
beside it; of the optimiser a policy folder knows nothing, so a training that resumes from it starts Adam anew. The
predecessor's eval.py wants a name that ends in _<number>.

Of checkpoints of this pipeline (<runs>/<experiment>/latest/checkpoints/step-*.msgpack) export_policy.py makes policy
folders.
"""


def main(argv: list[str] | None = None) -> None:
    """Convert in the one or the other direction, and say what was written."""
    options = parse_arguments(argv)
    # Not before the arguments are read: these load JAX, which takes seconds.
    from bridgelib.data.published import PUBLISHED
    from bridgelib.language.table import LanguageTable
    from bridgelib.policy.jaxrl_m.action_statistics import read_statistics
    from bridgelib.policy.jaxrl_m.configuration import read_mapping
    from bridgelib.policy.jaxrl_m.conversion import export_checkpoint, import_checkpoint

    if options.bundle:
        spec, configuration = export_checkpoint(options.bundle, options.output)
        written = f"{options.output} and {configuration}"
    else:
        statistics = PUBLISHED if options.predecessor_statistics else None
        if options.statistics:
            statistics = read_statistics(read_mapping(options.statistics), str(options.statistics))
        language = LanguageTable.load(options.language) if options.language else None
        sources = (options.checkpoint, options.config)
        spec = import_checkpoint(*sources, options.output, options.im_size, statistics, language)
        written = str(options.output)
    print(f"{spec.algorithm} after {spec.step} updates: wrote {written}")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; refuses a mixture of the two directions."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--output", type=path, required=True, help="the policy folder, or the checkpoint file, to write"
    )
    add = parser.add_argument_group("from the predecessor").add_argument
    add("--checkpoint", type=path, help="file or folder of one checkpoint")
    add("--config", type=path, metavar="JSON|YAML", help="the configuration of its training")
    add("--im_size", type=int, help="height and width of the images it was trained on")
    add("--statistics", type=path, metavar="JSON", help="mean, std, min, max of action and proprio, if not in --config")
    add(
        "--predecessor-statistics",
        action="store_true",
        help="instead: the constants published with BridgeData V2, the action's for proprio too",
    )
    add(
        "--language", type=path, metavar="NPZ", help="for lc_bc: the language table of embed_language.py to put with it"
    )
    parser.add_argument_group("to the predecessor").add_argument(
        "--bundle", type=path, help="the policy folder to read"
    )
    options = parser.parse_args(argv)
    needed = (options.checkpoint, options.config, options.im_size)
    others = (*needed, options.statistics, options.language, options.predecessor_statistics or None)
    if options.bundle and any(value is not None for value in others):
        parser.error("give --bundle with --output alone")
    if not options.bundle and None in needed:
        parser.error("give --checkpoint, --config and --im_size, or --bundle (our own checkpoints: export_policy.py)")
    if options.statistics and options.predecessor_statistics:
        parser.error("give --statistics or --predecessor-statistics, not both")
    return options
