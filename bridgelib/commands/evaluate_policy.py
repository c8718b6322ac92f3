"""Evaluate a trained policy on the validation split of its data, without a simulator; write evaluation.json."""

import argparse

from bridgelib.commands._experiment import add_experiment_options, assignment
from bridgelib.commands._numbers import positive
from bridgelib.commands._paths import path
from bridgelib.evaluation.neighbours import FRAMES
from bridgelib.evaluation.offline.sampling import TRANSITIONS
from bridgelib.evaluation.result_origins import evaluation_origin
from bridgelib.files import require_writable, write_json
from bridgelib.origins import with_release
from bridgelib.seals import sealed

EXAMPLES = """\
as the workflow does it:
  evaluate_policy.py --experiments config/experiments/demo.yaml --experiment bc_demo --data demo/tfrecord \\
      --policy demo/runs/bc_demo/latest/policy --output demo/runs/bc_demo/evaluation.json

a quick look:
  evaluate_policy.py ... --transitions 2000 --frames 2000
"""


def main(argv: list[str] | None = None) -> None:
    """Evaluate, and write what was found."""
    options = parse_arguments(argv)
    # Not before the arguments are read: these load JAX, which takes seconds.
    from bridgelib.evaluation.offline.evaluate import evaluation
    from bridgelib.policy import load
    from bridgelib.policy.bundle import policy_folder

    require_writable(options.output)
    given = assignment(options)
    experiment, data, groups = given.experiment, given.data_root, given.groups()
    less = {
        "transitions": None if options.transitions == TRANSITIONS else options.transitions,
        "frames": None if options.frames == FRAMES else options.frames,
    }
    folder = policy_folder(options.policy)
    origin = evaluation_origin(folder, data, sum(groups, ()), **less)
    with sealed("evaluate_policy", options.output):
        looked_at = {"transitions": options.transitions, "frames": options.frames}
        found = evaluation(experiment, load(folder), data, groups, **looked_at)
        # In one line: a page reads it, and blanks would be half of it.
        write_json(options.output, {**found, "origin": with_release(origin)}, indent=None)


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_experiment_options(parser)
    add = parser.add_argument
    add(
        "--policy",
        type=path,
        required=True,
        metavar="FOLDER",
        help="its policy, or its run: <runs>/<experiment>/latest",
    )
    add("--output", type=path, required=True, metavar="JSON", help="<runs>/<experiment>/evaluation.json")
    add(
        "--transitions",
        type=positive,
        default=TRANSITIONS,
        metavar="N",
        help=f"evaluate at most so many, in whole trajectories spread evenly (default: {TRANSITIONS})",
    )
    add(
        "--frames",
        type=positive,
        default=FRAMES,
        metavar="N",
        help=f"look for the nearest neighbour among so many training images at most, spread evenly (default: {FRAMES})",
    )
    return parser.parse_args(argv)
