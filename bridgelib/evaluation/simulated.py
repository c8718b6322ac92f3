"""Refuse, before anything runs, an experiment that needs a simulator for tasks that no simulator has.

Standard library and YAML only: the Snakefile asks while it is being parsed.
"""

from collections.abc import Sequence

from bridgelib.config.experiments import Experiment
from bridgelib.errors import ConfigError
from bridgelib.sim.tasks import TASKS


def refuse_unknown_tasks(experiment: Experiment, tasks: Sequence[str]) -> None:
    """Refuse to choose a policy by its success where no simulator has the tasks.

    Args:
        experiment: Any experiment; those with another `policy_from` pass.
        tasks: The experiment's task folders.

    Raises:
        ConfigError: One of the tasks is not simulated.
    """
    unknown = [task for task in tasks if task not in TASKS]
    if experiment.config["policy_from"] == "success" and unknown:
        raise ConfigError(
            f"experiment '{experiment.name}', config.policy_from",
            given=f"success, on tasks that no simulator knows: {', '.join(unknown[:5])}"
            + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""),
            allowed=f"success on these tasks: {', '.join(TASKS)}",
            do="choose by the validation error instead, `policy_from: best`, or take the `last`",
        )
