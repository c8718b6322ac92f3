"""Make a policy folder of a checkpoint that a training has kept: one that is done, was stopped, or still runs."""

import argparse
import os

from bridgelib.commands._paths import path

EXAMPLES = """\
the best by validation error so far, of a training that still runs:
  export_policy.py --run demo/runs/bc_demo/latest --from best --output policies/bc_best

that of one step, of an older run (an unknown step is refused with the steps that there are):
  export_policy.py --run demo/runs/bc_demo/bc_demo-0123456789ab --step 5000 --output policies/bc_5000

The run is only read, and its data is not needed. Which checkpoints a training keeps, and which of them becomes its own
policy/, say keep_last, keep_every and policy_from in the experiments file; the choice by success is made by the
training alone.
"""


def main(argv: list[str] | None = None) -> None:
    """Export one policy, and say what was written."""
    options = parse_arguments(argv)
    os.environ["JAX_PLATFORMS"] = "cpu"  # the GPU may have no memory left beside the training
    from bridgelib.training.export import export

    spec = export(options.run, options.which, options.output, options.language)
    print(f"{spec.algorithm} after {spec.step} updates: wrote {options.output}")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--run", type=path, required=True, metavar="DIR", help="<runs>/<experiment>/latest, or the folder of any run")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--step", type=int, dest="which", metavar="N", help="the checkpoint of this step")
    which.add_argument("--from", choices=("best", "last"), dest="which", help="the best or the last checkpoint")
    add("--output", type=path, required=True, metavar="DIR", help="the policy folder to write")
    add("--language", type=path, metavar="NPZ", help="the language table, if not <runs>/<experiment>/language.npz")
    return parser.parse_args(argv)
