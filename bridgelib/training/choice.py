"""Which of a run's kept checkpoints becomes its policy: the last, the best, or the one that succeeds most often."""

import sys
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from bridgelib.policy import Policy
from bridgelib.training.export import KeptPolicies
from bridgelib.training.interruption import Interruption
from bridgelib.training.loop import SCORE


class Trial(NamedTuple):
    """How often a policy succeeded."""

    successes: int
    episodes: int


def choose(
    policy_from: str, kept: KeptPolicies, tried: Callable[[Policy], Trial] | None, interruption: Interruption
) -> dict[str, Any]:
    """Choose the checkpoint that becomes the policy, at the end of a training.

    Args:
        policy_from: `last`; `best` for the lowest validation error; `success` for the most successes, and of equal
            ones the latest.
        kept: The checkpoints. Only those are candidates that an undisturbed run of this configuration has too.
        tried: Lets a policy act; for `success`.
        interruption: Watched meanwhile.

    Returns:
        For the record: `from`, the chosen `step`, and the `candidates`, each with its step, its validation error (None
        where it was not validated), and its successes and episodes where it was tried.

    Raises:
        Interrupted: A signal came.
        DataError: A checkpoint cannot be read.
    """
    scores = kept.scores()
    candidates = [{"step": step, SCORE: scores.get(step)} for step in kept.checkpoints.regular()]
    if policy_from == "success":
        candidates = [
            candidate | interruption.wait_for(_trial, kept, candidate["step"], tried) for candidate in candidates
        ]
        chosen = max(candidates, key=itemgetter("successes", "step"))
    elif policy_from == "best" and (validated := [each for each in candidates if each[SCORE] is not None]):
        chosen = min(validated, key=itemgetter(SCORE))
    else:
        if policy_from == "best":
            print("No kept checkpoint was validated: the last becomes the policy.", file=sys.stderr)
        policy_from, chosen = "last", candidates[-1]
    return {"from": policy_from, "step": chosen["step"], "candidates": candidates}


def _trial(kept: KeptPolicies, step: int, tried: Callable[[Policy], Trial]) -> dict[str, int]:
    trial = tried(kept.policy(step))
    print(f"the policy of step {step}: {trial.successes} successes in {trial.episodes} episodes", file=sys.stderr)
    return trial._asdict()
