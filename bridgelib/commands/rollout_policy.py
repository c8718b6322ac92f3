"""Let a trained policy act in the simulator, in scenes that no demonstration has, and count its successes."""

import argparse

from bridgelib.commands._numbers import number_from_zero, positive
from bridgelib.commands._paths import path
from bridgelib.commands._scenes import add_scene_options, seeds
from bridgelib.errors import ConfigError
from bridgelib.sim.tasks import TASKS

EXAMPLES = """\
a hundred scenes of one task:
  rollout_policy.py --policy demo/runs/bc_demo/latest/policy --task put_red_cube_on_plate --episodes 100 \\
      --seed 1000000 --json rollouts.json

chunks of actions as their ensemble (Zhao et al. 2023):
  rollout_policy.py --policy demo/runs/bc_demo --task put_red_cube_on_plate --json rollouts.json --ensemble 0.01

of several tasks, with animated pictures of some successes and failures:
  rollout_policy.py --policy demo/runs/bc_demo/latest/policy --task put_red_cube_on_plate \\
      --task push_blue_cylinder_onto_green_cloth --json rollouts.json --pictures pictures

The scenes are those of the seeds SEED, SEED + 1, …; the same policy and seeds give the same bytes each time on one
machine. The file holds {"tasks": {NAME: {"episodes": N, "successes": K, "interval": [low, high], …}}}: the interval is
Wilson's, 95 %. A policy that was trained towards goal images is shown the last frame of the expert's episode in the
same scene; one that follows instructions gets an instruction of the demonstrations, or a held-out one.
"""


def main(argv: list[str] | None = None) -> None:
    """Roll out, write the results, print a line per task."""
    options = parse_arguments(argv)
    # Not before the arguments are read: these load JAX, which takes seconds.
    from bridgelib.evaluation.closed_loop import evaluate_closed_loop
    from bridgelib.evaluation.result_origins import rollouts_origin
    from bridgelib.files import require_writable, write_json
    from bridgelib.origins import with_release
    from bridgelib.policy import load
    from bridgelib.policy.bundle import policy_folder
    from bridgelib.seals import sealed

    require_writable(options.json)
    if options.pictures:
        require_writable(options.pictures / "one.webp")
    folder = policy_folder(options.policy)
    acting = {"execute": options.execute, "ensemble": options.ensemble}
    origin = rollouts_origin(folder, options.task, seeds(options), options.camera, options.instructions, **acting)
    policy = load(folder, **acting)
    if options.execute and options.execute > policy.execute:
        allowed = f"at most {policy.execute}, of the actions that it predicts at once"
        raise ConfigError("--execute", given=options.execute, allowed=allowed, do="carry out fewer")
    with sealed("rollout_policy", options.json) as sealing:
        result = evaluate_closed_loop(
            policy,
            options.task,
            seeds(options),
            camera=tuple(options.camera),
            instructions=options.instructions,
            pictures=options.pictures,
        )
        write_json(options.json, {**result, "origin": with_release(origin)})
        sealing.files += [options.pictures / name for name in result.get("pictures", ())]
    for words, tasks in ("", result["tasks"]), (", other words", result.get("held_out_tasks", {})):
        for task, one in tasks.items():
            low, high = one["interval"]
            counts = f"{one['successes']} of {one['episodes']} succeed (95 % interval {low:.0%} to {high:.0%})"
            other = f", {one['did_other']} do the other thing" if TASKS[task].other else ""
            print(f"{task}{words}: {counts}{other}")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_scene_options(parser)
    add = parser.add_argument
    add(
        "--policy",
        type=path,
        required=True,
        metavar="DIR",
        help="a policy folder, or that of its run or experiment",
    )
    add("--pictures", type=path, metavar="DIR", help="write animated pictures of some episodes here")
    ahead = parser.add_mutually_exclusive_group().add_argument
    ahead("--execute", type=positive, metavar="N", help="actions of a chunk to carry out (default: as it was trained)")
    ahead(
        "--ensemble",
        type=number_from_zero,
        metavar="M",
        help="instead, predict at each step and take the mean of all predictions of it, weighed by exp(-M i), i = 0 "
        "for the oldest (temporal ensembling; 0.01 in its paper)",
    )
    add(
        "--instructions",
        choices=("demonstrated", "held_out", "both"),
        default="demonstrated",
        help="instructions for a policy that follows them: those of demonstrations, held-out ones, or both in turn "
        "(default: demonstrated)",
    )
    return parser.parse_args(argv)
