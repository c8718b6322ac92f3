"""A trained policy in closed loop: rolled out in the tasks of the simulator, counted, filmed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from bridgelib.errors import DataError
from bridgelib.evaluation.environment import SimulatedEnvironment, refuse_without_scenes
from bridgelib.evaluation.pictures import few_filmed, write_pictures
from bridgelib.evaluation.policies import PolicyActor
from bridgelib.evaluation.results import VERSION, task_result
from bridgelib.evaluation.rollouts import STEPS, WIDTH, Episode, roll_out
from bridgelib.policy.policy import Policy
from bridgelib.sim.tasks import TASKS

BLIND_FILMED = WIDTH
"""Episodes of each task that are filmed of a blind policy, which needs no rendering otherwise. Of other policies all
are, so that the few failures of a good one and the few successes of a bad one are among them."""


def evaluate_closed_loop(
    policy: Policy,
    tasks: Sequence[str],
    seeds: Sequence[int],
    *,
    camera: tuple[int, int],
    instructions: Literal["demonstrated", "held_out", "both"] = "demonstrated",
    pictures: Path | None = None,
) -> dict[str, Any]:
    """Roll a policy out in the same scenes of each task; pure in policy and seeds.

    Args:
        policy: As `bridgelib.policy.load` gives it.
        tasks: Keys of `bridgelib.sim.tasks.TASKS`.
        seeds: The seeds of the scenes.
        camera: Height and width of the camera's images.
        instructions: For a policy that follows instructions: in the words of demonstrations, in held-out words that
            none of them used, or each scene once with either.
        pictures: A folder for animated pictures; None for none.

    Returns:
        What rollouts.json holds: `tasks`; and where both kinds of words are used, `held_out_tasks` of the second.

    Raises:
        DataError: The policy cannot act on what the simulator gives, or follows no instructions where words are chosen.
        ConfigError: A seed that demonstrations may have, or no such task.
    """
    _require_states(policy)
    words = _words(policy, instructions)
    refuse_without_scenes(tasks, seeds, camera)
    results: dict[str, dict[str, Any]] = {"tasks": {}, **({"held_out_tasks": {}} if len(words) > 1 else {})}
    files: list[str] = []
    for task in dict.fromkeys(tasks):
        for told in words:
            film = pictures if told == words[0] else None
            episodes = _episodes(policy, task, seeds, camera, told == "held_out", film is not None)
            results["tasks" if told == words[0] else "held_out_tasks"][task] = task_result(episodes)
            files += write_pictures(film, task, episodes) if film else []
    about = {"policy": _description(policy), "instructions": list(words), "pictures": files}
    return {"version": VERSION, **about, **_setting(camera), **results}


def _words(policy: Policy, instructions: str) -> tuple[str, ...]:
    """The kinds of instructions to roll out with, one after the other; none for a policy that follows none."""
    if policy.spec.goal == "language":
        return ("demonstrated", "held_out") if instructions == "both" else (instructions,)
    if instructions == "held_out":
        raise DataError(
            "policy, instructions",
            given=f"{policy.spec.algorithm}, which follows none",
            allowed="held_out for a policy that follows instructions",
            do="leave --instructions out",
        )
    return ("demonstrated",)


def _episodes(
    policy: Policy, task: str, seeds: Sequence[int], camera: tuple[int, int], held_out: bool, film: bool
) -> list[Episode]:
    looks = not is_blind(policy)
    filmed = 0 if not film else len(seeds) if looks else BLIND_FILMED
    scenes = (
        SimulatedEnvironment(task, seed, camera, camera=looks or number < filmed) for number, seed in enumerate(seeds)
    )
    known = TASKS[task].held_out_instructions if held_out else TASKS[task].instructions
    label = f"{task}, in other words" if held_out else task
    return list(few_filmed(roll_out(scenes, len(seeds), PolicyActor(policy, known), label, filmed=filmed)))


def _description(policy: Policy) -> dict[str, Any]:
    spec = policy.spec
    return {
        "algorithm": spec.algorithm,
        "step": spec.step,
        "goal": spec.goal,
        "blind": is_blind(policy),
        "execute": policy.execute,
        **({} if policy.ensemble is None else {"ensemble": policy.ensemble}),
    }


def _setting(camera: tuple[int, int]) -> dict[str, Any]:
    return {"camera": list(camera), "longest_episode": STEPS}


def is_blind(policy: Policy) -> bool:
    """Whether the policy was trained on black images: a baseline that a policy which looks must beat."""
    return bool(policy.spec.config["agent_kwargs"].get("blind"))


def _require_states(policy: Policy) -> None:
    """Refuse a policy for another robot: the simulator's state and actions have seven entries."""
    for name, size in (("proprio", policy.spec.proprio_size), ("action", policy.spec.action_size)):
        if size != 7:
            raise DataError(
                f"policy, {name}",
                given=f"{size} entries",
                allowed="7, as BridgeData and the simulator have them",
                do="roll out a policy that was trained on BridgeData",
            )
