"""Roll out the references of policies: expert, replayed demonstrations, nearest neighbour, random actions."""

import argparse

from bridgelib.commands._paths import path
from bridgelib.commands._scenes import add_scene_options, seeds

EXAMPLES = """\
as the workflow does it:
  rollout_references.py --data demo/tfrecord --task put_red_cube_on_plate --task push_blue_cylinder_onto_green_cloth \\
      --episodes 100 --seed 1000000 --json demo/runs/references.json

Nearest neighbour and random actions take theirs from the training split of the same task. The scenes are those of
rollout_policy.py with the same seeds.
"""


def main(argv: list[str] | None = None) -> None:
    """Roll out, write the results, print a line per reference and task."""
    options = parse_arguments(argv)
    from bridgelib.evaluation.ladder import roll_out_references
    from bridgelib.evaluation.result_origins import references_origin
    from bridgelib.files import require_writable, write_json
    from bridgelib.origins import with_release
    from bridgelib.seals import sealed

    require_writable(options.json)
    origin = references_origin(options.data, options.task, seeds(options), options.camera)
    with sealed("rollout_references", options.json):
        result = roll_out_references(options.data, options.task, seeds(options), camera=tuple(options.camera))
        write_json(options.json, {**result, "origin": with_release(origin)})
    for name, rung in result["references"].items():
        for task, one in rung["tasks"].items():
            print(f"{name}, {task}: {one['successes']} of {one['episodes']}")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_scene_options(parser)
    parser.add_argument("--data", type=path, required=True, metavar="TFRECORD", help="root of the TFRecords")
    return parser.parse_args(argv)
