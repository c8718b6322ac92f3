"""Train the policy of one experiment, going on from its newest checkpoint; write its run folder and done.json."""

import argparse
import sys
from pathlib import Path

import _repository  # makes bridgelib importable

from bridgelib.errors import run_program

EXAMPLES = """\
as the workflow does it:
  train_policy.py --experiments config/experiments/demo.yaml --experiment bc_all --data demo/tfrecord \\
      --done demo/runs/bc_all/done.json

can this algorithm learn one batch by heart?
  train_policy.py --experiments ... --experiment bc_all --data demo/tfrecord --self-test

Exit status: 0 done; 2 a setting or the data cannot be used; 75 stopped by SIGTERM or Ctrl-C after saving: run the same
command again and it goes on from there, to the same weights. W&B: WANDB_MODE=online, offline or disabled; without it,
online where you are logged in, else offline.
"""


def main(argv: list[str] | None = None) -> int:
    """Train, or test that it can."""
    options = parse_arguments(argv)
    # Not before the arguments are read: these load JAX, which takes seconds.
    from bridgelib.training.assignment import chosen_experiment, tasks_below
    from bridgelib.training.interruption import EXIT_CODE, Interrupted, leave
    from bridgelib.training.run import train
    from bridgelib.training.self_test import self_test

    experiment = chosen_experiment(options.experiments, options.datasets, options.experiment, options.digest)
    groups = tasks_below(options.data, experiment)
    try:
        if options.self_test:
            print(self_test(experiment, options.data, groups, options.self_test))
        else:
            train(experiment, options.data, groups, options.done)
    except Interrupted as signal:
        print(f"Stopped by {signal}. What was learned is saved; run the same command to go on.", file=sys.stderr)
        leave(EXIT_CODE)
    return 0


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--experiments", type=Path, required=True, metavar="YAML", help="the experiments file")
    add("--experiment", required=True, metavar="NAME", help="which of its experiments")
    add("--data", type=Path, required=True, metavar="TFRECORD", help="root of the TFRecords")
    add("--done", type=Path, metavar="JSON", help="<runs>/<experiment>/done.json: written last; the run lies beside it")
    add(
        "--datasets",
        type=Path,
        default=_repository.REPOSITORY / "config" / "datasets.yaml",
        metavar="YAML",
        help="the named datasets (default: config/datasets.yaml)",
    )
    add("--digest", help="refuse to train unless the experiment's configuration has this digest")
    add(
        "--self-test",
        type=int,
        nargs="?",
        const=200,
        metavar="STEPS",
        help="instead of training, learn one batch by heart (default: 200 steps) and say whether that worked",
    )
    options = parser.parse_args(argv)
    if not options.done and not options.self_test:
        parser.error("name --done, or --self-test")
    return options


if __name__ == "__main__":
    run_program(main)
