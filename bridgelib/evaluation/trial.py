"""Trial rollouts, by which a training chooses among its checkpoints by success: in scenes that nothing else uses."""

from collections.abc import Callable, Sequence
from functools import partial

from bridgelib.config.experiments import Experiment
from bridgelib.evaluation.closed_loop import evaluate_closed_loop
from bridgelib.evaluation.simulated import refuse_unknown_tasks
from bridgelib.policy import Policy
from bridgelib.sim.plan import FIRST_CHOICE_SEED
from bridgelib.training.choice import Trial

SEEDS = range(FIRST_CHOICE_SEED, FIRST_CHOICE_SEED + 50)
"""Seeds of the scenes, the same for each task. Reported evaluations begin at 1,000,000, demonstrations at 2^48: scenes
that choose a policy must be neither those that it learned from nor those that it is evaluated in."""


def trial_of(experiment: Experiment, tasks: Sequence[str], camera: tuple[int, int]) -> Callable[[Policy], Trial] | None:
    """How the policies of an experiment are tried, or None where it does not choose by success.

    Args:
        experiment: The experiment.
        tasks: The experiment's tasks.
        camera: Height and width of the camera's images in pixels; those of the demonstrations.

    Raises:
        ConfigError: No simulator knows one of the tasks.
    """
    refuse_unknown_tasks(experiment, tasks)
    if experiment.config["policy_from"] != "success":
        return None
    return partial(tried, tasks=tasks, camera=camera)


def tried(policy: Policy, tasks: Sequence[str], camera: tuple[int, int]) -> Trial:
    """Let a policy act in the scenes of each task, and count its successes."""
    results = evaluate_closed_loop(policy, tasks, SEEDS, camera=camera)["tasks"].values()
    return Trial(*(sum(result[count] for result in results) for count in Trial._fields))
