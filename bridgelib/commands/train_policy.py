"""Train the policy of one experiment, resuming from its newest checkpoint; write its run folder and done.json."""

import argparse
import json
import sys
from dataclasses import asdict

from bridgelib.commands._experiment import add_experiment_options, assignment
from bridgelib.commands._paths import path
from bridgelib.commands._scenes import add_camera_option

EXAMPLES = """\
as the workflow does it:
  train_policy.py --experiments config/experiments/demo.yaml --experiment bc_demo --data demo/tfrecord \\
      --done demo/runs/bc_demo/done.json

can this algorithm overfit one batch?
  train_policy.py --experiments ... --experiment bc_demo --data demo/tfrecord --self-test

Exit status: 0 done; 2 a setting or the data cannot be used; 75 stopped by SIGTERM, Ctrl-C or a closed terminal after
saving: run the same command again and it resumes, to the same weights. W&B: WANDB_MODE=online, offline or
disabled; without it, online where you are logged in, else offline.

JAX_COMPILATION_CACHE_DIR=<a folder of this host> spares a restart most of its compiling, without changing a weight.
"""


def main(argv: list[str] | None = None) -> int:
    """Train an experiment, run its self-test, or time it."""
    options = parse_arguments(argv)
    # Not before the arguments are read: these load JAX, which takes seconds.
    from bridgelib.evaluation.trial import trial_of
    from bridgelib.language.table import LanguageTable
    from bridgelib.training.interruption import EXIT_CODE, Interrupted, leave
    from bridgelib.training.overfit import self_test
    from bridgelib.training.run import train
    from bridgelib.training.training_speed import training_speed

    given = assignment(options)
    experiment, data, groups = given.experiment, given.data_root, given.groups()
    language = LanguageTable.load(options.language) if options.language else None
    try:
        if options.self_test:
            print(self_test(experiment, data, groups, options.self_test, language))
        elif options.time:
            print(json.dumps(asdict(training_speed(experiment, data, groups, language, options.time))))
        else:
            tasks = list(dict.fromkeys(sum(groups, ())))
            tried = trial_of(experiment, tasks, tuple(options.camera))
            train(experiment, data, groups, options.done, language=language, tried=tried)
    except Interrupted as signal:
        print(f"Stopped by {signal}. What was learned is saved; run the same command to resume.", file=sys.stderr)
        leave(EXIT_CODE)
    return 0


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_experiment_options(parser)
    add = parser.add_argument
    add("--done", type=path, metavar="JSON", help="<runs>/<experiment>/done.json: written last; the run lies beside it")
    add("--language", type=path, nargs="?", metavar="NPZ", help="the table of embed_language.py, for lc_bc")
    add_camera_option(parser)
    add(
        "--self-test",
        type=int,
        nargs="?",
        const=200,
        metavar="STEPS",
        help="instead of training, overfit one batch (default: 200 steps) and say whether that worked",
    )
    add(
        "--time",
        type=float,
        nargs="?",
        const=5.0,
        metavar="SECONDS",
        help="instead of training, print as JSON how many seconds the start, a step and a validation take here",
    )
    options = parser.parse_args(argv)
    if not (options.done or options.self_test or options.time):
        parser.error("name --done, --self-test or --time")
    return options
